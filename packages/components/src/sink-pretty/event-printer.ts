import { type BackEnd, compileWalk, visitScope } from '@sonde/ctf';
import type {
  DataStream,
  EventHandler,
  EventRecordClass,
  RecordCursor,
  Scope,
  StructureFieldClass,
  TimeOrigin,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';
import type { Colors } from '../sink-text/colors.ts';
import { TextBuffer, utf8 } from '../sink-text/text-buffer.ts';
import { visibleScope } from '../trace-ir.ts';
import { CodePrinter, type ScopeTextOptions } from './code-printer.ts';
import { ContextCache } from './context-cache.ts';
import { FieldPrinter } from './field-printer.ts';
import { lineHeader, nameText } from './line-header.ts';
import type { PrettyOptions } from './pretty-options.ts';
import { RecordHead } from './record-head.ts';
import { TimeWriter } from './time-writer.ts';

const recordScopes = [
  'event-record-common-context',
  'event-record-specific-context',
  'event-record-payload',
] as const;

const scopeNames: Partial<Record<Scope, string>> = {
  'packet-context': 'stream.packet.context',
  'event-record-common-context': 'stream.event.context',
  'event-record-specific-context': 'event.context',
  'event-record-payload': 'event.fields',
};

export interface EventPrinterSettings {
  readonly buffer: TextBuffer;
  readonly options: PrettyOptions;
  readonly colors: Colors;
  readonly origin: TimeOrigin;
  readonly backEnd: BackEnd;
  warn(message: string): void;
}

/** Makes the handlers that print records. */
export class EventPrinter {
  readonly #settings: EventPrinterSettings;
  readonly #time: TimeWriter;
  readonly #contextCaches = new Map<DataStream, ContextCache | undefined>();

  constructor(settings: EventPrinterSettings) {
    const { buffer, options, colors, origin } = settings;
    this.#settings = settings;
    this.#time = new TimeWriter(buffer, options, colors, origin, (message) =>
      settings.warn(message),
    );
  }

  handlerFor(stream: DataStream, eventRecordClass: EventRecordClass): EventHandler {
    const { buffer, options, colors, backEnd } = this.#settings;
    const header = utf8(lineHeader(options, colors, stream.trace, eventRecordClass));
    const head = new RecordHead(buffer, this.#time, (cursor) => this.#headText(header, cursor));
    const scopes = this.#scopesOf(eventRecordClass);
    if (backEnd === 'closures') return this.#visitingHandler(head, eventRecordClass, scopes);
    return this.#generatedHandler(stream, eventRecordClass, { buffer, head, scopes });
  }

  #fieldOptions(scope: Scope) {
    const { options, colors } = this.#settings;
    const { payload, context } = options.names;
    return {
      colors,
      withNames: scope === 'event-record-payload' ? payload : context,
      printEnumFlags: options.printEnumFlags,
    };
  }

  /** The record's visible scopes, with what stands before each. */
  #scopesOf(eventRecordClass: EventRecordClass): ReadonlyMap<Scope, ScopeTextOptions> {
    const scopes = new Map<Scope, ScopeTextOptions>();
    const { packetContext } = eventRecordClass.dataStreamClass;
    let isFirst = visibleScope(packetContext) === undefined;
    for (const scope of recordScopes) {
      if (visibleScope(scopeFieldClass(eventRecordClass, scope)) === undefined) continue;
      const before = (isFirst ? '' : ', ') + this.#scopeName(scope);
      scopes.set(scope, { ...this.#fieldOptions(scope), before });
      isFirst = false;
    }
    return scopes;
  }

  #scopeName(scope: Scope): string {
    const { options, colors } = this.#settings;
    return options.names.scope ? nameText(colors, colors.bold, scopeNames[scope] ?? '') : '';
  }

  /** What stands after the time in the lines of the present packet. */
  #headText(header: Uint8Array, cursor: RecordCursor): Uint8Array {
    const context = visibleScope(cursor.stream.dataStreamClass.packetContext);
    if (context === undefined) return header;
    const parts: Uint8Array[] = [];
    const write = (bytes: Uint8Array) => void parts.push(bytes.slice());
    const buffer = new TextBuffer({ isTerminal: false, write });
    const printer = new FieldPrinter(buffer, this.#fieldOptions('packet-context'));
    buffer.copy(header, 0, header.length);
    printer.begin(buffer.length);
    printer.text(this.#scopeName('packet-context'));
    visitScope(context, cursor, cursor.packetContextOffsetBits, printer);
    buffer.length = printer.at;
    buffer.flush();
    return Buffer.concat(parts);
  }

  #visitingHandler(
    head: RecordHead,
    eventRecordClass: EventRecordClass,
    scopes: ReadonlyMap<Scope, ScopeTextOptions>,
  ): EventHandler {
    const { buffer } = this.#settings;
    const steps: [StructureFieldClass, ScopeTextOptions | undefined, FieldPrinter][] = [];
    for (const scope of recordScopes) {
      const fieldClass = scopeFieldClass(eventRecordClass, scope);
      if (fieldClass === undefined) continue;
      const printer = new FieldPrinter(buffer, this.#fieldOptions(scope));
      steps.push([fieldClass, scopes.get(scope), printer]);
    }
    return (cursor) => {
      let at = head.write(cursor);
      let offsetBits = cursor.bodyOffsetBits;
      for (const [fieldClass, options, printer] of steps) {
        printer.begin(at);
        printer.text(options?.before ?? '');
        offsetBits = visitScope(fieldClass, cursor, offsetBits, options ? printer : {});
        at = printer.at;
      }
      at = buffer.room(at, 1);
      buffer.bytes[at] = 10;
      head.complete(at + 1);
      buffer.flushIfFull();
      return offsetBits;
    };
  }

  #generatedHandler(
    stream: DataStream,
    eventRecordClass: EventRecordClass,
    parts: {
      readonly buffer: TextBuffer;
      readonly head: RecordHead;
      readonly scopes: ReadonlyMap<Scope, ScopeTextOptions>;
    },
  ): EventHandler {
    const cache = this.#contextCacheOf(stream);
    if (cache === undefined) return compileWalk(eventRecordClass, new CodePrinter(parts));
    const storing = compileWalk(
      eventRecordClass,
      new CodePrinter({ ...parts, context: { cache, mode: 'store' } }),
    );
    let reusing: EventHandler | undefined;
    return (cursor) => {
      if (!cache.matches(cursor)) return storing(cursor);
      reusing ??= compileWalk(
        eventRecordClass,
        new CodePrinter({ ...parts, context: { cache, mode: 'reuse' } }),
      );
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
