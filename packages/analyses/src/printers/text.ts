import type { AnalysisOptions } from '../analysis.ts';
import type { Report } from '../table.ts';
import { type BlockStyle, formatTextBlock } from '../text-block.ts';

export type TextStyle = Omit<BlockStyle, 'times'>;

/** One report: its time range, then its blocks, each line ended. */
export function formatText(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): string {
  const { begin, end } = report.timeRange;
  const { times } = options;
  const range = `Timerange: [${times.dateTime(begin)}, ${times.dateTime(end)}]`;
  const blocks = report.text.flatMap((block) => formatTextBlock(block, { ...style, times }));
  return `${[range, ...blocks].join('\n')}\n`;
}
