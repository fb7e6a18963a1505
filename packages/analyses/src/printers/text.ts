import type { AnalysisOptions } from '../analysis.ts';
import { doubtMark, lossNotices } from '../losses.ts';
import type { Report } from '../table.ts';
import { type BlockStyle, type TextBlock, textLines } from '../text-block.ts';
import { pieceLength } from './pieces.ts';

export type TextStyle = Omit<BlockStyle, 'times'>;

/** One report in pieces: its time range, then its blocks, each line ended. Bytes are UTF-8, and valid until the next piece. */
export function textPieces(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): Generator<string | Uint8Array> {
  return blockPieces(headOf(report, options), report.text, { ...style, times: options.times });
}

/** Lines and blocks in such pieces. */
export function* blockPieces(
  head: readonly string[],
  blocks: readonly TextBlock[],
  style: BlockStyle,
): Generator<string | Uint8Array> {
  let piece = `${head.join('\n')}\n`;
  for (const block of blocks) {
    for (const line of textLines(block, style)) {
      const isText = typeof line === 'string';
      if (isText) piece += `${line}\n`;
      if (isText && piece.length < pieceLength) continue;
      yield piece;
      piece = '';
      if (!isText) yield line;
    }
  }
  yield piece;
}

export function formatText(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): string {
  let text = '';
  for (const piece of textPieces(report, options, style)) {
    text += typeof piece === 'string' ? piece : decoder.decode(piece);
  }
  return text;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

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
