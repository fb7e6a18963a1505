/** What all commands over the Linux model have in common: traces that are open, and the times asked for. */
import type { TimeFormat } from '@sonde/analyses';
import { formatError, formatPlace, UsageError } from '@sonde/base';
import {
  type OpenedTraces,
  openTrace,
  parseTimeBound,
  parseTimeRange,
  resolveTimeBound,
  type TrimRange,
} from '@sonde/components';
import { FilterCheck, type FilterExpression, parseFilter } from '@sonde/filter';
import { type CommandIo, withArchiveNames } from './command-io.ts';
import { intersectionOf } from './stream-intersection.ts';
import { isSameDay, timeFormat } from './time-format.ts';

/** The options that say which part of the traces is read. */
export interface RangeOptions {
  readonly begin: string | undefined;
  readonly end: string | undefined;
  readonly timerange: string | undefined;
  readonly gmt: boolean;
  readonly noIntersection: boolean;
  readonly filter: string | undefined;
}

export interface RequestedRange {
  readonly begin?: bigint;
  readonly end?: bigint;
}

/** Traces open for one reading. Whoever opened it closes `traces`. */
export interface Reading {
  readonly traces: OpenedTraces;
  readonly intersection: TrimRange | undefined;
  readonly requested: RequestedRange | undefined;
  /** The times asked for are, at least in part, those of the traces; false: that was told. */
  readonly isInSpan: boolean;
  readonly filter: FilterExpression | undefined;
  readonly times: TimeFormat;
  readonly warn: (message: string) => void;
}

/** @throws UsageError, MetadataError, DecodeError */
export function openReading(
  io: CommandIo,
  options: RangeOptions,
  paths: readonly string[],
): Reading {
  const warn = (message: string): void =>
    io.stderr.writeText(`Warning: ${withArchiveNames(message, io)}\n`);
  const traces = openTrace(paths, { onFault: (error) => warn(formatError(error)) });
  const intersection = options.noIntersection ? undefined : intersectionOf(traces);
  const filter = options.filter === undefined ? undefined : parseFilter(options.filter);
  if (filter !== undefined) checkFilter(filter, traces, warn);
  const requested = requestedRange(options, traces);
  const outside = requested && outsideText(requested, traces, timeFormat(options.gmt, true));
  if (outside !== undefined) warn(outside);
  return {
    traces,
    intersection,
    requested,
    isInSpan: outside === undefined,
    filter,
    times: timeFormat(options.gmt, spansDays(traces, options.gmt)),
    warn,
  };
}

export const noEventsText = 'There are no events in the time asked for.';

/**
 * What to say of times in which the traces have nothing.
 * @throws UsageError when the range is none
 */
function outsideText(
  { begin, end }: RequestedRange,
  traces: OpenedTraces,
  times: TimeFormat,
): string | undefined {
  if (begin !== undefined && end !== undefined && end < begin) {
    throw new UsageError('bad-range', 'The time range ends before it begins.');
  }
  const { timeSpan: span } = traces;
  if (span.begin === undefined || span.end === undefined) return undefined;
  const isOutside =
    (begin !== undefined && begin > span.end) || (end !== undefined && end < span.begin);
  if (!isOutside) return undefined;
  return `${noEventsText} They are from ${times.dateTime(span.begin)} to ${times.dateTime(span.end)}.`;
}

/** Fields that no event has are a mistake, most likely. */
function checkFilter(
  filter: FilterExpression,
  traces: OpenedTraces,
  warn: (message: string) => void,
): void {
  const check = new FilterCheck(filter);
  for (const stream of traces.streams) check.addStream(stream);
  if (check.typeError !== undefined) throw check.typeError;
  for (const { name, place, isContext } of check.unknownFields) {
    const hint = isContext ? `; there is a context $ctx.${name}` : '';
    warn(`Filter, ${formatPlace(place)}: no event in this trace has ${name}${hint}.`);
  }
}

function requestedRange(options: RangeOptions, traces: OpenedTraces): RequestedRange | undefined {
  const { timerange } = options;
  const isMultiDay = spansDays(traces, options.gmt);
  const bounds =
    timerange === undefined
      ? {
          begin: options.begin === undefined ? undefined : parseBound(options.begin),
          end: options.end === undefined ? undefined : parseBound(options.end),
        }
      : parseRange(timerange);
  const reference = traces.origin.nsFromOrigin;
  const resolve = (bound: ReturnType<typeof parseTimeBound> | undefined): bigint | undefined =>
    bound === undefined
      ? undefined
      : resolveRequested(bound, { isGmt: options.gmt, isMultiDay, referenceNs: reference });
  const [begin, end] = [resolve(bounds.begin), resolve(bounds.end)];
  if (begin === undefined && end === undefined) return undefined;
  return {
    ...(begin === undefined ? {} : { begin }),
    ...(end === undefined ? {} : { end }),
  };
}

interface Days {
  readonly isGmt: boolean;
  readonly isMultiDay: boolean;
  /** Any moment of the first day. */
  readonly referenceNs: bigint;
}

/** @throws UsageError for a time without a date where there are several days. */
export function resolveRequested(
  bound: ReturnType<typeof parseTimeBound>,
  { isGmt, isMultiDay, referenceNs }: Days,
): bigint {
  if (bound.kind === 'date-time' && bound.date === undefined && isMultiDay) {
    throw new UsageError(
      'no-date',
      'The traces span several days: give times with their date, as 2026-11-22 21:36:14.',
    );
  }
  return resolveTimeBound(bound, isGmt, referenceNs);
}

/** Plain integers of the original's options are nanoseconds. */
export function parseBound(text: string): ReturnType<typeof parseTimeBound> {
  return /^\d{12,}$/.test(text.trim())
    ? { kind: 'absolute', nsFromOrigin: BigInt(text.trim()) }
    : parseTimeBound(text);
}

export function parseRange(text: string): ReturnType<typeof parseTimeRange> {
  const integers = /^\s*\[?\s*(\d{12,})\s*,\s*(\d{12,})\s*\]?\s*$/.exec(text);
  if (integers === null) return parseTimeRange(text);
  return { begin: parseBound(integers[1]!), end: parseBound(integers[2]!) };
}

function spansDays(traces: OpenedTraces, isGmt: boolean): boolean {
  const { begin, end } = traces.timeSpan;
  return begin !== undefined && end !== undefined && !isSameDay(begin, end, isGmt);
}
