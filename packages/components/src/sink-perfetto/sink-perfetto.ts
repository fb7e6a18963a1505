import { type BackEnd, defaultBackEnd } from '@sonde/ctf';
import { type ComponentContext, ParameterReader, type Sink, type SinkClass } from '@sonde/graph';
import {
  type Discarded,
  type Downstream,
  EventDownstream,
  type EventHandler,
  type RecordCursor,
  type TimeOrigin,
} from '@sonde/trace-model';
import { parseFieldSelection } from '../field-selection.ts';
import { createOutputFile, type OutputFile } from '../sink-text/output-file.ts';
import { TextBuffer } from '../sink-text/text-buffer.ts';
import { PerfettoEvents } from './perfetto-events.ts';

/** `sink.perfetto.json`: trace events as Chrome's tracing and Perfetto's UI read them. */
export const perfettoSink: SinkClass = {
  kind: 'sink',
  plugin: 'perfetto',
  className: 'json',
  description: 'Write trace events that load in ui.perfetto.dev and chrome://tracing',
  parameterHelp: {
    path: 'Write to this file instead of the standard output.',
    fields: 'Names of the payload fields to write ("*" matches anything). Default: all.',
  },
  create: (context) => new PerfettoSink(context, defaultBackEnd()),
};

/** `perfettoSink` with a back end of choice: for tests. */
export function createPerfettoSink(context: ComponentContext, backEnd: BackEnd): Sink {
  return new PerfettoSink(context, backEnd);
}

class PerfettoSink implements Sink {
  readonly #file: OutputFile | undefined;
  readonly #events: PerfettoEvents;

  constructor(context: ComponentContext, backEnd: BackEnd) {
    const { name, parameters } = context;
    const reader = new ParameterReader(parameters, `Component ${name} (sink.perfetto.json)`);
    const path = reader.string('path');
    const names = reader.strings('fields');
    reader.rejectOthers();
    const fields = names && parseFieldSelection(names);
    this.#file = path === undefined ? undefined : createOutputFile(path);
    const buffer = new TextBuffer(this.#file?.output ?? context.output);
    const warn = (message: string) => context.warn(message);
    this.#events = new PerfettoEvents({ buffer, fields, backEnd, warn });
  }

  start(origin: TimeOrigin): Downstream {
    this.#events.begin(origin.nsFromOrigin);
    return new PerfettoDownstream(this.#events);
  }

  finish(): void {
    this.#events.finish();
    this.#file?.close();
  }
}

class PerfettoDownstream extends EventDownstream {
  readonly #events: PerfettoEvents;

  constructor(events: PerfettoEvents) {
    super();
    this.#events = events;
  }

  override eventHandler(cursor: RecordCursor): EventHandler {
    return this.#events.handlerFor(cursor.stream, cursor.eventRecordClass);
  }

  override discardedEvents(discarded: Discarded): void {
    this.#events.discarded(discarded, 'events');
  }

  override discardedPackets(discarded: Discarded): void {
    this.#events.discarded(discarded, 'packets');
  }
}
