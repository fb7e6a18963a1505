import type { AnalysisOptions } from '../analysis.ts';
import { describeLosses, doubtMark } from '../losses.ts';
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
  const losses = describeLosses(report.losses);
  const head =
    losses === undefined
      ? [range]
      : [
          range,
          `Discarded: ${losses}.`,
          `What this touches is marked with${doubtMark}; counts and sums are lower bounds.`,
        ];
  return `${[...head, ...blocks].join('\n')}\n`;
}
