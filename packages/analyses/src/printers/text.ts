import type { AnalysisOptions } from '../analysis.ts';
import type { Report } from '../table.ts';
import { formatTextBlock } from '../text-block.ts';

export interface TextStyle {
  /** Cells for bars; undefined: 80. */
  readonly graphWidth?: number;
}

/** One report: its time range, then its blocks, each line ended. */
export function formatText(
  report: Report,
  options: AnalysisOptions,
  style: TextStyle = {},
): string {
  const { begin, end } = report.timeRange;
  const { times } = options;
  const range = `Timerange: [${times.dateTime(begin)}, ${times.dateTime(end)}]`;
  const blocks = report.text.flatMap((block) => formatTextBlock(block, style.graphWidth));
  return `${[range, ...blocks].join('\n')}\n`;
}
