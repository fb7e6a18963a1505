import { UsageError } from '@sonde/base';
import type { OpenedTraces, TrimRange } from '@sonde/components';

/**
 * The time that every data stream of a trace covers; over several traces from the first begin to the last end of these.
 * @throws UsageError when no trace has such a time.
 */
export function intersectionOf(traces: OpenedTraces): TrimRange {
  let begin: bigint | undefined;
  let end: bigint | undefined;
  for (const range of traces.intersections) {
    if (range === undefined) continue;
    if (begin === undefined || range.begin < begin) begin = range.begin;
    if (end === undefined || range.end > end) end = range.end;
  }
  if (begin === undefined || end === undefined) {
    throw new UsageError(
      'no-intersection',
      'Trace has no intersection. Use --no-intersection to override',
    );
  }
  return { begin, end };
}
