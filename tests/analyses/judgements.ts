/** Where the original is wrong: every difference from it must fall under one of these, and hold what it says. */
import type { Difference, DifferingItem } from './compare-documents.ts';

export interface Judgement {
  /** Number of the original's defect in the specification; or a word of ours for what it doesn't list. Told in docs/differences.md. */
  readonly bug: string;
  /** Tables and differences that it is about, as `TABLE / WHAT`; the whole must match. */
  readonly about: RegExp;
  /** Of which commands: `TRACE/COMMAND`. Default: all. */
  readonly cases?: RegExp;
  /** What is true of every differing item. Default: nothing more. */
  holds?(item: DifferingItem, difference: Difference): boolean;
}

type Cell = { readonly [key: string]: unknown } | null | undefined;

const numberOf = (cell: unknown): number => Number((cell as Cell)?.['value'] ?? Number.NaN);
const cellOf = (row: unknown, column: number): Cell => (row as readonly Cell[])[column];
const isMore = ({ expected, actual }: DifferingItem): boolean =>
  numberOf(expected) > numberOf(actual);
const isLess = ({ expected, actual }: DifferingItem): boolean =>
  numberOf(expected) < numberOf(actual);
const hasOneRow = ({ actual }: DifferingItem): boolean =>
  (actual as { data: unknown[] }).data.length === 1;

/** The row would stand at or behind the end of our list, which is full. */
const isPushedOut =
  (column: number) =>
  ({ expected }: DifferingItem, { actual }: Difference): boolean =>
    actual?.data.every((row) => numberOf(row[column]) >= numberOf(cellOf(expected, column))) ===
    true;

const pathOf = (cell: Cell): string => String(cell?.['path'] ?? 'unknown');
const isVague = (path: string): boolean => /^(?:unknown|socket|pipe|anon_inode)/.test(path);

/** System calls on files that the original doesn't follow. */
export const unfollowed =
  /^(?:msync|accept4?|splice|sendfile(?:64)?|fcntl|send|sendmmsg|recvmmsg|recv|sync_file_range2|fcntl64|creat|openat2|p(?:read|write)v2|copy_file_range|vmsplice|tee|eventfd2?|pipe2?|socketpair)$/;
const syscallOf = (row: unknown): string => String(cellOf(row, 3)?.['name']);

const isUnknownCall = ({ row, actual }: DifferingItem): boolean =>
  cellOf(row ?? actual, 0)?.['name'] === 'unknown';

/** `{'success': 3, 'EINTR': 1}` */
function counts(cell: unknown): Map<string, number> {
  const text = String((cell as Cell)?.['value'] ?? '');
  return new Map([...text.matchAll(/'?([\w-]+)'?: (\d+)/g)].map((m) => [m[1]!, Number(m[2])]));
}

function isOneTooMany({ expected, actual }: DifferingItem): boolean {
  const [left, right] = [counts(expected), counts(actual)];
  return left.size === right.size && [...left].every(([key, n]) => right.get(key) === n - 1);
}

const isUnnamed = ({ row, expected, actual }: DifferingItem): boolean =>
  isUnknownCall({ row: row ?? expected ?? actual } as DifferingItem) ||
  (row === undefined && expected === undefined);

const isThousandfold = ({ expected, actual }: DifferingItem): boolean =>
  Math.abs(numberOf(expected) - 1000 * numberOf(actual)) <= 1e-6 * Math.abs(numberOf(expected));

const ranges = /refresh|period|begin|timerange|range/i;
const filters = /proc|\btid|cpu/;

/** Mostly of cputop, memtop and the scheduling analyses. */
export const cpuJudgements: readonly Judgement[] = [
  { bug: '25', about: /.* \/ extra/, cases: /\/(?!period).*(?:refresh|period)/ },

  { bug: '15', about: /per-cpu \/ column 1/, cases: /cputop/, holds: isMore },
  { bug: 'names', about: /(?:per-cpu|total) \/ .*/, cases: /cputop.proc/, holds: isLess },
  { bug: '15', about: /total \/ column 0/, cases: /cputop(?!.*cpu\d)/, holds: isMore },
  { bug: '15', about: /summary \/ column 1/, cases: /cputop/, holds: isMore },
  { bug: 'unswitched', about: /summary \/ column 1/, cases: /cputop\.\w*period/, holds: isLess },
  { bug: '16', about: /total \/ column 0/, cases: /cputop.*cpu\d/, holds: isLess },
  {
    bug: '16',
    about: /per-process \/ row missing/,
    cases: /cputop/,
    holds: ({ expected }) => cellOf(expected, 0)?.['tid'] === 0,
  },
  {
    bug: '16',
    about: /per-process \/ row missing/,
    cases: new RegExp(`cputop.*(?:${filters.source})`),
  },
  // Whoever takes the place of those in a list that is full.
  { bug: '16', about: /per-process \/ row extra/, cases: /cputop/ },
  { bug: '16', about: /per-process \/ column 3/, cases: /cputop\.procname/, holds: isMore },
  {
    bug: 'migrations',
    about: /per-process \/ column 1/,
    cases: /(?:basic-kernel-analysis|many-threads)\/cputop/,
    holds: ({ expected }) => numberOf(expected) === 0,
  },
  { bug: 'names', about: /per-process \/ column [12]/, cases: /tiny\/cputop\.procname/ },
  {
    bug: 'summary',
    about: /summary \/ time range/,
    cases: /basic-kernel-analysis\/cputop\.period/,
  },

  { bug: 'names', about: /(?:allocd|freed|total) .*/, cases: /memtop\.procname/ },
  { bug: 'frees', about: /(?:freed|total) \/ column 1/, cases: /memtop/, holds: isLess },
  { bug: 'frees', about: /summary \/ column 2/, cases: /memtop/, holds: isLess },
  { bug: 'frees', about: /freed \/ row (?:extra|missing)/, cases: /memtop/ },
];

/** Mostly of I/O and interrupts. */
export const ioJudgements: readonly Judgement[] = [
  {
    bug: '10',
    about: /syscall-latency-stats \/ column 1/,
    holds: isLess,
  },
  { bug: '10', about: /syscall-latency-stats \/ column [2345]/ },
  { bug: '10', about: /freq \[(?:open|read|write|sync)\] \/ column [012]/ },
  { bug: '10', about: /freq \[(?:open|read|write|sync)\] \/ extra/ },
  { bug: '10', about: /top-syscall \[\w+\] \/ extra/ },
  {
    bug: '10',
    about: /(?:log|top-syscall \[\w+\]) \/ row extra/,
    cases: /iol/,
    holds: ({ actual }) => unfollowed.test(syscallOf(actual)),
  },
  {
    bug: '18',
    about: /(?:log|top-syscall \[\w+\]) \/ row extra/,
    cases: new RegExp(`iol.*(?:${ranges.source})`, 'i'),
  },
  { bug: '3', about: /top-syscall \[\w+\] \/ row missing/, holds: isPushedOut(2) },
  {
    bug: '12',
    about: /(?:log|top-syscall \[\w+\]) \/ column 6/,
    cases: /iol/,
    holds: ({ expected }) => isVague(pathOf(expected as Cell)),
  },
  {
    bug: '10',
    about: /per-process-top \[\w+\] \/ column 1/,
    holds: isLess,
  },
  { bug: 'types', about: /per-process-top \[\w+\] \/ column [234]/ },
  { bug: '10', about: /per-process-top \[\w+\] \/ row missing/, holds: isPushedOut(1) },
  { bug: '10', about: /per-process-top \[\w+\] \/ row extra/ },
  { bug: '9', about: /per-file-top \[\w+\] \/ column 2/ },
  { bug: '12', about: /per-file-top \[\w+\] \/ column 1/, cases: /fdlife|many-threads/ },
  {
    bug: '12',
    about: /per-file-top \[\w+\] \/ row missing/,
    holds: ({ expected }) => isVague(pathOf(cellOf(expected, 0))),
  },
  { bug: '12', about: /per-file-top \[\w+\] \/ row missing/, holds: isPushedOut(1) },
  { bug: '12', about: /per-file-top \[\w+\] \/ row extra/ },

  {
    bug: '13',
    about: /log \/ row extra/,
    cases: /irqlog/,
    holds: ({ actual }) => cellOf(actual, 3)?.['hard'] === false,
  },
  { bug: 'raises', about: /log \/ column 1/, cases: /irqlog/, holds: isLess },
  { bug: 'raises', about: /soft-stats \/ column (?:8|9|10)/, holds: isMore },
  {
    bug: 'nesting',
    about: /(?:hard-stats|freq|freq-series|series|log) .*/,
    cases: /extra\/irq/,
  },
  { bug: 'summary', about: /summary \/ (?:column 1|row missing)/, cases: /irqstats/ },
  { bug: '28', about: /freq(?:_duration)? \[.*\] \/ extra/, holds: hasOneRow },
];

/** Mostly of periods and system calls. */
export const periodJudgements: readonly Judgement[] = [
  { bug: '23', about: /freq_(?:count|ratio) \[.*\] \/ column [01]/, holds: isThousandfold },
  { bug: 'series', about: / \/ error/, cases: /periodfreq\.series/ },
  { bug: 'groups', about: /(?:aggregated_stats|per_\w+) \[.*\] \/ extra/ },

  { bug: '19', about: /per-tid \[.*\] \/ column 6/, holds: isOneTooMany },
  { bug: '32', about: /per-tid \[.*\] \/ column [1-6]/, holds: isUnknownCall },
  // Calls that the tracer has no name for, under the names of their numbers.
  { bug: '32', about: /per-tid \[.*\] \/ row (?:extra|missing)/, holds: isUnnamed },
  { bug: '32', about: /total \/ column 1/, cases: /syscallstats/, holds: isLess },
  { bug: '32', about: /summary \/ column 2/, cases: /syscallstats/, holds: isLess },
  { bug: 'names', about: /.*/, cases: /syscallstats\.procname/ },
];

export const judgements: readonly Judgement[] = [
  ...cpuJudgements,
  ...ioJudgements,
  ...periodJudgements,
];

/** The judgements that explain all of the difference together; undefined: something is unexplained. */
export function explain(caseId: string, difference: Difference): readonly Judgement[] | undefined {
  const about = `${difference.table} / ${difference.what}`;
  const candidates = judgements.filter(
    (judgement) =>
      (judgement.cases ?? /./).test(caseId) && about.replace(judgement.about, '') === '',
  );
  const used = new Set<Judgement>();
  for (const item of difference.items) {
    const found = candidates.find(({ holds }) => holds === undefined || holds(item, difference));
    if (found === undefined) return undefined;
    used.add(found);
  }
  return [...used];
}
