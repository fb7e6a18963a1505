import type { AnalysisOptions } from '../analysis.ts';
import { doubtMark, lossNotices } from '../losses.ts';
import type { Report } from '../table.ts';
import { type BlockStyle, textLines } from '../text-block.ts';

export type TextStyle = Omit<BlockStyle, 'times'>;

/** Characters per piece of text, about. */
const pieceLength = 65_536;

/** One report in pieces: its time range, then its blocks, each line ended. */
export function* textPieces(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): Generator<string> {
  let piece = `${headOf(report, options).join('\n')}\n`;
  for (const block of report.text) {
    for (const line of textLines(block, { ...style, times: options.times })) {
      piece += `${line}\n`;
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

export function formatText(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): string {
  return [...textPieces(report, options, style)].join('');
}

function headOf(report: Report, options: AnalysisOptions): string[] {
  const { begin, end } = report.timeRange;
  const { times } = options;
  const range = `Timerange: [${times.dateTime(begin)}, ${times.dateTime(end)}]`;
  const notices = lossNotices(report);
  if (notices.length === 0) return [range];
  return [
    range,
    ...notices.map((notice) => `${notice}.`),
    `What this touches is marked with${doubtMark}; counts and sums are lower bounds.`,
  ];
}
