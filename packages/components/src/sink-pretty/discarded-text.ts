import type { Discarded } from '@sonde/trace-model';
import type { PrettyOptions } from './pretty-options.ts';
import { formatTime } from './time-format.ts';

/** The warning about what a tracer could not record, as Babeltrace words it, without its `WARNING: `. */
export function discardedText(
  discarded: Discarded,
  noun: 'event' | 'packet',
  options: PrettyOptions,
): string {
  const { count, begin, end, stream } = discarded;
  const { trace, dataStreamClass } = stream;
  const what =
    count === undefined
      ? `may have discarded ${noun}s`
      : `discarded ${count} ${noun}${count === 1n ? '' : 's'}`;
  const when =
    begin === undefined || end === undefined
      ? '(unknown time range)'
      : `between [${formatTime(begin.nsFromOrigin, options)}] and [${formatTime(end.nsFromOrigin, options)}]`;
  const { uid } = trace.traceClass;
  const where = `in trace "${trace.name ?? '(unknown)'}" (${uid === undefined ? 'no UID' : `UID: ${uid}`})`;
  const streamId = `stream class ID: ${dataStreamClass.id}, stream ID: ${stream.id}`;
  return `Tracer ${what} ${when} ${where} within stream "${stream.name}" (${streamId}).`;
}
