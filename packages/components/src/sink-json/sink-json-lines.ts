import { type BackEnd, defaultBackEnd } from '@sonde/ctf';
import type { ComponentContext, Sink, SinkClass } from '@sonde/graph';
import {
  type Discarded,
  type Downstream,
  EventDownstream,
  type EventHandler,
  type RecordCursor,
  type TimeOrigin,
} from '@sonde/trace-model';
import { createOutputFile, type OutputFile } from '../sink-text/output-file.ts';
import { TextBuffer } from '../sink-text/text-buffer.ts';
import { JsonEvents } from './json-events.ts';
import { type JsonOptions, jsonParameterHelp, readJsonOptions } from './json-options.ts';

/** `sink.json.lines`: one JSON object on a line for each event and each discarded item. Shape: docs of this package. */
export const jsonLinesSink: SinkClass = {
  kind: 'sink',
  plugin: 'json',
  className: 'lines',
  description: 'Print events as lines of JSON',
  parameterHelp: jsonParameterHelp,
  create: (context) => new JsonLinesSink(context, defaultBackEnd()),
};

/** `jsonLinesSink` with a back end of choice: for tests. */
export function createJsonLinesSink(context: ComponentContext, backEnd: BackEnd): Sink {
  return new JsonLinesSink(context, backEnd);
}

class JsonLinesSink implements Sink {
  readonly #options: JsonOptions;
  readonly #backEnd: BackEnd;
  readonly #file: OutputFile | undefined;
  readonly #buffer: TextBuffer;

  constructor(context: ComponentContext, backEnd: BackEnd) {
    this.#backEnd = backEnd;
    this.#options = readJsonOptions(context.parameters, context.name);
    const { path } = this.#options;
    this.#file = path === undefined ? undefined : createOutputFile(path);
    this.#buffer = new TextBuffer(this.#file?.output ?? context.output);
  }

  start(origin: TimeOrigin): Downstream {
    const events = new JsonEvents({
      buffer: this.#buffer,
      options: this.#options,
      origin,
      backEnd: this.#backEnd,
    });
    return new JsonLinesDownstream(events);
  }

  finish(): void {
    this.#buffer.flush();
    this.#file?.close();
  }
}

class JsonLinesDownstream extends EventDownstream {
  readonly #events: JsonEvents;

  constructor(events: JsonEvents) {
    super();
    this.#events = events;
  }

  override eventHandler(cursor: RecordCursor): EventHandler {
    return this.#events.handlerFor(cursor.stream, cursor.eventRecordClass);
  }

  override discardedEvents(discarded: Discarded): void {
    this.#events.discarded(discarded, 'discarded-events');
  }

  override discardedPackets(discarded: Discarded): void {
    this.#events.discarded(discarded, 'discarded-packets');
  }
}
