/** flt.utils.trimmer: keeps the messages of a time range, both bounds included. */
import { UsageError } from '@sonde/base';
import {
  type Filter,
  type FilterClass,
  type OpenUpstream,
  ParameterReader,
  type ParameterValue,
} from '@sonde/graph';
import {
  type DataStream,
  type Downstream,
  type MessageIterator,
  messageRank,
  type RunStatus,
  type TimeOrigin,
} from '@sonde/trace-model';
import { justAfter } from './just-after.ts';
import { anyReady } from './ready.ts';
import { parseTimeBound, resolveTimeBound, type TimeBound } from './time-bound.ts';
import { TrimmedDownstream, type TrimRange } from './trimmed-downstream.ts';

export type { TrimRange };

class TrimmerIterator implements MessageIterator {
  readonly #upstream: MessageIterator;
  readonly #downstream: TrimmedDownstream;
  readonly #endNs: number;
  #isOver = false;

  constructor(upstream: MessageIterator, downstream: TrimmedDownstream, endNs: number) {
    this.#upstream = upstream;
    this.#downstream = downstream;
    this.#endNs = endNs;
  }

  /** After the last message from above: the end of the range, where what is open is closed. */
  get headTimeNs(): number {
    if (this.#isOver) return Number.POSITIVE_INFINITY;
    return Math.min(this.#upstream.headTimeNs, this.#endNs);
  }

  get headRank(): number {
    return this.#isAtEnd ? messageRank.packetEnd : this.#upstream.headRank;
  }

  get headStream(): DataStream | undefined {
    return this.#isOver ? undefined : this.#upstream.headStream;
  }

  get lastEventNs(): number {
    return this.#downstream.lastEventNs ?? this.#upstream.lastEventNs ?? Number.NaN;
  }

  get #isAtEnd(): boolean {
    return this.#upstream.headTimeNs > this.#endNs;
  }

  run(limitNs: number, budget: number): RunStatus {
    if (this.#isOver) return 'end';
    const status = this.#upstream.run(Math.min(limitNs, justAfter(this.#endNs)), budget);
    if (status === 'budget' || status === 'again') return status;
    if (status === 'limit' && !(this.#isAtEnd && this.#endNs < limitNs)) return 'limit';
    this.#downstream.finish();
    this.#isOver = true;
    return 'end';
  }

  async ready(): Promise<void> {
    await anyReady([this.#upstream]);
  }

  close(): void {
    this.#upstream.close();
    this.#isOver = true;
  }
}

/**
 * Trims one iterator, seeking to the begin where the source can.
 * @throws UsageError `empty-time-range` when begin is after end; while it runs, `cannot-trim-stream`
 */
export function trimIterator(
  open: OpenUpstream,
  range: TrimRange,
  origin: TimeOrigin,
  downstream: Downstream,
): MessageIterator {
  const { begin, end } = range;
  if (begin !== undefined && end !== undefined && begin > end) {
    throw new UsageError(
      'empty-time-range',
      `Trimming time range's beginning time is greater than end time: ${begin} ns, ${end} ns.`,
    );
  }
  const trimmed = new TrimmedDownstream(downstream, range, origin);
  const upstream = open(trimmed);
  if (begin === undefined || upstream.seek?.(Number(begin - origin.nsFromOrigin)) === true) {
    trimmed.upstreamIsSought();
  }
  const endNs = end === undefined ? Number.POSITIVE_INFINITY : Number(end - origin.nsFromOrigin);
  return new TrimmerIterator(upstream, trimmed, endNs);
}

interface Bounds {
  readonly begin: TimeBound | undefined;
  readonly end: TimeBound | undefined;
  readonly isGmt: boolean;
}

class Trimmer implements Filter {
  readonly inputs = 'one';
  readonly outputPorts = [{ name: 'out' }];
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  open(
    _port: string,
    origin: TimeOrigin,
    upstreams: readonly OpenUpstream[],
    downstream: Downstream,
  ): MessageIterator {
    const { begin, end, isGmt } = this.#bounds;
    // The origin is the begin of the first packet: bounds without a date are of that day.
    const resolve = (bound: TimeBound | undefined): bigint | undefined =>
      bound === undefined ? undefined : resolveTimeBound(bound, isGmt, origin.nsFromOrigin);
    const range = { begin: resolve(begin), end: resolve(end) };
    return trimIterator(upstreams[0]!, range, origin, downstream);
  }

  close(): void {}
}

/** Integers are seconds, as Babeltrace takes them. */
function boundOf(value: ParameterValue | undefined, owner: string): TimeBound | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'bigint' || typeof value === 'string') return parseTimeBound(String(value));
  throw new UsageError('bad-parameter', `${owner} wants its bounds as strings or integers.`);
}

export const trimmerFilter: FilterClass = {
  kind: 'flt',
  plugin: 'utils',
  className: 'trimmer',
  description: 'Keep the messages of a time range.',
  parameterHelp: {
    begin: 'First moment to keep: date and time, or seconds from the origin.',
    end: 'Last moment to keep.',
    gmt: 'Dates and times are UTC, not local.',
  },
  create: ({ parameters, name }) => {
    const reader = new ParameterReader(parameters, name);
    const bounds = {
      begin: boundOf(reader.any('begin'), name),
      end: boundOf(reader.any('end'), name),
      isGmt: reader.boolean('gmt', false),
    };
    reader.rejectOthers();
    return new Trimmer(bounds);
  },
};
