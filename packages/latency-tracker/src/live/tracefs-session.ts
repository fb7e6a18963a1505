/** Trackers on the running system without eBPF: the streaming back end over the events of a tracefs instance of its own. */
import { UsageError } from '@sonde/base';
import {
  ClockConverter,
  DataStreamReader,
  indexFile,
  memorySource,
  mergePackets,
} from '@sonde/ctf';
import type { DataStream, MessageIterator, Trace } from '@sonde/trace-model';
import { EventCatalogue, openTracefs, PacketFeed } from '@sonde/tracer-kernel';
import type {
  Alert,
  PointSet,
  Tracker,
  TrackerSession,
  TrackerSettings,
  TrackerSnapshot,
} from '../declaration.ts';
import { roleOrder } from '../declaration.ts';
import { plainName } from '../event-names.ts';
import { StreamingSession } from '../streaming/streaming-session.ts';

const turnBudget = 100_000;
/** At most so long between two readings (ms): alerts are as late. */
const longestPauseMs = 100;

/** Events of one CPU, a reader for each packet that is not read to its end. */
interface CpuQueue {
  readonly stream: DataStream;
  readonly readers: MessageIterator[];
}

/** What the kernel calls the events of a point. System calls come one by one: recorded so, they tell their names. */
function patternOf(event: string): string {
  const [, side] = /^raw_syscalls:sys_(enter|exit)$/.exec(event) ?? [];
  if (side !== undefined) return `syscalls:sys_${side}_*`;
  return event.includes(':') ? event : `*:${event}`;
}

/** Where no set can be used: what is wanting. */
function missingOf(tracker: Tracker, catalogue: EventCatalogue): string {
  const isThere = isThereIn(catalogue);
  const points = tracker.anyOf.flatMap(({ via, begin, end }) =>
    via === 'event' ? [...begin, ...end] : [],
  );
  const missing = points.map(({ event }) => event).filter((event) => !isThere(event));
  return [...new Set(missing)].join(', ');
}

function isThereIn(catalogue: EventCatalogue): (event: string) => boolean {
  const names = new Set(catalogue.events.map(({ system, name }) => `${system}:${name}`));
  const plainNames = new Set(catalogue.events.map(({ name }) => name));
  return (event) =>
    event.startsWith('raw_syscalls:') || names.has(event) || plainNames.has(plainName(event));
}

/** Events of the first set that the kernel has events of; undefined: of none. */
function eventsOf(tracker: Tracker, catalogue: EventCatalogue): string[] | undefined {
  const isThere = isThereIn(catalogue);
  const some = (points: PointSet['begin']): boolean => points.some(({ event }) => isThere(event));
  const set = tracker.anyOf.find(
    (candidate) => candidate.via === 'event' && some(candidate.begin) && some(candidate.end),
  );
  if (set === undefined) return undefined;
  const steps = [...(tracker.chain?.steps ?? []), ...(tracker.chain?.drop ?? [])];
  const points = [...roleOrder.flatMap((role) => set[role]), ...steps];
  return points.map(({ event }) => event).filter(isThere);
}

/**
 * Turns the events of the trackers on.
 * @throws SondeError where tracefs can't be used, UsageError where the kernel has not what a tracker needs
 */
export function openTracefsSession(
  trackers: readonly Tracker[],
  onAlert?: (alert: Alert) => void,
): TracefsSession {
  const tracefs = openTracefs();
  const catalogue = EventCatalogue.of(tracefs);
  const patterns = new Set<string>();
  for (const tracker of trackers) {
    const events = eventsOf(tracker, catalogue);
    if (events === undefined) {
      throw new UsageError(
        'no-event',
        `The tracker ${tracker.name} can't run in this kernel: it has no event ${missingOf(tracker, catalogue)}.`,
      );
    }
    for (const event of events) patterns.add(patternOf(event));
  }
  const feed = PacketFeed.open(tracefs, [...patterns]);
  try {
    return new TracefsSession(feed, trackers, onAlert);
  } catch (error) {
    feed.close();
    throw error;
  }
}

export class TracefsSession implements TrackerSession {
  readonly backEnd = 'over the events of a tracefs instance';
  readonly #feed: PacketFeed;
  readonly #session: StreamingSession;
  readonly #queues: readonly CpuQueue[];
  readonly #clock: ClockConverter;
  readonly #origin: { readonly nsFromOrigin: bigint };
  #timer: NodeJS.Timeout | undefined;
  #packetCount = 0;
  #isClosed = false;

  constructor(
    feed: PacketFeed,
    trackers: readonly Tracker[],
    onAlert: ((alert: Alert) => void) | undefined,
  ) {
    this.#feed = feed;
    const { traceClass } = feed;
    const trace: Trace = { traceClass, path: 'live', environment: traceClass.environment };
    const dataStreamClass = [...traceClass.dataStreamClasses.values()][0]!;
    this.#clock = new ClockConverter(dataStreamClass.defaultClockClass!);
    this.#origin = this.#clock.snapshot(feed.clock.nowNs());
    this.#session = new StreamingSession(trackers, {
      origin: this.#origin,
      traces: [trace],
      ...(onAlert === undefined ? {} : { onAlert }),
    });
    this.#queues = feed.cpuIds.map((cpuId) => ({
      stream: { trace, dataStreamClass, id: BigInt(cpuId), idIsKnown: true, name: `cpu${cpuId}` },
      readers: [],
    }));
    this.#schedule();
  }

  get notes(): readonly string[] {
    return this.#session.notes;
  }

  snapshot(): readonly TrackerSnapshot[] {
    if (!this.#isClosed) this.poll();
    return this.#session.snapshot();
  }

  snapshotAndReset(): readonly TrackerSnapshot[] {
    if (!this.#isClosed) this.poll();
    return this.#session.snapshotAndReset();
  }

  set(tracker: string, settings: TrackerSettings): void {
    this.#session.set(tracker, settings);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { readers } of this.#queues) for (const reader of readers) reader.close();
    this.#feed.close();
  }

  #schedule(): void {
    const pauseMs = Math.min(this.#feed.pauseMs, longestPauseMs);
    this.#timer = setTimeout(() => {
      this.poll();
      this.#schedule();
    }, pauseMs);
  }

  /** Reads what the kernel has, and handles what is complete. */
  poll(): void {
    const { packets, completeNs, lostEvents } = this.#feed.take();
    packets.forEach((list, cpu) => {
      for (const packet of list) this.#add(this.#queues[cpu]!, packet);
    });
    if (lostEvents > 0) this.#tellLosses(lostEvents);
    if (completeNs === 0n) return;
    const limitNs = Number(
      this.#clock.snapshot(completeNs).nsFromOrigin - this.#origin.nsFromOrigin,
    );
    this.#runUntil(limitNs);
    this.#session.advance(limitNs);
  }

  #add(queue: CpuQueue, packet: Uint8Array): void {
    const source = memorySource(`packet ${this.#packetCount++}`, packet);
    const index = indexFile(source, this.#feed.traceClass);
    queue.readers.push(
      new DataStreamReader(
        queue.stream,
        mergePackets([index]),
        this.#clock,
        this.#origin,
        this.#session,
      ),
    );
  }

  /** The earliest reader goes first, as far as the second. */
  #runUntil(limitNs: number): void {
    for (;;) {
      let earliest: CpuQueue | undefined;
      let untilNs = limitNs;
      for (const queue of this.#queues) {
        const headNs = queue.readers[0]?.headTimeNs ?? Number.POSITIVE_INFINITY;
        if (headNs >= limitNs) continue;
        const bestNs = earliest?.readers[0]?.headTimeNs ?? Number.POSITIVE_INFINITY;
        if (headNs < bestNs) {
          if (earliest !== undefined) untilNs = Math.min(untilNs, bestNs);
          earliest = queue;
        } else untilNs = Math.min(untilNs, headNs);
      }
      if (earliest === undefined) return;
      const reader = earliest.readers[0]!;
      // The beginning of a stream has no time. Two heads at the same time: a little more, or nobody would move.
      const leastNs = Math.max(reader.headTimeNs + 1, -Number.MAX_VALUE);
      const status = reader.run(Math.max(untilNs, leastNs), turnBudget);
      if (status === 'end') earliest.readers.shift()!.close();
    }
  }

  /** On which CPU, and when exactly, is not known: everything that is pending may have lost its end. */
  #tellLosses(count: number): void {
    const end = this.#clock.snapshot(this.#feed.clock.nowNs());
    for (const { stream } of this.#queues) {
      this.#session.discardedEvents({ stream, count: BigInt(count), begin: end, end });
    }
  }
}
