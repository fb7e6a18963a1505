import {
  type BackEnd,
  BodyWalk,
  backEndFor,
  compileWalk,
  silentVisitor,
  visitScope,
} from '@sonde/ctf';
import type {
  DataStream,
  DataStreamClass,
  EventHandler,
  EventRecordClass,
  Packet,
  RecordCursor,
  Scope,
  StructureFieldClass,
  TimeOrigin,
} from '@sonde/trace-model';
import { bodyScopes, scopeFieldClass } from '@sonde/trace-model';
import { memberFilter } from '../field-selection.ts';
import type { Colors } from '../sink-text/colors.ts';
import { TextBuffer, utf8 } from '../sink-text/text-buffer.ts';
import { isVisible, visibleScope } from '../trace-ir.ts';
import { CodePrinter, type ScopeTextOptions } from './code-printer.ts';
import { ContextCache } from './context-cache.ts';
import { FieldPrinter } from './field-printer.ts';
import { lineHeader, nameText } from './line-header.ts';
import type { PrettyOptions } from './pretty-options.ts';
import { type ContextReuse, RecordPrinter } from './record-printer.ts';
import { TimeWriter } from './time-writer.ts';

const scopeNames: Partial<Record<Scope, string>> = {
  'packet-context': 'stream.packet.context',
  'event-record-common-context': 'stream.event.context',
  'event-record-specific-context': 'event.context',
  'event-record-payload': 'event.fields',
};

const noText = new Uint8Array(0);
/** Longer packet contexts are joined with the header for each record. */
const maxJoinedBytes = 65_536;

type Scopes = ReadonlyMap<Scope, ScopeTextOptions>;

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
  readonly #packetContexts = new Map<DataStream, { packet: Packet; text: Uint8Array }>();
  readonly #contextPrinters = new Map<DataStreamClass, EventHandler>();
  readonly #wholeBodies = new Map<EventRecordClass, EventHandler>();
  readonly #bodiesWithoutContext = new Map<EventRecordClass, EventHandler>();
  /** Where texts are made that are kept. */
  readonly #scratch: TextBuffer;
  readonly #scratchParts: Uint8Array[] = [];
  readonly #packetContextPrinter: FieldPrinter;

  constructor(settings: EventPrinterSettings) {
    const { buffer, options, colors, origin } = settings;
    this.#settings = settings;
    this.#time = new TimeWriter(buffer, options, colors, origin, (message) =>
      settings.warn(message),
    );
    this.#scratch = new TextBuffer({
      isTerminal: false,
      write: (bytes) => void this.#scratchParts.push(bytes.slice()),
    });
    const fieldOptions = this.#fieldOptions('packet-context');
    this.#packetContextPrinter = new FieldPrinter(this.#scratch, fieldOptions);
  }

  handlerFor(stream: DataStream, eventRecordClass: EventRecordClass): EventHandler {
    const { buffer, options, colors } = this.#settings;
    const header = utf8(lineHeader(options, colors, stream.trace, eventRecordClass));
    const scopes = this.#scopesOf(eventRecordClass);
    const printer = new RecordPrinter({
      buffer,
      time: this.#time,
      headText: this.#headTextAfter(header),
      body: () => this.#bodyOf(eventRecordClass, scopes),
      contexts: this.#contextReuse(stream, eventRecordClass, scopes),
    });
    return printer.print;
  }

  #fieldOptions(scope: Scope) {
    const { options, colors } = this.#settings;
    const { payload, context } = options.names;
    return {
      colors,
      withNames: scope === 'event-record-payload' ? payload : context,
      printEnumFlags: options.printEnumFlags,
      shows: options.selection && memberFilter(options.selection, scope),
    };
  }

  /** The record's visible scopes, with what stands before each. */
  #scopesOf(eventRecordClass: EventRecordClass): Scopes {
    const scopes = new Map<Scope, ScopeTextOptions>();
    const { packetContext } = eventRecordClass.dataStreamClass;
    let isFirst = this.#shownScope('packet-context', packetContext) === undefined;
    for (const scope of bodyScopes) {
      const root = scopeFieldClass(eventRecordClass, scope);
      if (this.#shownScope(scope, root) === undefined) continue;
      const before = (isFirst ? '' : ', ') + this.#scopeName(scope);
      scopes.set(scope, { ...this.#fieldOptions(scope), before });
      isFirst = false;
    }
    return scopes;
  }

  /** The scope's root, if there is something to print of it. */
  #shownScope(
    scope: Scope,
    root: StructureFieldClass | undefined,
  ): StructureFieldClass | undefined {
    const visible = visibleScope(root);
    const { shows } = this.#fieldOptions(scope);
    if (visible === undefined || shows === undefined) return visible;
    const isShown = visible.members.some((m) => shows(m.name) && isVisible(m.fieldClass));
    return isShown ? visible : undefined;
  }

  #scopeName(scope: Scope): string {
    const { options, colors } = this.#settings;
    return options.names.scope ? nameText(colors, colors.bold, scopeNames[scope] ?? '') : '';
  }

  /** Joins the line's header and the packet context, again only when the context changes. */
  #headTextAfter(header: Uint8Array): (cursor: RecordCursor) => Uint8Array {
    let context: Uint8Array | undefined;
    let text = header;
    return (cursor) => {
      const newContext = this.#packetContextOf(cursor);
      if (newContext.length > maxJoinedBytes) return Buffer.concat([header, newContext]);
      if (newContext !== context) text = Buffer.concat([header, newContext]);
      context = newContext;
      return text;
    };
  }

  /** The text of the packet's context: the same array while packets of the stream have the same. */
  #packetContextOf(cursor: RecordCursor): Uint8Array {
    const { packet, stream } = cursor;
    const before = this.#packetContexts.get(stream);
    if (before?.packet === packet) return before.text;
    const made = this.#packetContextText(cursor);
    const text =
      before !== undefined && Buffer.compare(before.text, made) === 0 ? before.text : made;
    this.#packetContexts.set(stream, { packet, text });
    return text;
  }

  #packetContextText(cursor: RecordCursor): Uint8Array {
    const { packetContext } = cursor.stream.dataStreamClass;
    const context = this.#shownScope('packet-context', packetContext);
    if (context === undefined) return noText;
    const buffer = this.#scratch;
    this.#packetContextPrinter.begin(0);
    this.#packetContextPrinter.text(this.#scopeName('packet-context'));
    visitScope(context, cursor, cursor.packetContextOffsetBits, this.#packetContextPrinter);
    buffer.length = this.#packetContextPrinter.at;
    return this.#takeScratch();
  }

  /** The text that was made in `#scratch`. */
  #takeScratch(): Uint8Array {
    this.#scratch.flush();
    return Buffer.concat(this.#scratchParts.splice(0));
  }

  /** One for each event record class, whatever the stream. */
  #bodyOf(eventRecordClass: EventRecordClass, scopes: Scopes): EventHandler {
    const withContext = scopes.has('event-record-common-context');
    const bodies = withContext ? this.#wholeBodies : this.#bodiesWithoutContext;
    let body = bodies.get(eventRecordClass);
    if (body === undefined) {
      body = this.#makeBody(eventRecordClass, this.#settings.buffer, scopes, '\n');
      bodies.set(eventRecordClass, body);
    }
    return body;
  }

  #makeBody(
    eventRecordClass: EventRecordClass,
    buffer: TextBuffer,
    scopes: Scopes,
    after: string,
  ): EventHandler {
    // Generated code prints all fields.
    const backEnd = backEndFor(eventRecordClass, this.#settings.backEnd);
    if (backEnd === 'generated' && this.#settings.options.selection === undefined) {
      return compileWalk(eventRecordClass, new CodePrinter({ buffer, scopes, after }));
    }
    const steps: [StructureFieldClass, ScopeTextOptions | undefined, FieldPrinter][] = [];
    for (const scope of bodyScopes) {
      const fieldClass = scopeFieldClass(eventRecordClass, scope);
      if (fieldClass === undefined) continue;
      const printer = new FieldPrinter(buffer, this.#fieldOptions(scope));
      steps.push([fieldClass, scopes.get(scope), printer]);
    }
    const ending = new FieldPrinter(buffer, this.#fieldOptions('event-record-payload'));
    return (cursor) => {
      let at = buffer.pending;
      const walk = new BodyWalk(cursor);
      for (const [fieldClass, options, printer] of steps) {
        printer.begin(at);
        printer.text(options?.before ?? '');
        walk.visit(fieldClass, options ? printer : silentVisitor);
        at = printer.at;
      }
      ending.begin(at);
      ending.text(after);
      buffer.length = ending.at;
      return walk.offsetBits;
    };
  }

  #contextReuse(
    stream: DataStream,
    eventRecordClass: EventRecordClass,
    scopes: Scopes,
  ): ContextReuse | undefined {
    const context = scopes.get('event-record-common-context');
    const cache = context && this.#contextCacheOf(stream);
    if (cache === undefined) return undefined;
    const others = new Map(scopes);
    others.delete('event-record-common-context');
    const fill = this.#contextPrinterOf(stream.dataStreamClass, { ...context!, before: '' });
    return {
      cache,
      before: utf8(context!.before),
      body: () => this.#bodyOf(eventRecordClass, others),
      fill: (cursor) => {
        this.#scratch.pending = 0;
        fill(cursor);
        cache.keep(cursor, this.#takeScratch());
      },
    };
  }

  /** Prints a common context alone to `#scratch`. */
  #contextPrinterOf(dataStreamClass: DataStreamClass, options: ScopeTextOptions): EventHandler {
    let printer = this.#contextPrinters.get(dataStreamClass);
    if (printer === undefined) {
      // A record class with nothing else in it.
      const contextOnly: EventRecordClass = { id: 0n, dataStreamClass };
      const scopes = new Map([['event-record-common-context' as const, options]]);
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
