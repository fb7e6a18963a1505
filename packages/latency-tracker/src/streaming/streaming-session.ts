/**
 * Trackers over the events of traces. As a `Downstream` it asks for the events of its points only, with the fields of their
 * expressions; time is the events' time, so that the same trace always gives the same result.
 *
 * Who is who: a `TrackerRun` is one tracker with its distributions; it has a `PairMatcher` for each machine (`HostState`). A
 * `PointAction` is what one point does at the records of one class. The `EventContext` says where and when the current event is.
 */
import { UsageError } from '@sonde/base';
import { compileConsumer, decodeScope } from '@sonde/ctf';
import type {
  ClockSnapshot,
  DataStream,
  DataStreamClass,
  Discarded,
  Downstream,
  EventHandler,
  EventRecordClass,
  Packet,
  RecordCursor,
  TimeOrigin,
  Trace,
} from '@sonde/trace-model';
import {
  type Alert,
  type PointSet,
  roleOrder,
  type Tracker,
  type TrackerSession,
  type TrackerSettings,
  type TrackerSnapshot,
} from '../declaration.ts';
import { eventMatches, plainName, systemCallOf } from '../event-names.ts';
import { readsOf } from '../expression.ts';
import { ChainRun } from './chain-run.ts';
import { checkTracker, chooseSet } from './check-tracker.ts';
import { ExpressionCompiler, type SlotRecord } from './compile-expression.ts';
import { type CpuState, EventContext, HostState } from './event-context.ts';
import { findContext, findPayload } from './find-field.ts';
import { PointAction } from './point-action.ts';
import { TrackerRun } from './tracker-run.ts';

export interface StreamingOptions {
  readonly origin: TimeOrigin;
  /** Traces that are known before the first message: trackers are checked against their metadata. */
  readonly traces: readonly Trace[];
  /** Undefined: no alerts, which saves reading what only they show. */
  readonly onAlert?: (alert: Alert) => void;
}

interface StreamState {
  readonly host: HostState;
  cpu: CpuState;
  readonly hasCpuId: boolean;
}

type Handle = (record: SlotRecord) => void;

interface Action {
  handle(record: SlotRecord): void;
}

export class StreamingSession implements Downstream, TrackerSession {
  readonly backEnd = 'trace';
  readonly notes: string[] = [];
  readonly #context = new EventContext();
  readonly #runs: (TrackerRun | ChainRun)[] = [];
  readonly #hosts = new Map<string, HostState>();
  /** A trace that grows is opened again and again: what is known by its objects goes with them. */
  readonly #streams = new WeakMap<DataStream, StreamState>();
  readonly #handlers = new WeakMap<EventRecordClass, EventHandler | null>();
  readonly #origin: TimeOrigin;
  #firstNs = Number.POSITIVE_INFINITY;
  #lastNs = Number.NEGATIVE_INFINITY;
  /** Some expression asks who runs. */
  readonly #wantsTask: boolean;

  /**
   * @throws UsageError `no-event` when a trace has not the events of a tracker, `unknown-field`, `key-types-differ`
   */
  constructor(trackers: readonly Tracker[], options: StreamingOptions) {
    this.#origin = options.origin;
    const classes = options.traces.flatMap((trace) => classesOf(trace));
    for (const tracker of trackers) {
      const set = chooseSet(tracker, classes, this.notes);
      checkTracker(tracker, set, classes);
      this.#addRun(tracker, set, classes, options);
    }
    this.#wantsTask = trackers.some(({ anyOf }) => anyOf.some((set) => readsTask(set)));
  }

  #addRun(
    tracker: Tracker,
    set: PointSet,
    classes: readonly EventRecordClass[],
    options: StreamingOptions,
  ): void {
    const runOptions = {
      onAlert: options.onAlert,
      toAbsoluteNs: (timeNs: number) => this.#origin.nsFromOrigin + BigInt(Math.round(timeNs)),
    };
    const context = this.#context;
    const { chain } = tracker;
    if (chain === undefined) {
      this.#runs.push(new TrackerRun(this.#runs.length, tracker, set, context, runOptions));
      return;
    }
    const run = new ChainRun(tracker, chain, context, runOptions);
    // Unknown fields are told of now, not in the middle.
    for (const each of classes)
      run.actionsAt(each.name ?? '', new ExpressionCompiler(each, context));
    this.#runs.push(run);
  }

  snapshot(): readonly TrackerSnapshot[] {
    return this.#runs.map((run) => run.snapshot());
  }

  snapshotAndReset(): readonly TrackerSnapshot[] {
    const snapshots = this.snapshot();
    for (const run of this.#runs) run.reset();
    return snapshots;
  }

  set(name: string, settings: TrackerSettings): void {
    const run = this.#runs.find(({ tracker }) => tracker.name === name);
    if (run === undefined) {
      const names = this.#runs.map(({ tracker }) => tracker.name).join(', ');
      throw new UsageError('no-tracker', `No tracker ${name} runs here; there are ${names}.`);
    }
    run.settings = settings;
  }

  /** Nothing will come before `timeNs` (ns since the origin): what is due until then happens. */
  advance(timeNs: number): void {
    this.#context.cursor = undefined;
    for (const run of this.#runs) run.advance(timeNs);
  }

  /** From the first to the last event that was handled (ns); 0: there was none. */
  get elapsedNs(): number {
    return Math.max(0, this.#lastNs - this.#firstNs);
  }

  close(): void {}

  streamBeginning(stream: DataStream): void {
    this.#stateOf(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const state = this.#stateOf(packet.stream);
    if (!state.hasCpuId) return;
    const context = decodeScope(cursor, 'packet-context') as { readonly cpu_id?: unknown };
    state.cpu = state.host.cpu(Number(context.cpu_id));
  }

  packetEnd(): void {}

  streamEnd(): void {}

  inactivity(time: ClockSnapshot): void {
    this.advance(this.#relative(time));
  }

  discardedEvents(discarded: Discarded): void {
    const { host, cpu, hasCpuId } = this.#stateOf(discarded.stream);
    const endNs = discarded.end === undefined ? this.#lastNs : this.#relative(discarded.end);
    host.gapEndNs = Math.max(host.gapEndNs, endNs);
    for (const each of hasCpuId ? [cpu] : host.cpus.values()) {
      each.gapEndNs = Math.max(each.gapEndNs, endNs);
    }
  }

  discardedPackets(discarded: Discarded): void {
    this.discardedEvents(discarded);
  }

  eventHandler({ eventRecordClass, stream }: RecordCursor): EventHandler | null {
    let inner = this.#handlers.get(eventRecordClass);
    if (inner === undefined) {
      inner = this.#compile(eventRecordClass);
      this.#handlers.set(eventRecordClass, inner);
    }
    if (inner === null) return null;
    const handle = inner;
    const context = this.#context;
    const state = this.#stateOf(stream);
    const systemCall = systemCallOf(eventRecordClass.name ?? '') ?? '';
    return (cursor) => {
      context.host = state.host;
      context.cpu = state.cpu;
      context.timeNs = cursor.timeNs;
      context.systemCall = systemCall;
      context.cursor = cursor;
      return handle(cursor);
    };
  }

  #compile(eventRecordClass: EventRecordClass): EventHandler | null {
    const compiler = new ExpressionCompiler(eventRecordClass, this.#context);
    const actions = this.#actionsAt(eventRecordClass, compiler);
    const follow = this.#followSwitch(eventRecordClass, compiler);
    if (actions.length === 0 && follow === undefined) return null;
    const chooseCpu = this.#ownCpu(eventRecordClass, compiler);
    const context = this.#context;
    return compileConsumer(eventRecordClass, compiler.demands, (record) => {
      chooseCpu?.(record);
      for (let i = 0; i < actions.length; i++) actions[i]!.handle(record);
      follow?.(record);
      if (this.#lastNs === Number.NEGATIVE_INFINITY) this.#firstNs = context.timeNs;
      this.#lastNs = context.timeNs;
    });
  }

  #actionsAt(eventRecordClass: EventRecordClass, compiler: ExpressionCompiler): Action[] {
    const name = eventRecordClass.name ?? '';
    const actions: Action[] = [];
    for (const run of this.#runs) {
      if (run instanceof ChainRun) {
        actions.push(...run.actionsAt(name, compiler).map((handle) => ({ handle })));
        continue;
      }
      for (const role of roleOrder) {
        for (const point of run.set[role]) {
          if (!eventMatches(point.event, name)) continue;
          actions.push(new PointAction(run, role, point, compiler, this.#context));
        }
      }
    }
    return actions;
  }

  /** Who runs, where events don't say it themselves. */
  #followSwitch(
    eventRecordClass: EventRecordClass,
    compiler: ExpressionCompiler,
  ): Handle | undefined {
    const isSwitch = plainName(eventRecordClass.name ?? '') === 'sched_switch';
    if (!isSwitch || !this.#wantsTask) return undefined;
    const saysTid =
      findContext(eventRecordClass, ['tid', 'vtid']) ?? findPayload(eventRecordClass, 'common_pid');
    const saysComm = findContext(eventRecordClass, ['procname']);
    if (saysTid !== undefined && saysComm !== undefined) return undefined;
    const nextTid = compiler.number({ type: 'field', path: ['next_pid'] });
    const hasComm = findPayload(eventRecordClass, 'next_comm')?.kind === 'text';
    const nextComm = hasComm ? compiler.compile({ type: 'field', path: ['next_comm'] }) : undefined;
    const context = this.#context;
    return (record) => {
      context.cpu.tid = nextTid(record);
      if (nextComm?.kind === 'text') context.cpu.comm = nextComm.get(record);
    };
  }

  /** A payload field that says on which CPU the event happened, where the packet does not. */
  #ownCpu(eventRecordClass: EventRecordClass, compiler: ExpressionCompiler): Handle | undefined {
    if (hasCpuId(eventRecordClass.dataStreamClass)) return undefined;
    const name = ['cpu_id', 'perf_cpu'].find(
      (candidate) => findPayload(eventRecordClass, candidate) !== undefined,
    );
    if (name === undefined) return undefined;
    const cpuId = compiler.number({ type: 'field', path: [name] });
    const context = this.#context;
    return (record) => {
      context.cpu = context.host.cpu(cpuId(record));
    };
  }

  #stateOf(stream: DataStream): StreamState {
    let state = this.#streams.get(stream);
    if (state === undefined) {
      const host = this.#hostOf(stream.trace);
      state = { host, cpu: host.cpu(0), hasCpuId: hasCpuId(stream.dataStreamClass) };
      this.#streams.set(stream, state);
    }
    return state;
  }

  #hostOf(trace: Trace): HostState {
    const hostname = trace.environment.get('hostname');
    const name = hostname === undefined || hostname === '' ? trace.path : String(hostname);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new HostState();
      this.#hosts.set(name, host);
      for (const run of this.#runs) run.addHost(host);
    }
    return host;
  }

  #relative(time: ClockSnapshot): number {
    return Number(time.nsFromOrigin - this.#origin.nsFromOrigin);
  }
}

function hasCpuId(dataStreamClass: DataStreamClass): boolean {
  return dataStreamClass.packetContext?.members.some(({ name }) => name === 'cpu_id') === true;
}

function classesOf(trace: Trace): EventRecordClass[] {
  const streams = [...trace.traceClass.dataStreamClasses.values()];
  return streams.flatMap((stream) => [...stream.eventRecordClasses.values()]);
}

const taskBuiltins: readonly string[] = ['tid', 'tgid', 'comm'];

function readsTask(set: PointSet): boolean {
  const points = roleOrder.flatMap((role) => set[role]);
  const expressions = points.flatMap(({ key, when, labels, info }) => [
    ...key,
    ...when,
    ...labels.values(),
    ...info.values(),
  ]);
  return expressions
    .flatMap((expression) => readsOf(expression))
    .some((read) => read.type === 'builtin' && taskBuiltins.includes(read.name));
}
