import type { Downstream, MessageIterator, TimeOrigin } from '@sonde/trace-model';
import type { ParameterMap } from './parameters.ts';

/** What the runtime lends to components: never reach for `process` from a component. */
export interface ComponentContext {
  /** Name in the graph, unique. */
  readonly name: string;
  readonly parameters: ParameterMap;
  /** Warnings go to people (stderr), one sentence each. */
  warn(message: string): void;
  readonly signal?: AbortSignal;
  /** Opens the output of sinks: standard output, or the file of `--output`. */
  readonly output: OutputPort;
  /** Keep going after a decoding error in one stream: report with `warn`, end that stream. */
  readonly continueOnError: boolean;
  /** With `continueOnError`: told about each fault that was read past, instead of `warn`. */
  onFault?(error: Error): void;
}

/** Where sinks write text. Synchronous: the hot loops never await. */
export interface OutputPort {
  readonly isTerminal: boolean;
  /** Writes all bytes. @throws OutputClosedError when the reader went away (EPIPE). */
  write(bytes: Uint8Array): void;
}

/** What a component is before it is made: `src.ctf.fs`, `flt.utils.muxer`, `sink.text.pretty`, … */
interface ComponentClassBase {
  /** `plugin.class`, such as `ctf.fs` in `src.ctf.fs`. */
  readonly plugin: string;
  readonly className: string;
  readonly description: string;
  /** Lines for `sonde help src.ctf.fs`: parameter → what it does. */
  readonly parameterHelp: Readonly<Record<string, string>>;
}

export interface SourceClass extends ComponentClassBase {
  readonly kind: 'src';
  create(context: ComponentContext): Source | Promise<Source>;
}
export interface FilterClass extends ComponentClassBase {
  readonly kind: 'flt';
  create(context: ComponentContext): Filter | Promise<Filter>;
}
export interface SinkClass extends ComponentClassBase {
  readonly kind: 'sink';
  create(context: ComponentContext): Sink | Promise<Sink>;
}
export type ComponentClass = SourceClass | FilterClass | SinkClass;

/** An output port of a source or filter. The name is unique among the component's output ports. */
export interface OutputPortInfo {
  readonly name: string;
}

/** Opens the iterator on what is connected to an input port. Each input is opened once. */
export type OpenUpstream = (downstream: Downstream) => MessageIterator;

export interface Source {
  readonly outputPorts: readonly OutputPortInfo[];
  /**
   * A time at or before which nothing interesting lies (ns from origin): the graph's TimeOrigin is the least of all sources.
   * Undefined: no clock.
   */
  readonly earliestNs: bigint | undefined;
  open(port: string, origin: TimeOrigin, downstream: Downstream): MessageIterator;
  close(): void;
}

export interface Filter {
  /** Number of inputs it takes: the muxer any number, others one. */
  readonly inputs: 'one' | 'many';
  readonly outputPorts: readonly OutputPortInfo[];
  open(
    port: string,
    origin: TimeOrigin,
    upstreams: readonly OpenUpstream[],
    downstream: Downstream,
  ): MessageIterator;
  close(): void;
}

export interface Sink {
  /** Called once, when all is connected. */
  start(origin: TimeOrigin): Downstream;
  /** Called once after the last message (also after an error or interrupt): flush. */
  finish(): void | Promise<void>;
  /** True: the sink has all it wants (`--limit`), stop the graph without error. */
  readonly isDone?: boolean;
}
