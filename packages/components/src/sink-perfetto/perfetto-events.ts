import { type BackEnd, compileProjection } from '@sonde/ctf';
import {
  type DataStream,
  type Discarded,
  type EventHandler,
  type EventRecordClass,
  type RecordCursor,
  scopeFieldClass,
} from '@sonde/trace-model';
import { type FieldSelection, membersOutside } from '../field-selection.ts';
import { compileJsonBody } from '../sink-json/json-body.ts';
import type { JsonScopes } from '../sink-json/json-code-printer.ts';
import { jsonString } from '../sink-json/json-text.ts';
import type { TextBuffer } from '../sink-text/text-buffer.ts';
import { visibleMembers, visibleScope } from '../trace-ir.ts';
import { type EventRule, ruleOf } from './event-rules.ts';
import { idOf, type TimelineRecord, textOf, timelineDemands } from './perfetto-demands.ts';
import { Slices } from './slices.ts';
import { TraceEventWriter, type Track } from './trace-event-writer.ts';
import { type HostTracks, Tracks } from './tracks.ts';

export interface PerfettoSettings {
  readonly buffer: TextBuffer;
  readonly fields: FieldSelection | undefined;
  readonly backEnd: BackEnd;
  warn(message: string): void;
}

/** What is the same for all records of a class in a stream. */
interface EventKind {
  readonly rule: EventRule;
  /** `,"name":…` and what else an instant has. */
  readonly instant: string;
  readonly host: HostTracks;
  readonly stream: DataStream;
  /** Prints `,"args":{…}}` or `}` from the buffer's `pending` on. */
  readonly body: EventHandler;
}

/** Turns event records into trace events. */
export class PerfettoEvents {
  readonly #settings: PerfettoSettings;
  readonly #writer: TraceEventWriter;
  readonly #tracks: Tracks;
  readonly #slices: Slices;
  #lastNs = 0;
  #hasWarnedOfTime = false;

  constructor(settings: PerfettoSettings) {
    this.#settings = settings;
    this.#writer = new TraceEventWriter(settings.buffer);
    this.#tracks = new Tracks(this.#writer);
    this.#slices = new Slices(this.#writer);
  }

  begin(originNs: bigint): void {
    this.#writer.begin(originNs);
  }

  finish(): void {
    this.#slices.finish(this.#lastNs);
    this.#writer.end();
  }

  handlerFor(stream: DataStream, eventRecordClass: EventRecordClass): EventHandler {
    const name = eventRecordClass.name ?? `event ${eventRecordClass.id}`;
    const rule = ruleOf(name);
    const kind: EventKind = {
      rule,
      instant: `${named(name, 'category' in rule ? rule.category : categoryOf(stream))},"s":"t"`,
      host: this.#tracks.hostOf(stream.trace),
      stream,
      body: this.#bodyOf(eventRecordClass),
    };
    const demands = timelineDemands(eventRecordClass, rule);
    const projection = compileProjection(eventRecordClass, demands, {
      backEnd: this.#settings.backEnd,
    });
    const record = projection.record as TimelineRecord;
    return (cursor) => {
      const endBits = projection.read(cursor);
      if (!Number.isSafeInteger(cursor.timeNs)) {
        this.#warnOfTime();
        return endBits;
      }
      this.#lastNs = Math.max(this.#lastNs, cursor.timeNs);
      this.#event(kind, record, cursor);
      return endBits;
    };
  }

  discarded({ stream, count }: Discarded, noun: 'events' | 'packets'): void {
    const track = this.#streamTrack(stream);
    const name = `${count ?? 'unknown number of'} ${noun} discarded`;
    this.#writer.event('i', track, this.#lastNs, `,"name":"${name}","cat":"loss","s":"t"`);
  }

  #event(kind: EventKind, record: TimelineRecord, cursor: RecordCursor): void {
    const { rule, host } = kind;
    const { timeNs } = cursor;
    const cpuId = idOf(record.cpu);
    const cpu = cpuId === undefined ? undefined : host.cpu(cpuId);
    if (rule.kind === 'process') this.#nameProcess(host, record);
    const thread = this.#threadTrack(kind, record, cpu);
    if (rule.kind === 'switch' && cpu !== undefined) this.#switch(host, cpu, record, timeNs);
    if (rule.kind === 'begin' || rule.kind === 'end') {
      const isInterrupt = rule.track === 'interrupts' && cpuId !== undefined;
      this.#slice(kind, rule, isInterrupt ? host.interrupts(cpuId) : thread, { record, cursor });
      return;
    }
    this.#print('i', thread, cursor, kind, kind.instant);
    if (rule.kind === 'exit') this.#slices.closeAll(thread, timeNs);
  }

  #slice(
    kind: EventKind,
    rule: Extract<EventRule, { track: string }>,
    track: Track,
    { record, cursor }: { readonly record: TimelineRecord; readonly cursor: RecordCursor },
  ): void {
    const { timeNs } = cursor;
    if (rule.kind === 'begin') {
      // A thread is in one system call at a time: the end of the one before was lost.
      if (rule.category === 'syscall') this.#slices.closeAll(track, timeNs);
      const label = record.label === undefined ? '' : ` ${String(record.label)}`;
      this.#print('B', track, cursor, kind, named(rule.name + label, rule.category));
      this.#slices.begin(track, rule.name);
    } else if (this.#slices.prepareEnd(track, timeNs, rule.name)) {
      this.#print('E', track, cursor, kind, '');
      this.#slices.end(track);
    } else {
      // It began before the trace did.
      this.#print('i', track, cursor, kind, kind.instant);
    }
  }

  #switch(host: HostTracks, cpu: Track, record: TimelineRecord, timeNs: number): void {
    const nextTid = idOf(record.nextTid);
    if (nextTid === undefined) return;
    const nextComm = textOf(record.nextComm);
    if (nextTid !== 0) host.remember(nextTid, undefined, nextComm);
    this.#slices.switchTo(cpu, timeNs, nextTid, nextComm ?? '');
  }

  #nameProcess(host: HostTracks, { newTid, newPid, newName }: TimelineRecord): void {
    const tid = idOf(newTid);
    const pid = idOf(newPid);
    if (tid !== undefined && pid !== undefined) host.remember(tid, pid, textOf(newName));
  }

  /** The thread that the event happened in, as its context says, or else as the last switch on its CPU does. */
  #threadTrack(kind: EventKind, record: TimelineRecord, cpu: Track | undefined): Track {
    const { host } = kind;
    const tid = idOf(record.tid);
    if (tid !== undefined && tid !== 0) {
      return host.thread(tid, idOf(record.pid), textOf(record.comm));
    }
    if (cpu === undefined) return this.#streamTrack(kind.stream);
    const running = tid === undefined ? this.#slices.runningOn(cpu) : 0;
    return running === undefined || running === 0
      ? cpu
      : host.thread(running, undefined, undefined);
  }

  #streamTrack(stream: DataStream): Track {
    const name = stream.name.slice(stream.name.lastIndexOf('/') + 1);
    return this.#tracks.hostOf(stream.trace).stream(this.#tracks.indexOf(stream), name);
  }

  #print(phase: string, track: Track, cursor: RecordCursor, kind: EventKind, rest: string): void {
    this.#writer.eventWith(phase, track, cursor.timeNs, rest, () => kind.body(cursor));
  }

  #bodyOf(eventRecordClass: EventRecordClass): EventHandler {
    const { buffer, fields, backEnd } = this.#settings;
    const payload = visibleScope(scopeFieldClass(eventRecordClass, 'event-record-payload'));
    const omitted = payload && membersOutside(fields, 'event-record-payload', payload);
    const isShown = payload && visibleMembers(payload).some((member) => !omitted?.has(member));
    const scopes: JsonScopes =
      isShown && omitted
        ? new Map([['event-record-payload', { before: ',"args":', omitted }]])
        : new Map();
    const options = { buffer, scopes, after: '}', wideIntegers: 'auto' } as const;
    return compileJsonBody(eventRecordClass, options, backEnd);
  }

  #warnOfTime(): void {
    if (this.#hasWarnedOfTime) return;
    this.#hasWarnedOfTime = true;
    this.#settings.warn('Events without a time are left out: a timeline has no place for them.');
  }
}

function named(name: string, category: string): string {
  return `,"name":${jsonString(name)},"cat":${jsonString(category)}`;
}

function categoryOf(stream: DataStream): string {
  return String(stream.trace.environment.get('domain') ?? 'event');
}
