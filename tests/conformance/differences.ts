/** Where our output is meant to differ from Babeltrace 2.1.3's. Each reason is told in docs/differences.md. */
export interface Difference {
  /** `SUITE/CASE` */
  readonly cases: readonly string[];
  /** Heading in docs/differences.md. */
  readonly why: string;
  /** Our exit status. */
  readonly status: number;
  /** Outputs that are the same all the same, by their keys in `meta.json`. */
  readonly exceptRuns?: readonly string[];
}

export const differences: readonly Difference[] = [
  { why: 'Babeltrace aborts', cases: ['tc/dpdk_service_cores'], status: 0 },
  { why: 'Babeltrace overflows', cases: ['tc/ctfwriter_JF8nq3'], status: 0 },
  {
    // It ends with a packet of another data stream, which is an error for both.
    why: 'Babeltrace overflows',
    cases: ['yactfr-ctf-2-auto-translated/pass-clk-vals'],
    status: 1,
  },
  {
    why: 'Keywords as names',
    cases: [
      'yactfr-ctf-1/pass-odd-fl-enums',
      'yactfr-ctf-1/pass-std-fl-enums',
      'yactfr-ctf-1/pass-std-fl-ints',
      'yactfr-ctf-1/pass-vars',
    ],
    status: 0,
  },
  {
    // They end with a packet of another data stream, which is an error for both.
    why: 'Keywords as names',
    cases: ['yactfr-ctf-1/pass-all-basic-features-be', 'yactfr-ctf-1/pass-all-basic-features-le'],
    status: 1,
  },
  {
    why: 'Reserved names with another type',
    cases: [
      'yactfr-ctf-1/pass-er-header-id-nt-str',
      'yactfr-ctf-1/pass-pkt-header-magic-nt-str',
      'yactfr-ctf-1/pass-pkt-header-stream-instance-id-nt-str',
      'yactfr-ctf-1/pass-pkt-header-uuid-nt-str',
      'yactfr-ctf-1/pass-pkt-header-uuid-sl-array-of-nt-strs',
    ],
    status: 0,
  },
  {
    why: 'Packets of metadata around something else',
    cases: ['yactfr-metadata-stream/pass-with-signature'],
    status: 1,
  },
];
