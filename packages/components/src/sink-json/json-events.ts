import { type BackEnd, decodeScope, visitScope } from '@sonde/ctf';
import {
  bodyScopes,
  type DataStream,
  type DataStreamClass,
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
import { membersOutside } from '../field-selection.ts';
import { ContextCache } from '../sink-pretty/context-cache.ts';
import { type ContextReuse, RecordPrinter } from '../sink-pretty/record-printer.ts';
import { TextBuffer, utf8 } from '../sink-text/text-buffer.ts';
import { isVisible, visibleMembers, visibleScope } from '../trace-ir.ts';
import { compileJsonBody } from './json-body.ts';
import type { JsonScope, JsonScopes } from './json-code-printer.ts';
import { JsonFieldPrinter } from './json-field-printer.ts';
import type { JsonOptions } from './json-options.ts';
import { jsonString } from './json-text.ts';
import { formatJsonTime, JsonTimeWriter } from './json-time.ts';

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
  readonly #contextPrinters = new Map<DataStreamClass, EventHandler>();
  readonly #wholeBodies = new Map<EventRecordClass, EventHandler>();
  readonly #bodiesWithoutContext = new Map<EventRecordClass, EventHandler>();
  readonly #scratchParts: Uint8Array[] = [];
  /** For texts that are kept. */
  readonly #scratch = new TextBuffer({
    isTerminal: false,
    write: (bytes) => void this.#scratchParts.push(bytes.slice()),
  });

  constructor(settings: JsonEventsSettings) {
    this.#settings = settings;
  }

  handlerFor(stream: DataStream, eventRecordClass: EventRecordClass): EventHandler {
    const { buffer } = this.#settings;
    const name = eventText(stream, eventRecordClass);
    const scopes = this.#scopesOf(eventRecordClass);
    const printer = new RecordPrinter({
      buffer,
      time: this.#timeOf(stream),
      headText: (cursor) => this.#headText(name, cursor),
      body: () => this.#bodyOf(eventRecordClass, scopes),
      contexts: this.#contextReuse(stream, eventRecordClass, scopes),
    });
    return (cursor) => printer.print(cursor);
  }

  discarded(discarded: Discarded, type: 'discarded-events' | 'discarded-packets'): void {
    const { stream, count, begin, end } = discarded;
    const times = [begin, end].map((time) => (time ? `"${time.nsFromOrigin}"` : 'null'));
    const time = formatJsonTime(begin?.nsFromOrigin, this.#isoOf(stream));
    this.#settings.buffer.text(
      `{"type":"${type}","ts":${time}${streamText(stream)},"count":${count ?? null},"begin":${times[0]},"end":${times[1]}}\n`,
    );
  }

  #scopesOf(eventRecordClass: EventRecordClass): JsonScopes {
    const { fields } = this.#settings.options;
    const shown = new Map<Scope, JsonScope>();
    for (const scope of bodyScopes) {
      const root = visibleScope(scopeFieldClass(eventRecordClass, scope));
      if (root === undefined) continue;
      const omitted = membersOutside(fields, scope, root);
      const isEmpty = visibleMembers(root).every((member) => omitted.has(member));
      if (fields !== undefined && isEmpty) continue;
      shown.set(scope, { before: scopeKeys[scope] ?? '', omitted });
    }
    return shown;
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
    const { options } = this.#settings;
    const cpu = cpuMember(context);
    const omitted = new Set(membersOutside(options.fields, 'packet-context', context));
    if (cpu !== undefined) omitted.add(cpu);
    const head = utf8(name + cpuText(cursor, cpu));
    if (visibleMembers(context).every((member) => omitted.has(member))) return head;
    const printer = new JsonFieldPrinter(this.#scratch, options.wideIntegers, omitted);
    printer.begin(0);
    printer.text(',"packet":');
    visitScope(context, cursor, cursor.packetContextOffsetBits, printer);
    this.#scratch.length = printer.at;
    this.#scratch.flush();
    return Buffer.concat([head, ...this.#scratchParts.splice(0)]);
  }

  /** One for each event record class, whatever the stream. */
  #bodyOf(eventRecordClass: EventRecordClass, scopes: JsonScopes): EventHandler {
    const withContext = scopes.has('event-record-common-context');
    const bodies = withContext ? this.#wholeBodies : this.#bodiesWithoutContext;
    let body = bodies.get(eventRecordClass);
    if (body === undefined) {
      body = this.#makeBody(eventRecordClass, this.#settings.buffer, scopes, '}\n');
      bodies.set(eventRecordClass, body);
    }
    return body;
  }

  #makeBody(
    eventRecordClass: EventRecordClass,
    buffer: TextBuffer,
    scopes: JsonScopes,
    after: string,
  ): EventHandler {
    const { options, backEnd } = this.#settings;
    const { wideIntegers } = options;
    return compileJsonBody(eventRecordClass, { buffer, scopes, after, wideIntegers }, backEnd);
  }

  #contextReuse(
    stream: DataStream,
    eventRecordClass: EventRecordClass,
    scopes: JsonScopes,
  ): ContextReuse | undefined {
    const context = scopes.get('event-record-common-context');
    const cache = context && this.#contextCacheOf(stream);
    if (context === undefined || cache === undefined) return undefined;
    const others = new Map(scopes);
    others.delete('event-record-common-context');
    const fill = this.#contextPrinterOf(stream.dataStreamClass, { ...context, before: '' });
    return {
      cache,
      before: utf8(context.before),
      body: () => this.#bodyOf(eventRecordClass, others),
      fill: (cursor) => {
        this.#scratch.pending = 0;
        fill(cursor);
        cache.keep(cursor, this.#scratch.bytes.slice(0, this.#scratch.length));
        this.#scratch.length = 0;
      },
    };
  }

  /** Prints a common context alone to `#scratch`. */
  #contextPrinterOf(dataStreamClass: DataStreamClass, scope: JsonScope): EventHandler {
    let printer = this.#contextPrinters.get(dataStreamClass);
    if (printer === undefined) {
      // A record class with nothing else in it.
      const contextOnly: EventRecordClass = { id: 0n, dataStreamClass };
      const scopes: JsonScopes = new Map([['event-record-common-context', scope]]);
      printer = this.#makeBody(contextOnly, this.#scratch, scopes, '');
      this.#contextPrinters.set(dataStreamClass, printer);
    }
    return printer;
  }

  /** One for each stream: its records share the context. */
  #contextCacheOf(stream: DataStream): ContextCache | undefined {
    if (this.#contextCaches.has(stream)) return this.#contextCaches.get(stream);
    const cache = ContextCache.for(stream.dataStreamClass.eventRecordCommonContext);
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
