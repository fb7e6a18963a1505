/**
 * Compares text with the original's. Three outcomes: the same bytes; the same but for names of threads (BUG-34), the word "None" (BUG-29) and the
 * order of equals; or rows of numbers that differ.
 */

/** Columns before the names in lines of the scheduling log and of the I/O log. */
const schedulingNames = 75;
const ioNames = 90;
const ioFiles = ioNames + 25;

type Canon = (line: string) => string;
/** `name (tid)` → `(tid)`; the rest of the line keeps its layout. */
const canons: Readonly<Record<string, Canon>> = {
  cputop: (line) => line.replace(/^(.*? %) {3}.* \((\d+)\) +(\d+ {3}\[)/, '$1 ($2) $3'),
  memtop: (line) => line.replace(/^(.* pages) .* (\(\d+\))$/, '$1 $2'),
  schedstats: (line) => line.replace(/^\S.* (\(\d+\)) +(?=\d)/, '$1 '),
  schedlog: (line) => schedulingLine(line),
  schedtop: (line) => schedulingLine(line),
  syscallstats: (line) => line.replace(/^.* (\((?:\d+|\?), TID: \d+\)) +(?=Count)/, '$1 '),
  iolog: (line) => ioLine(line),
  iolatencytop: (line) => ioLine(line),
  iousagetop: (line) => line.replace(/^(.*B) \S.* (\((?:pid=)?(?:\d+|unknown .*)\))/, '$1 $2'),
};

function schedulingLine(line: string): string {
  if (!line.startsWith('[')) return line;
  const ids = line.slice(schedulingNames).match(/\((?:\d+|N\/A)\)/g) ?? [];
  return `${line.slice(0, schedulingNames)}${ids.join(' ')}`;
}

function ioLine(line: string): string {
  return line.startsWith('[') ? line.slice(0, ioNames) + line.slice(ioFiles) : line;
}

/** Lines without the names of threads and files. */
export function canonicalLines(command: string, text: string): string[] {
  const canon = canons[command] ?? ((line: string): string => line);
  return text
    .replaceAll(' - None (µs)', ' (µs)')
    .replaceAll('I/O operations log None', 'I/O operations log')
    .split('\n')
    .map(canon);
}

/** The original says nothing of what is missing: what ours says is taken away. */
export const withoutLosses = (text: string): string =>
  text.replace(/^(?:Discarded|Not recorded|What this touches).*\n/gm, '').replace(/ ~$/gm, '');

/** Where the labels of bars begin depends on the widest value. */
const squeezed = (line: string): string => line.replace(/ {2,}/g, '  ');

/** Lines without rows of numbers, each once, in the order of their first appearance. */
function frame(lines: readonly string[]): string[] {
  return [...new Set(lines.filter((line) => !/[\d█]/.test(line)).map(squeezed))];
}

export type TextOutcome = 'same' | 'same but for names and ties' | 'rows differ';

export function compareText(command: string, expected: string, actual: string): TextOutcome {
  if (expected === actual) return 'same';
  const sorted = (text: string): string => canonicalLines(command, text).toSorted().join('\n');
  return sorted(expected) === sorted(actual) ? 'same but for names and ties' : 'rows differ';
}

/** Titles, headers and rules of the original that ours lacks: layouts part there. */
export function linesApart(command: string, expected: string, actual: string): string[] {
  const own = new Set(frame(canonicalLines(command, actual)));
  return frame(canonicalLines(command, expected)).filter((line) => !own.has(line));
}
