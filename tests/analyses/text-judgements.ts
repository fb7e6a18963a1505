/** For outputs of the original that there are as text only: which lines may differ, and why (docs/differences.md). */
import { canonicalLines } from './compare-text.ts';
import { unfollowed } from './judgements.ts';

export interface TextJudgement {
  readonly bug: string;
  /** Of which commands: `TRACE/COMMAND`. */
  readonly cases: RegExp;
  /** Which side has the line, after names are taken away. */
  readonly side: 'original' | 'ours';
  holds(line: string): boolean;
}

/** Columns of the I/O log: the operation, who did it, its process, on which file. */
const ioColumns = { comm: 89, pid: 114, file: 123 };
const isOperation = (line: string): boolean => /^\[[\d:., ]+\] {2}\w/.test(line);
const callOf = (line: string): string => /^\[.*?\] +(\w+)/.exec(line)?.[1] ?? '';

export const textJudgements: readonly TextJudgement[] = [
  {
    bug: '10',
    cases: /iolog|iolatencystats\.all/,
    side: 'ours',
    holds: (line) => unfollowed.test(callOf(line)),
  },
  // Its sums: theirs are those of cases that have JSON.
  {
    bug: '10',
    cases: /iolatencystats\.all/,
    side: 'ours',
    holds: (line) => !isOperation(line),
  },
  // We learn from the fork who belongs to which process.
  {
    bug: 'names',
    cases: /syscallstats/,
    side: 'original',
    holds: (line) => /^\(\?, TID: \d+\) Count/.test(line),
  },
  {
    bug: 'names',
    cases: /syscallstats/,
    side: 'ours',
    holds: (line) => /^\(\d+, TID: \d+\) Count/.test(line),
  },
];

/** Each of the original's counts of a return value is one too many ([19]). */
const mended: Readonly<Record<string, (line: string) => string>> = {
  syscallstats: (line) =>
    line.replace(/\{'.*\}/, (all) => all.replace(/: (\d+)/g, (_, n) => `: ${Number(n) - 1}`)),
};

const isVague = (line: string): boolean =>
  /^(?:unknown|socket|pipe|anon_inode)/.test(line.slice(ioColumns.file));
/** What must agree in any case. */
const operationOf = (line: string): string =>
  `${line.slice(0, ioColumns.comm)} ${line.slice(ioColumns.pid, ioColumns.file).trim()}`;

/** Lines without what may differ: names of threads, files that the original (`otherText`) does not know. */
function comparable(id: string, text: string, otherText: string): string[] {
  const command = id.replace(/^.*\/(\w+).*$/, '$1');
  if (!/iolog|iolatencystats\.all/.test(id)) return canonicalLines(command, text);
  const vague = new Set(
    otherText
      .split('\n')
      .filter((line) => isOperation(line) && isVague(line))
      .map(operationOf),
  );
  return text
    .replace('I/O operations log None', 'I/O operations log')
    .split('\n')
    .map((line) => {
      if (!isOperation(line)) return line;
      const key = operationOf(line);
      return vague.has(key) ? key : `${key} ${line.slice(ioColumns.file)}`;
    });
}

function subtract(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** Both up to the last line of theirs that can't be mistaken: theirs is cut off somewhere. */
function headsOf(
  theirs: readonly string[],
  own: readonly string[],
): [readonly string[], readonly string[]] {
  const counts = new Map<string, number>();
  for (const line of own) counts.set(line, (counts.get(line) ?? 0) + 1);
  const last = theirs.findLastIndex((line) => counts.get(line) === 1);
  return [theirs.slice(0, last + 1), own.slice(0, own.indexOf(theirs[last]!) + 1)];
}

export interface TextComparison {
  readonly unexplained: readonly string[];
  readonly used: ReadonlySet<TextJudgement>;
}

/**
 * Compares lines as a bag: equals may stand in any order.
 * @param isHead - The original's text goes on behind.
 * @param judged - Texts of the original that other cases, which have JSON, are about.
 */
export function compareLines(
  id: string,
  expected: string,
  actual: string,
  isHead: boolean,
  judged: readonly string[],
): TextComparison {
  const mend = mended[id.replace(/^.*\/(\w+).*$/, '$1')] ?? ((line: string): string => line);
  const whole = [
    comparable(id, expected, expected).map(mend),
    comparable(id, actual, expected),
  ] as const;
  const [theirs, own] = isHead ? headsOf(...whole) : whole;
  const known = new Set(judged.flatMap((text) => comparable(id, text, text)));
  const used = new Set<TextJudgement>();
  const unexplained: string[] = [];
  for (const [side, lines] of [
    ['original', subtract(theirs, own)],
    ['ours', subtract(own, theirs)],
  ] as const) {
    for (const line of lines) {
      const found = textJudgements.find(
        (one) => one.side === side && one.cases.test(id) && one.holds(line),
      );
      if (found !== undefined) used.add(found);
      else if (side === 'ours' || !known.has(line)) unexplained.push(`${side}: ${line}`);
    }
  }
  return { unexplained, used };
}
