import { closeSync, openSync, writeSync } from 'node:fs';
import { UsageError } from '@sonde/base';
import { type BackEnd, defaultBackEnd } from '@sonde/ctf';
import type { ComponentContext, OutputPort, Sink, SinkClass } from '@sonde/graph';
import {
  type Discarded,
  type Downstream,
  EventDownstream,
  type EventHandler,
  type RecordCursor,
  type TimeOrigin,
} from '@sonde/trace-model';
import { noColors, terminalColors } from '../sink-text/colors.ts';
import { TextBuffer } from '../sink-text/text-buffer.ts';
import { discardedText } from './discarded-text.ts';
import { EventPrinter } from './event-printer.ts';
import { type PrettyOptions, prettyParameterHelp, readPrettyOptions } from './pretty-options.ts';

/** `sink.text.pretty`: one line for each event (spec §6.1). */
export const prettySink: SinkClass = {
  kind: 'sink',
  plugin: 'text',
  className: 'pretty',
  description: 'Print events as lines of text',
  parameterHelp: prettyParameterHelp,
  create: (context) => new PrettySink(context, defaultBackEnd()),
};

/** `prettySink` with a back end of choice: for tests. */
export function createPrettySink(context: ComponentContext, backEnd: BackEnd): Sink {
  return new PrettySink(context, backEnd);
}

class PrettySink implements Sink {
  readonly #context: ComponentContext;
  readonly #options: PrettyOptions;
  readonly #backEnd: BackEnd;
  readonly #output: OutputPort;
  readonly #closeOutput: () => void;
  readonly #buffer: TextBuffer;

  constructor(context: ComponentContext, backEnd: BackEnd) {
    this.#context = context;
    this.#backEnd = backEnd;
    this.#options = readPrettyOptions(context.parameters, context.name);
    const { path } = this.#options;
    const file = path === undefined ? undefined : openFile(path);
    this.#output = file?.output ?? context.output;
    this.#closeOutput = file?.close ?? (() => {});
    this.#buffer = new TextBuffer(this.#output);
  }

  start(origin: TimeOrigin): Downstream {
    const { color } = this.#options;
    const isColored = color === 'always' || (color === 'auto' && this.#output.isTerminal);
    const colors = isColored ? terminalColors : noColors;
    return new PrettyDownstream(
      new EventPrinter({
        buffer: this.#buffer,
        options: this.#options,
        colors,
        origin,
        backEnd: this.#backEnd,
        warn: (message) => this.#context.warn(message),
      }),
      (discarded, noun) => {
        // In the order of time on a terminal, where both outputs meet.
        if (this.#output.isTerminal) this.#buffer.flush();
        this.#context.warn(discardedText(discarded, noun, this.#options));
      },
    );
  }

  finish(): void {
    try {
      this.#buffer.flush();
    } finally {
      this.#closeOutput();
    }
  }
}

/** @throws UsageError when the file can't be written */
function openFile(path: string): { output: OutputPort; close: () => void } {
  const file = createFile(path);
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
  };
  return { output: { isTerminal: false, write }, close: () => closeSync(file) };
}

function createFile(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new UsageError('cannot-write', `Cannot write to ${path}.`, {}, { cause });
  }
}

class PrettyDownstream extends EventDownstream {
  readonly #events: EventPrinter;
  readonly #warnDiscarded: (discarded: Discarded, noun: 'event' | 'packet') => void;

  constructor(
    events: EventPrinter,
    warnDiscarded: (discarded: Discarded, noun: 'event' | 'packet') => void,
  ) {
    super();
    this.#events = events;
    this.#warnDiscarded = warnDiscarded;
  }

  override eventHandler(cursor: RecordCursor): EventHandler {
    return this.#events.handlerFor(cursor.stream, cursor.eventRecordClass);
  }

  override discardedEvents(discarded: Discarded): void {
    this.#warnDiscarded(discarded, 'event');
  }

  override discardedPackets(discarded: Discarded): void {
    this.#warnDiscarded(discarded, 'packet');
  }
}
