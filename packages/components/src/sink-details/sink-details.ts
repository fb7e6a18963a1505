import { BodyWalk, silentVisitor, visitScope } from '@sonde/ctf';
import type { ComponentContext, Sink, SinkClass } from '@sonde/graph';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  StructureFieldClass,
  Trace,
} from '@sonde/trace-model';
import { noColors, terminalColors } from '../sink-text/colors.ts';
import { TextBuffer } from '../sink-text/text-buffer.ts';
import { namespaceOf, visibleScope } from '../trace-ir.ts';
import {
  type DetailsOptions,
  detailsParameterHelp,
  readDetailsOptions,
} from './details-options.ts';
import { DetailsWriter } from './details-writer.ts';
import { FieldText } from './field-text.ts';
import { MetadataText } from './metadata-text.ts';
import { formatDecimal } from './number-format.ts';
import { writeEnvironment } from './value-text.ts';

/** `sink.text.details`: every message with all there is to it, the same text for the same messages (spec §6.2). */
export const detailsSink: SinkClass = {
  kind: 'sink',
  plugin: 'text',
  className: 'details',
  description: 'Print messages with details',
  parameterHelp: detailsParameterHelp,
  create: (context) => new DetailsSink(context),
};

class DetailsSink implements Sink {
  readonly #buffer: TextBuffer;
  readonly #printer: DetailsPrinter;

  constructor(context: ComponentContext) {
    const options = readDetailsOptions(context.parameters, context.name);
    const isColored =
      options.color === 'always' || (options.color === 'auto' && context.output.isTerminal);
    this.#buffer = new TextBuffer(context.output);
    const out = new DetailsWriter(this.#buffer, isColored ? terminalColors : noColors);
    this.#printer = new DetailsPrinter(out, options);
  }

  start(): Downstream {
    return this.#printer;
  }

  finish(): void {
    this.#buffer.flush();
  }
}

class DetailsPrinter implements Downstream {
  readonly #out: DetailsWriter;
  readonly #options: DetailsOptions;
  readonly #metadata: MetadataText;
  readonly #fields: FieldText;
  readonly #traceNumbers = new Map<Trace, number>();
  readonly #streams = new Map<Trace, DataStream[]>();
  /** `{Trace 0, …}` of each stream. */
  readonly #identities = new Map<DataStream, string>();
  #hasPrinted = false;
  readonly #handler: EventHandler = (cursor) => this.#event(cursor);

  constructor(out: DetailsWriter, options: DetailsOptions) {
    this.#out = out;
    this.#options = options;
    this.#metadata = new MetadataText(out, options);
    this.#fields = new FieldText(out);
  }

  eventHandler(): EventHandler {
    return this.#handler;
  }

  streamBeginning(stream: DataStream, time?: ClockSnapshot): void {
    const { trace } = stream;
    if (!this.#traceNumbers.has(trace)) this.#traceNumbers.set(trace, this.#traceNumbers.size);
    const begun = this.#streams.get(trace) ?? [];
    begun.push(stream);
    this.#streams.set(trace, begun);
    this.#writeMetadata(stream);
    this.#message(stream, this.#streamTime(stream, time), () => {
      this.#out.object('Stream beginning');
      if (this.#options.compact) return;
      this.#out.text(':');
      this.#out.nested(() => this.#streamBody(stream));
    });
  }

  streamEnd(stream: DataStream, time?: ClockSnapshot): void {
    this.#message(stream, this.#streamTime(stream, time), () => this.#out.object('Stream end'));
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const { stream } = packet;
    this.#message(stream, timesOf(packet.begin), () => {
      this.#out.object('Packet beginning');
      const context = visibleScope(stream.dataStreamClass.packetContext);
      if (this.#options.compact || context === undefined) return;
      this.#out.text(':');
      this.#out.nested(() => {
        this.#out.property('Context');
        visitScope(context, cursor, cursor.packetContextOffsetBits, this.#fields);
      });
    });
  }

  packetEnd(packet: Packet): void {
    this.#message(packet.stream, timesOf(packet.end), () => this.#out.object('Packet end'));
  }

  discardedEvents(discarded: Discarded): void {
    this.#discarded(discarded, 'events');
  }

  discardedPackets(discarded: Discarded): void {
    this.#discarded(discarded, 'packets');
  }

  inactivity(time: ClockSnapshot): void {
    if (!this.#options.withData) return;
    this.#separate();
    this.#times([time]);
    this.#out.object('Message iterator inactivity');
    this.#endBlock();
  }

  #event(cursor: RecordCursor): number {
    const { eventRecordClass, stream } = cursor;
    if (this.#options.withMetadata && !this.#metadata.isWritten(eventRecordClass)) {
      this.#block(() => this.#metadata.writeEventClass(eventRecordClass));
    }
    let endBits = -1;
    const begin = this.#out.buffer.length;
    const hadPrinted = this.#hasPrinted;
    try {
      this.#message(stream, timesOf(cursor.clockSnapshot()), () => {
        endBits = this.#eventBody(cursor);
      });
    } catch (error) {
      // Nothing of a record that can't be read to its end.
      this.#out.buffer.length = Math.min(begin, this.#out.buffer.length);
      this.#hasPrinted = hadPrinted;
      throw error;
    }
    return endBits;
  }

  #eventBody(cursor: RecordCursor): number {
    const { name, id, specificContext, payload, dataStreamClass } = cursor.eventRecordClass;
    const out = this.#out;
    out.object('Event');
    if (name !== undefined) {
      out.text(' `');
      out.colored(out.colors.green, name);
      out.text('`');
    }
    out.text(this.#options.compact ? ' (' : ' (Class ID ');
    out.bold(String(id));
    out.text(')');
    if (this.#options.compact) return -1;
    out.text(':');
    const walk = new BodyWalk(cursor);
    out.nested(() => {
      for (const [title, scope] of [
        ['Common context', dataStreamClass.eventRecordCommonContext],
        ['Specific context', specificContext],
        ['Payload', payload],
      ] as const) {
        if (scope !== undefined) this.#scope(title, scope, walk);
      }
    });
    return walk.offsetBits;
  }

  /** Walks the scope, and prints it when it is visible. */
  #scope(title: string, fieldClass: StructureFieldClass, walk: BodyWalk): void {
    const isVisible = visibleScope(fieldClass) !== undefined;
    if (isVisible) this.#out.property(title);
    walk.visit(fieldClass, isVisible ? this.#fields : silentVisitor);
  }

  #streamBody(stream: DataStream): void {
    const out = this.#out;
    const { trace, dataStreamClass } = stream;
    if (this.#options.withStreamName) out.propertyText('Name', stream.name);
    if (this.#options.withStreamClassName && dataStreamClass.name !== undefined) {
      out.propertyText('Class name', dataStreamClass.name);
    }
    out.newLine();
    out.object('Trace');
    this.#traceIdentity(trace);
    out.text(':');
    out.nested(() => {
      const count = trace.environment.size;
      if (count > 0) {
        out.property('Environment');
        out.text(' (');
        out.bold(formatDecimal(count));
        out.text(count === 1 ? ' entry):' : ' entries):');
        out.nested(() => writeEnvironment(out, trace.environment));
      }
      const streams = trace.streams ?? this.#streams.get(trace) ?? [];
      for (const { id, dataStreamClass: streamClass } of [...streams].sort(compareStreams)) {
        out.newLine();
        out.object('Stream');
        out.text(' (ID ');
        out.bold(String(id));
        out.text(', Class ID ');
        out.bold(String(streamClass.id));
        out.text(')');
      }
    });
  }

  #traceIdentity(trace: Trace): void {
    const out = this.#out;
    if (this.#options.withTraceName && trace.name !== undefined) {
      out.text(' `');
      out.bold(trace.name);
      out.text('`');
    }
    const namespace = namespaceOf(trace.traceClass);
    const uid = this.#options.withUid ? trace.traceClass.uid : undefined;
    const parts = [];
    if (namespace !== undefined) parts.push(['Namespace', namespace] as const);
    if (uid !== undefined) parts.push(['UID', uid] as const);
    for (const [index, [title, text]] of parts.entries()) {
      out.text(`${index === 0 ? ' (' : ', '}${title} \``);
      out.bold(text);
      out.text('`');
    }
    if (parts.length > 0) out.text(')');
  }

  #discarded(discarded: Discarded, noun: 'events' | 'packets'): void {
    const { stream, begin, end, count } = discarded;
    const times = begin !== undefined && end !== undefined ? [begin, end] : [];
    this.#message(stream, times, () => {
      this.#out.object('Discarded ');
      this.#out.object(noun);
      if (count === undefined) return;
      this.#out.text(' (');
      this.#out.bold(formatDecimal(count));
      this.#out.text(` ${noun})`);
    });
  }

  #writeMetadata(stream: DataStream): void {
    if (!this.#options.withMetadata) return;
    const { dataStreamClass, trace } = stream;
    if (!this.#metadata.isWritten(trace.traceClass)) {
      this.#block(() => this.#metadata.writeTraceClass(trace.traceClass));
    } else if (!this.#metadata.isWritten(dataStreamClass)) {
      this.#block(() => this.#metadata.writeStreamClass(dataStreamClass));
    }
  }

  /** Metadata: with an empty line before it, and after it in compact mode too. */
  #block(write: () => void): void {
    if (this.#hasPrinted) this.#out.text('\n');
    write();
    this.#endBlock();
    if (this.#options.compact) this.#out.text('\n');
  }

  #separate(): void {
    if (this.#hasPrinted && !this.#options.compact) this.#out.text('\n');
  }

  #endBlock(): void {
    this.#out.text('\n');
    this.#hasPrinted = true;
    this.#out.buffer.flushIfFull();
  }

  #message(
    stream: DataStream,
    times: readonly (ClockSnapshot | undefined)[],
    write: () => void,
  ): void {
    if (!this.#options.withData) return;
    this.#separate();
    this.#times(times);
    this.#streamIdentity(stream);
    write();
    this.#endBlock();
  }

  /** Babeltrace's stream messages have a time, mostly unknown, when the stream has a clock. */
  #streamTime(
    stream: DataStream,
    time: ClockSnapshot | undefined,
  ): readonly (ClockSnapshot | undefined)[] {
    return stream.dataStreamClass.defaultClockClass === undefined ? [] : [time];
  }

  #times(times: readonly (ClockSnapshot | undefined)[]): void {
    if (!this.#options.withTime) return;
    const out = this.#out;
    const { compact } = this.#options;
    const blue = out.colors.bold + out.colors.brightBlue;
    for (const time of times) {
      out.text('[');
      if (time === undefined) {
        out.colored(blue, 'Unknown');
      } else {
        out.colored(blue, formatDecimal(time.cycles));
        out.text(compact ? ' ' : ' cycles, ');
        out.colored(blue, formatDecimal(time.nsFromOrigin));
        if (!compact) out.text(' ns from origin');
      }
      out.text(compact ? '] ' : ']\n');
    }
  }

  #streamIdentity(stream: DataStream): void {
    let text = this.#identities.get(stream);
    if (text === undefined) {
      text = this.#identityText(stream);
      this.#identities.set(stream, text);
    }
    this.#out.text(text);
  }

  #identityText(stream: DataStream): string {
    const { cyan, brightCyan, bold, reset } = this.#out.colors;
    const ids = [this.#traceNumbers.get(stream.trace) ?? 0, stream.dataStreamClass.id, stream.id];
    const marked = (text: string) => `${bold}${brightCyan}${text}${reset}${cyan}`;
    if (this.#options.compact) return `${cyan}{${marked(ids.join(' '))}}${reset} `;
    const [trace, streamClass, streamId] = ids.map((id) => marked(String(id)));
    return `${cyan}{Trace ${trace}, Stream class ID ${streamClass}, Stream ID ${streamId}}${reset}\n`;
  }
}

function timesOf(time: ClockSnapshot | undefined): readonly ClockSnapshot[] {
  return time === undefined ? [] : [time];
}

/** By id, then by class. */
function compareStreams(a: DataStream, b: DataStream): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  const [classA, classB] = [a.dataStreamClass.id, b.dataStreamClass.id];
  return classA < classB ? -1 : classA > classB ? 1 : 0;
}
