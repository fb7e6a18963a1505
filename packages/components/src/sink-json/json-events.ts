import { type BackEnd, compileWalk, decodeScope, visitScope } from '@sonde/ctf';
import {
  type DataStream,
  type Discarded,
  type EventHandler,
  type EventRecordClass,
  type RecordCursor,
  type Scope,
  type StructureFieldClass,
  type StructureMember,
  scopeFieldClass,
  type TimeOrigin,
} from '@sonde/trace-model';
import { ContextCache } from '../sink-pretty/context-cache.ts';
import { TextBuffer, utf8 } from '../sink-text/text-buffer.ts';
import { isVisible, visibleMembers, visibleScope } from '../trace-ir.ts';
import { JsonCodePrinter } from './json-code-printer.ts';
import { JsonFieldPrinter } from './json-field-printer.ts';
import { JsonHead } from './json-head.ts';
import type { JsonOptions } from './json-options.ts';
import { jsonString } from './json-text.ts';
import { formatJsonTime, JsonTimeWriter } from './json-time.ts';

const recordScopes = [
  'event-record-common-context',
  'event-record-specific-context',
  'event-record-payload',
] as const;

const scopeKeys: Partial<Record<Scope, string>> = {
  'event-record-common-context': ',"context":',
  'event-record-specific-context': ',"specific_context":',
  'event-record-payload': ',"payload":',
};

export interface JsonEventsSettings {
  readonly buffer: TextBuffer;
  readonly options: JsonOptions;
  readonly origin: TimeOrigin;
  readonly backEnd: BackEnd;
}

/** Makes the handlers that print records as JSON, and the lines of discarded items. */
export class JsonEvents {
  readonly #settings: JsonEventsSettings;
  readonly #times = new Map<string, JsonTimeWriter>();
  readonly #contextCaches = new Map<DataStream, ContextCache | undefined>();

  constructor(settings: JsonEventsSettings) {
    this.#settings = settings;
  }

  handlerFor(stream: DataStream, eventRecordClass: EventRecordClass): EventHandler {
    const { buffer, backEnd } = this.#settings;
    const name = eventText(stream, eventRecordClass);
    const time = this.#timeOf(stream);
    const head = new JsonHead(buffer, time, (cursor) => this.#headText(name, cursor));
    const scopes = new Map<Scope, string>();
    for (const scope of recordScopes) {
      if (visibleScope(scopeFieldClass(eventRecordClass, scope)) === undefined) continue;
      scopes.set(scope, scopeKeys[scope] ?? '');
    }
    return backEnd === 'closures'
      ? this.#visitingHandler(head, eventRecordClass, scopes)
      : this.#generatedHandler(stream, eventRecordClass, { head, scopes });
  }

  discarded(discarded: Discarded, type: 'discarded-events' | 'discarded-packets'): void {
    const { stream, count, begin, end } = discarded;
    const times = [begin, end].map((time) => (time ? `"${time.nsFromOrigin}"` : 'null'));
    const time = formatJsonTime(begin?.nsFromOrigin, this.#isoOf(stream));
    this.#settings.buffer.text(
      `{"type":"${type}","ts":${time}${streamText(stream)},"count":${count ?? null},"begin":${times[0]},"end":${times[1]}}\n`,
    );
  }

  #isoOf(stream: DataStream): 'none' | 'null' | 'utc' {
    if (!this.#settings.options.isoTime) return 'none';
    return stream.dataStreamClass.defaultClockClass?.origin === 'unix-epoch' ? 'utc' : 'null';
  }

  #timeOf(stream: DataStream): JsonTimeWriter {
    const iso = this.#isoOf(stream);
    let time = this.#times.get(iso);
    if (time === undefined) {
      const { buffer, origin } = this.#settings;
      time = new JsonTimeWriter(buffer, origin, iso);
      this.#times.set(iso, time);
    }
    return time;
  }

  /** What stands after the time in the lines of the present packet: `cpu` and the rest of the packet context. */
  #headText(name: string, cursor: RecordCursor): Uint8Array {
    const context = visibleScope(cursor.stream.dataStreamClass.packetContext);
    if (context === undefined) return utf8(name);
    const cpu = cpuMember(context);
    const omitted = new Set(cpu === undefined ? [] : [cpu]);
    const parts: Uint8Array[] = [utf8(name + cpuText(cursor, cpu))];
    if (visibleMembers(context).some((member) => !omitted.has(member))) {
      const write = (bytes: Uint8Array) => void parts.push(bytes.slice());
      const buffer = new TextBuffer({ isTerminal: false, write });
      const printer = new JsonFieldPrinter(buffer, this.#settings.options.wideIntegers, omitted);
      printer.text(',"packet":');
      visitScope(context, cursor, cursor.packetContextOffsetBits, printer);
      buffer.length = printer.at;
      buffer.flush();
    }
    return Buffer.concat(parts);
  }

  #visitingHandler(
    head: JsonHead,
    eventRecordClass: EventRecordClass,
    scopes: ReadonlyMap<Scope, string>,
  ): EventHandler {
    const { buffer, options } = this.#settings;
    const printer = new JsonFieldPrinter(buffer, options.wideIntegers);
    const steps: (readonly [StructureFieldClass, string | undefined])[] = [];
    for (const scope of recordScopes) {
      const fieldClass = scopeFieldClass(eventRecordClass, scope);
      if (fieldClass !== undefined) steps.push([fieldClass, scopes.get(scope)]);
    }
    return (cursor) => {
      let offsetBits = cursor.bodyOffsetBits;
      printer.begin(head.write(cursor));
      for (const [fieldClass, before] of steps) {
        if (before !== undefined) printer.text(before);
        offsetBits = visitScope(
          fieldClass,
          cursor,
          offsetBits,
          before === undefined ? {} : printer,
        );
      }
      printer.text('}\n');
      buffer.length = printer.at;
      buffer.flushIfFull();
      return offsetBits;
    };
  }

  #generatedHandler(
    stream: DataStream,
    eventRecordClass: EventRecordClass,
    parts: { readonly head: JsonHead; readonly scopes: ReadonlyMap<Scope, string> },
  ): EventHandler {
    const { buffer, options } = this.#settings;
    const base = { ...parts, buffer, wideIntegers: options.wideIntegers };
    const cache = this.#contextCacheOf(stream);
    if (cache === undefined) return compileWalk(eventRecordClass, new JsonCodePrinter(base));
    const compile = (mode: 'store' | 'reuse') =>
      compileWalk(eventRecordClass, new JsonCodePrinter({ ...base, context: { cache, mode } }));
    const storing = compile('store');
    let reusing: EventHandler | undefined;
    return (cursor) => {
      if (!cache.matches(cursor)) return storing(cursor);
      reusing ??= compile('reuse');
      return reusing(cursor);
    };
  }

  /** One for each stream: its records share the context. */
  #contextCacheOf(stream: DataStream): ContextCache | undefined {
    if (this.#contextCaches.has(stream)) return this.#contextCaches.get(stream);
    const context = visibleScope(stream.dataStreamClass.eventRecordCommonContext);
    const cache = ContextCache.for(context);
    this.#contextCaches.set(stream, cache);
    return cache;
  }
}

/** Name and level of the event, and where it comes from: the same for all records of a class in a stream. */
function eventText(stream: DataStream, eventRecordClass: EventRecordClass): string {
  const { name, id, logLevel } = eventRecordClass;
  const shownName = name === undefined ? `,"name":null,"id":${id}` : `,"name":${jsonString(name)}`;
  const level = logLevel === undefined ? '' : `,"level":"${logLevel}"`;
  return shownName + level + streamText(stream);
}

function streamText(stream: DataStream): string {
  const { trace, dataStreamClass, id } = stream;
  const traceName = trace.name === undefined ? '' : `,"trace":${jsonString(trace.name)}`;
  const hasClasses = trace.traceClass.dataStreamClasses.size > 1;
  const classId = hasClasses ? `,"stream_class":${jsonId(dataStreamClass.id)}` : '';
  return `${traceName}${classId},"stream":${jsonId(id)}`;
}

function jsonId(id: bigint): string {
  return Number.isSafeInteger(Number(id)) ? String(id) : `"${id}"`;
}

/** The packet context's `cpu_id`, as LTTng, barectf and perf name it. */
function cpuMember(context: StructureFieldClass): StructureMember | undefined {
  return context.members.find(
    ({ name, fieldClass }) =>
      name === 'cpu_id' &&
      fieldClass.type === 'fixed-length-unsigned-integer' &&
      isVisible(fieldClass),
  );
}

function cpuText(cursor: RecordCursor, member: StructureMember | undefined): string {
  if (member === undefined) return '';
  const context = decodeScope(cursor, 'packet-context');
  const value = (context as { readonly cpu_id?: unknown }).cpu_id;
  return typeof value === 'number' ? `,"cpu":${value}` : `,"cpu":"${value}"`;
}
