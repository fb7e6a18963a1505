import { SondeError, UsageError } from '@sonde/base';
import type { Downstream, MessageIterator, TimeOrigin } from '@sonde/trace-model';
import type {
  ComponentClass,
  ComponentContext,
  Filter,
  OutputPort,
  Sink,
  Source,
} from './component.ts';
import { type ConnectionRule, parseConnectionRule } from './connection-rule.ts';
import { OutputClosedError } from './output-closed.ts';
import type { ParameterMap } from './parameters.ts';
import { formatComponentClassName } from './registry.ts';
import {
  defaultEnvironment,
  type LoopEnvironment,
  type RunOutcome,
  runSinks,
  type SinkPull,
} from './run-loop.ts';
import { type Connections, connectPorts, type Node, type OutputEnd } from './topology.ts';

export interface GraphOptions {
  warn(message: string): void;
  /** Where sinks write unless `add` says otherwise. */
  readonly output: OutputPort;
  /** Aborting it stops the run cleanly: sinks are finished, the outcome is `interrupted`. */
  readonly signal?: AbortSignal;
  readonly continueOnError?: boolean;
  /** Told about each fault that `continueOnError` reads past; without it they are warnings. */
  onFault?(error: Error): void;
  /** Timers, for tests. */
  readonly environment?: LoopEnvironment;
}

type Instance =
  | { readonly kind: 'src'; readonly component: Source }
  | { readonly kind: 'flt'; readonly component: Filter }
  | { readonly kind: 'sink'; readonly component: Sink };

interface Member extends Node {
  /** `NAME (src.ctf.fs)`, for errors. */
  readonly label: string;
  readonly instance: Instance;
}

/**
 * Components and their connections, and the loop that runs them once. Life: `add` all, `connect`, `run`; `close` is part of
 * `run`, call it yourself only when there is no run.
 *
 * A failing component ends the run with SondeError `component-failed`, whose cause is the error itself; sinks are finished
 * all the same, so that what came before the fault is printed.
 */
export class Graph {
  readonly #options: GraphOptions;
  readonly #members: Member[] = [];
  readonly #rules: ConnectionRule[] = [];
  readonly #iterators: { readonly member: Member; readonly iterator: MessageIterator }[] = [];
  #state: 'building' | 'running' | 'closed' = 'building';

  constructor(options: GraphOptions) {
    this.#options = options;
  }

  /**
   * Makes a component. `name` is unique in the graph.
   * @throws UsageError `duplicate-component`; SondeError `component-failed` when the class's `create` fails.
   */
  async add(
    name: string,
    componentClass: ComponentClass,
    parameters: ParameterMap = {},
    own: { readonly output?: OutputPort } = {},
  ): Promise<void> {
    this.#requireBuilding();
    if (this.#members.some((member) => member.name === name)) {
      throw new UsageError('duplicate-component', `There is already a component named ${name}.`);
    }
    const label = `${name} (${formatComponentClassName(componentClass)})`;
    const context = this.#contextOf(name, parameters, own.output);
    const instance = await this.#blame(label, () => instantiate(componentClass, context));
    const outputPorts = instance.kind === 'sink' ? [] : instance.component.outputPorts;
    const inputs = inputsOf(instance);
    this.#members.push({ name, label, instance, outputPorts, inputs });
  }

  /** The names of the components so far, in order. */
  get names(): readonly string[] {
    return this.#members.map((member) => member.name);
  }

  /** The output ports of a source or filter. @throws UsageError `unknown-component`. */
  outputPortsOf(name: string): readonly string[] {
    const member = this.#members.find((candidate) => candidate.name === name);
    if (member === undefined) {
      throw new UsageError('unknown-component', `There is no component named ${name}.`);
    }
    return member.outputPorts.map((port) => port.name);
  }

  /**
   * Adds a connection rule, `UP[.PORT]:DOWN[.PORT]` with globs. Applied when the graph runs: each output port takes the first rule
   * that fits.
   */
  connect(rule: ConnectionRule | string): void {
    this.#requireBuilding();
    this.#rules.push(typeof rule === 'string' ? parseConnectionRule(rule) : rule);
  }

  /**
   * Connects, opens the iterators from the sinks upwards, runs to the end and closes everything.
   * @throws UsageError for a bad topology; SondeError `component-failed`.
   */
  async run(): Promise<RunOutcome> {
    this.#requireBuilding();
    this.#state = 'running';
    const started: Member[] = [];
    let outcome: RunOutcome | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      outcome = await this.#runToEnd(started);
    } catch (error) {
      if (isOutputClosed(error)) outcome = 'output-closed';
      else failure = { error };
    }
    for (const member of started) {
      try {
        await this.#blame(member.label, () => (member.instance.component as Sink).finish());
      } catch (error) {
        if (isOutputClosed(error)) outcome = 'output-closed';
        else failure ??= { error };
      }
    }
    try {
      this.close();
    } catch (error) {
      failure ??= { error };
    }
    if (failure !== undefined) throw failure.error;
    return outcome ?? 'end';
  }

  /** Closes iterators and components, downstream first; all of them, whatever one throws. Idempotent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    let failure: { readonly error: unknown } | undefined;
    const attempt = (label: string, close: () => void): void => {
      try {
        close();
      } catch (error) {
        failure ??= { error: blamed(label, error) };
      }
    };
    for (const { member, iterator } of this.#iterators.reverse()) {
      attempt(member.label, () => iterator.close());
    }
    for (const { instance, label } of [...this.#members].reverse()) {
      if (instance.kind !== 'sink') attempt(label, () => instance.component.close());
    }
    if (failure !== undefined) throw failure.error;
  }

  async #runToEnd(started: Member[]): Promise<RunOutcome> {
    const connections = connectPorts(this.#members, this.#rules);
    const sinks = this.#members.filter((member) => member.instance.kind === 'sink');
    if (sinks.length === 0) throw new UsageError('no-sink', 'The graph has no sink.');
    const origin = this.#timeOrigin();
    const pulls: SinkPull[] = [];
    const labels = new Map<Sink, string>();
    for (const member of sinks) {
      const sink = member.instance.component as Sink;
      labels.set(sink, member.label);
      const downstream = this.#blameNow(member.label, () => sink.start(origin));
      started.push(member);
      const upstream = connections.get(member)!.get('in')!;
      pulls.push({ sink, iterator: this.#open(upstream, connections, origin, downstream) });
    }
    const environment = this.#options.environment ?? defaultEnvironment(this.#options.signal);
    return runSinks(pulls, environment, (error, pull) => {
      throw isOutputClosed(error) ? error : this.#runError(error, labels.get(pull.sink)!);
    });
  }

  #timeOrigin(): TimeOrigin {
    let least: bigint | undefined;
    for (const { instance } of this.#members) {
      if (instance.kind !== 'src') continue;
      const earliest = instance.component.earliestNs;
      if (earliest !== undefined && (least === undefined || earliest < least)) least = earliest;
    }
    return { nsFromOrigin: least ?? 0n };
  }

  #open(
    output: OutputEnd,
    connections: Connections,
    origin: TimeOrigin,
    downstream: Downstream,
  ): MessageIterator {
    const member = output.node as Member;
    const { instance } = member;
    const iterator = this.#blameNow(member.label, () => {
      if (instance.kind === 'src') return instance.component.open(output.port, origin, downstream);
      if (instance.kind === 'sink') throw new Error('Defect: a sink has no output port');
      const upstreams = [...connections.get(member)!.values()].map((upstream) => {
        let isOpen = false;
        return (next: Downstream) => {
          if (isOpen) throw new Error('An input port is opened once only.');
          isOpen = true;
          return this.#open(upstream, connections, origin, next);
        };
      });
      return instance.component.open(output.port, origin, upstreams, downstream);
    });
    this.#iterators.push({ member, iterator });
    return iterator;
  }

  /**
   * Iterators are not wrapped, as that would cost at each batch of a merge. So the component is found afterwards: a decoding error
   * names its stream, and with it the source; anything else is said to come from the chain that ends at the sink.
   */
  #runError(error: unknown, sinkLabel: string): SondeError {
    if (isComponentError(error) || error instanceof UsageError) return error;
    const source = this.#sourceOf(error);
    const message =
      source === undefined
        ? `The components that feed ${sinkLabel} failed.`
        : `Component ${source.label} failed.`;
    return new SondeError('component-failed', message, {}, { cause: error });
  }

  #sourceOf(error: unknown): Member | undefined {
    if (!(error instanceof SondeError)) return undefined;
    const sources = this.#iterators.filter(({ member }) => member.instance.kind === 'src');
    const { stream, path } = error.place;
    if (stream === undefined && path === undefined) return undefined;
    const named = sources.find(({ iterator }) => iterator.headStream?.name === stream);
    const owners = new Set(sources.map(({ member }) => member));
    return named?.member ?? (owners.size === 1 ? [...owners][0] : undefined);
  }

  #contextOf(
    name: string,
    parameters: ParameterMap,
    output: OutputPort = this.#options.output,
  ): ComponentContext {
    const { signal, continueOnError = false } = this.#options;
    return {
      name,
      parameters,
      warn: (message) => this.#options.warn(message),
      ...(signal === undefined ? {} : { signal }),
      output,
      continueOnError,
      ...(this.#options.onFault && { onFault: (error) => this.#options.onFault?.(error) }),
    };
  }

  async #blame<Result>(label: string, action: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      throw blamed(label, error);
    }
  }

  #blameNow<Result>(label: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw blamed(label, error);
    }
  }

  #requireBuilding(): void {
    if (this.#state !== 'building') throw new Error('Defect: the graph has already run');
  }
}

/** Usage errors are about what the user asked for, not about a component at work: they stay as they are. */
function blamed(label: string, error: unknown): unknown {
  if (isComponentError(error) || isOutputClosed(error) || error instanceof UsageError) return error;
  return new SondeError('component-failed', `Component ${label} failed.`, {}, { cause: error });
}

function isComponentError(error: unknown): error is SondeError {
  return error instanceof SondeError && error.code === 'component-failed';
}

function isOutputClosed(error: unknown): boolean {
  return error instanceof OutputClosedError;
}

async function instantiate(
  componentClass: ComponentClass,
  context: ComponentContext,
): Promise<Instance> {
  switch (componentClass.kind) {
    case 'src':
      return { kind: 'src', component: await componentClass.create(context) };
    case 'flt':
      return { kind: 'flt', component: await componentClass.create(context) };
    case 'sink':
      return { kind: 'sink', component: await componentClass.create(context) };
  }
}

function inputsOf(instance: Instance): Node['inputs'] {
  if (instance.kind === 'src') return 'none';
  return instance.kind === 'sink' ? 'one' : instance.component.inputs;
}
