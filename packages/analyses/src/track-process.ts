/**
 * track-process: every event of some threads, with all its fields: what happened on a CPU while they ran there, and what named them
 * elsewhere (wakeups, forks, state dump).
 */
import { decodeScope, type FieldValue } from '@sonde/ctf';
import type { FilterExpression } from '@sonde/filter';
import { type Host, LinuxModel, plainEventName } from '@sonde/linux-model';
import type {
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import { LossCounter, type Losses } from './losses.ts';
import { safeText } from './printers/human-text.ts';
import { SegmentFilter } from './segment-filter.ts';

export interface TrackOptions {
  readonly tids: ReadonlySet<number>;
  /** Exact names (comm). */
  readonly names: ReadonlySet<string>;
  /** Children of tracked threads are tracked too. */
  readonly followsForks: boolean;
  /** Absolute (ns), inclusive. */
  readonly begin?: bigint;
  readonly end?: bigint;
  /** Of what is tracked, only events for which it is true. */
  readonly filter?: FilterExpression;
  readonly write: (event: TrackedEvent) => void;
  readonly warn: (message: string) => void;
}

export interface TrackedEvent {
  readonly timeNs: bigint;
  readonly host: string;
  readonly cpuId: number;
  /** Who ran there; undefined: not known, or the idle thread. */
  readonly tid: number | undefined;
  readonly name: string;
  readonly fields: FieldValue;
}

/** Payload fields that name a thread, with the field that holds its name. */
const threadFields: readonly (readonly [id: string, name: string])[] = [
  ['tid', 'comm'],
  ['tid', 'name'],
  ['prev_tid', 'prev_comm'],
  ['next_tid', 'next_comm'],
  ['parent_tid', 'parent_comm'],
  ['child_tid', 'child_comm'],
];

interface StreamPlace {
  cpuId: number;
  host: Host | undefined;
}

export class TrackRun implements Downstream {
  readonly model: LinuxModel;
  readonly #options: TrackOptions;
  readonly #tids: Map<Host, Set<number>> = new Map();
  readonly #streams = new Map<DataStream, StreamPlace>();
  readonly #followsAll: boolean;
  readonly #filter: SegmentFilter | undefined;
  #origin: TimeOrigin = { nsFromOrigin: 0n };
  #beginNs = Number.NEGATIVE_INFINITY;
  #endNs = Number.POSITIVE_INFINITY;
  readonly #losses = new LossCounter();
  /** An event after the end was seen: stop reading. */
  isDone = false;

  constructor(options: TrackOptions) {
    this.#options = options;
    this.#followsAll = options.tids.size === 0 && options.names.size === 0;
    this.#filter = options.filter && new SegmentFilter(options.filter);
    this.model = new LinuxModel(options.warn);
    this.model.on('switch', () => {});
    this.model.on('gap', (gap) => this.#losses.add(gap));
    this.model.on('thread-life', ({ host, kind, thread, parent }) => {
      const tids = this.#tidsOf(host);
      const isChild = kind === 'fork' && parent !== undefined && tids.has(parent.tid);
      if (isChild && options.followsForks) tids.add(thread.tid);
      // A tid that is reused is somebody else's, unless it was asked for.
      else if (kind === 'fork' && !options.tids.has(thread.tid)) tids.delete(thread.tid);
      if (options.names.has(thread.comm)) tids.add(thread.tid);
    });
  }

  /** What is missing: whose events followed is uncertain. */
  get losses(): Losses {
    return this.#losses.losses;
  }

  begin(origin: TimeOrigin): void {
    this.#origin = origin;
    this.model.origin = origin;
    const { begin, end } = this.#options;
    if (begin !== undefined) this.#beginNs = Number(begin - origin.nsFromOrigin);
    if (end !== undefined) this.#endNs = Number(end - origin.nsFromOrigin);
  }

  eventHandler(cursor: RecordCursor): EventHandler {
    const handle = this.#handlerFor(cursor);
    return this.#filter === undefined ? handle : this.#filter.guard(cursor, handle);
  }

  #handlerFor(cursor: RecordCursor): EventHandler {
    const inner = this.model.eventHandler(cursor);
    const name = cursor.eventRecordClass.name ?? `event ${cursor.eventRecordClass.id}`;
    const members = new Set(cursor.eventRecordClass.payload?.members.map((member) => member.name));
    const named = threadFields.filter(([id]) => members.has(id));
    const isFork = plainEventName(name) === 'sched_process_fork';
    const place = this.#placeOf(cursor.stream);
    return (current) => {
      const { timeNs } = current;
      if (timeNs > this.#endNs) {
        this.isDone = true;
        return -1;
      }
      const before = place.host?.cpu(place.cpuId).busyThread;
      if (!isFork) this.#learn(place, named, current);
      const end = inner === null ? -1 : inner(current);
      if (isFork) this.#learn(place, named, current);
      if (timeNs < this.#beginNs || this.#filter?.passes === false) return end;
      const tids = place.host === undefined ? undefined : this.#tidsOf(place.host);
      const isOurs =
        this.#followsAll ||
        (before !== undefined && this.#isWanted(tids, before.tid, before.comm)) ||
        (named.length > 0 && this.#names(tids, named, current));
      if (isOurs) this.#write(name, place, before?.tid, current);
      return end;
    };
  }

  streamBeginning(stream: DataStream): void {
    this.model.streamBeginning(stream);
    this.#placeOf(stream);
  }
  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    this.model.packetBeginning(packet, cursor);
    const context = decodeScope(cursor, 'packet-context') as { cpu_id?: FieldValue } | undefined;
    if (context?.cpu_id !== undefined) {
      this.#placeOf(packet.stream).cpuId = Number(context.cpu_id);
    }
  }
  packetEnd(packet: Packet): void {
    this.model.packetEnd(packet);
  }
  discardedEvents(discarded: Discarded): void {
    this.model.discardedEvents(discarded);
  }
  discardedPackets(discarded: Discarded): void {
    this.model.discardedPackets(discarded);
  }
  streamEnd(): void {}
  inactivity(): void {}

  #tidsOf(host: Host): Set<number> {
    let tids = this.#tids.get(host);
    if (tids === undefined) {
      tids = new Set(this.#options.tids);
      this.#tids.set(host, tids);
    }
    return tids;
  }

  #placeOf(stream: DataStream): StreamPlace {
    let place = this.#streams.get(stream);
    if (place === undefined) {
      place = { cpuId: 0, host: undefined };
      this.#streams.set(stream, place);
    }
    place.host ??= this.model.hosts.find(({ traceNames }) => traceNames.has(stream.trace.path));
    return place;
  }

  #isWanted(tids: Set<number> | undefined, tid: number, comm: string): boolean {
    if (tids?.has(tid) === true) return true;
    if (!this.#options.names.has(comm)) return false;
    tids?.add(tid);
    return true;
  }

  /** A thread that has a wanted name once is tracked from then on. */
  #learn(place: StreamPlace, named: typeof threadFields, cursor: RecordCursor): void {
    if (this.#options.names.size === 0 || named.length === 0 || place.host === undefined) return;
    const payload = payloadOf(cursor);
    for (const [id, name] of named) {
      const [tid, comm] = [payload[id], payload[name]];
      if (tid !== undefined && typeof comm === 'string' && this.#options.names.has(comm)) {
        this.#tidsOf(place.host).add(Number(tid));
      }
    }
  }

  #names(tids: Set<number> | undefined, named: typeof threadFields, cursor: RecordCursor): boolean {
    if (tids === undefined || tids.size === 0) return false;
    const payload = payloadOf(cursor);
    return named.some(([id]) => payload[id] !== undefined && tids.has(Number(payload[id])));
  }

  #write(name: string, place: StreamPlace, tid: number | undefined, cursor: RecordCursor): void {
    this.#options.write({
      timeNs: this.#origin.nsFromOrigin + BigInt(Math.round(cursor.timeNs)),
      host: place.host?.name ?? '',
      cpuId: place.cpuId,
      tid,
      name,
      fields: decodeScope(cursor, 'event-record-payload'),
    });
  }
}

function payloadOf(cursor: RecordCursor): { readonly [name: string]: FieldValue } {
  const payload = decodeScope(cursor, 'event-record-payload');
  return (payload ?? {}) as { readonly [name: string]: FieldValue };
}

/** `name = value` as Babeltrace 1 wrote it; texts are quoted, control characters gone. */
export function formatFields(value: FieldValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return safeText(JSON.stringify(value));
  if (value instanceof Uint8Array) return `[ ${[...value].join(', ')} ]`;
  if (Array.isArray(value)) {
    const elements = value.map((element, i) => `[${i}] = ${formatFields(element)}`);
    return elements.length === 0 ? '[ ]' : `[ ${elements.join(', ')} ]`;
  }
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).map(
    ([name, v]) => `${safeText(name)} = ${formatFields(v)}`,
  );
  return members.length === 0 ? '{ }' : `{ ${members.join(', ')} }`;
}
