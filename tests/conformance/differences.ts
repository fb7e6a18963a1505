/** Where our output is meant to differ from Babeltrace 2.1.3's. Each reason is told in docs/differences.md. */
export interface Difference {
  /** `SUITE/CASE` */
  readonly cases: readonly string[];
  /** Part of the heading in docs/differences.md. */
  readonly why: string;
  /** Our exit status. */
  readonly status: number;
  /** Outputs that are the same all the same. */
  readonly exceptRuns?: readonly string[];
}

export const differences: readonly Difference[] = [];
