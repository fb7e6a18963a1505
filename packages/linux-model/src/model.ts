/**
 * The Linux model: kernel events in, segments and points out. Nobody else interprets `sched_switch`. It is a Downstream: it asks
 * only for the events that its subscribers' kinds need, with only the fields that the rules read.
 */
import { compileProjection, decodeScope } from '@sonde/ctf';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  EventRecordClass,
  Packet,
  RecordCursor,
  TimeOrigin,
  Trace,
} from '@sonde/trace-model';
import type { Cpu } from './cpu.ts';
import { dialectOf, hasEvent, isX86, payloadCpuField } from './dialect.ts';
import { Channel, type Channels, Host } from './host.ts';
import { forgetInterrupts } from './irq.ts';
import { chooseRule, isKernelTrace, missingFields, missingFrom } from './missing.ts';
import { needs } from './needs.ts';
import { demandOf, hasThreadContext, plainEventName, priorityOffsetOf, type Rule } from './rule.ts';
import { finishScheduling, forgetRunning } from './sched.ts';
import type { SegmentKind, SegmentKinds } from './segments.ts';
import { type StreamGap, StreamGaps } from './stream-gaps.ts';
import { finishSystemCalls, systemCallRules } from './syscalls.ts';
import { forgetTimers } from './timers.ts';

/** One data stream's place in the model. */
interface StreamState {
  readonly host: Host;
  cpu: Cpu;
  readonly hasCpuId: boolean;
  readonly gaps: StreamGaps;
  /** Of the current packet, if it discarded events. */
  lossyCpu: Cpu | undefined;
}

function leaveLossyPacket(state: StreamState): void {
  if (state.lossyCpu !== undefined) state.lossyCpu.lossyPackets--;
  state.lossyCpu = undefined;
}

export class LinuxModel implements Downstream {
  readonly #channels: Channels;
  readonly #hosts = new Map<string, Host>();
  readonly #described = new Set<Trace>();
  readonly #disordered = new Set<Host>();
  readonly #streams = new Map<DataStream, StreamState>();
  /** By plain event name. */
  readonly #rules = new Map<string, Rule[]>();
  readonly #kinds = new Set<SegmentKind>();
  readonly #warn: (message: string) => void;
  readonly #saidMissing = new Set<string>();
  #systemCalls: 'none' | 'files' | 'all' = 'none';
  #beginNs = Number.NaN;

  /**
   * @param warn - Told once per event record class that lacks a mandatory field, unless `missing` has said it, and once per host with events
   *   out of order.
   */
  constructor(warn: (message: string) => void = () => {}) {
    const channels: Partial<Record<SegmentKind, Channel<never>>> = {};
    for (const kind of Object.keys(needs) as SegmentKind[]) channels[kind] = new Channel<never>();
    this.#channels = channels as unknown as Channels;
    this.#warn = warn;
  }

  /** Subscribes to a kind of segment. Before the first message only. */
  on<K extends SegmentKind>(kind: K, handler: (segment: SegmentKinds[K]) => void): void {
    (this.#channels[kind] as Channel<SegmentKinds[K]>).add(handler);
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.#rules.clear();
    // In the order of the table, whatever the order of subscription.
    for (const [known, need] of Object.entries(needs) as [SegmentKind, typeof needs.gap][]) {
      if (this.#kinds.has(known)) this.#addRules(need.rules);
    }
    const { systemCalls } = needs[kind];
    if (systemCalls === 'all') this.#systemCalls = 'all';
    else if (systemCalls === 'files' && this.#systemCalls === 'none') this.#systemCalls = 'files';
  }

  /** Machines seen so far, in order of appearance. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  /** Sentences about what these traces can't tell of the kinds subscribed to. For the start of a run. */
  missing(traces: readonly Trace[]): string[] {
    const messages = missingFrom(traces, this.#kinds, this.#rules);
    for (const message of messages) this.#saidMissing.add(message);
    return messages;
  }

  /** Says when the run begins (ns since the TimeOrigin): what is running then is taken to run since. */
  begin(_origin: TimeOrigin, beginNs: number): void {
    this.#beginNs = beginNs;
    for (const host of this.#hosts.values()) host.beginNs = beginNs;
  }

  /** Reports what is still running at `timeNs`. */
  finish(timeNs: number): void {
    for (const host of this.#hosts.values()) {
      const endNs = Math.max(timeNs, host.nowNs);
      finishScheduling(host, endNs);
      finishSystemCalls(host, endNs);
    }
  }

  streamBeginning(stream: DataStream): void {
    this.#stateOf(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const state = this.#stateOf(packet.stream);
    const cpuId = state.hasCpuId ? cpuIdOf(cursor) : undefined;
    if (cpuId !== undefined) state.cpu = state.host.cpu(cpuId);
    leaveLossyPacket(state);
    if (state.gaps.isLossy) {
      state.lossyCpu = state.cpu;
      state.cpu.lossyPackets++;
    }
    state.gaps.packetBeginning(packet, cursor);
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    const { eventRecordClass } = cursor;
    const rules = this.#rulesFor(eventRecordClass, cursor.stream.trace);
    if (rules === undefined) return null;
    const { rule, missing } = chooseRule(rules, eventRecordClass);
    if (missing.length === 0) {
      return this.#handlerOf(rule, this.#stateOf(cursor.stream), eventRecordClass);
    }
    const message = missingFields(eventRecordClass, missing);
    if (!this.#saidMissing.has(message)) this.#warn(message);
    this.#saidMissing.add(message);
    return null;
  }

  discardedEvents(discarded: Discarded): void {
    this.#stateOf(discarded.stream).gaps.discardedEvents(discarded);
  }

  discardedPackets(discarded: Discarded): void {
    this.#stateOf(discarded.stream).gaps.discardedPackets(discarded);
  }

  packetEnd(packet: Packet): void {
    const state = this.#stateOf(packet.stream);
    leaveLossyPacket(state);
    state.gaps.packetEnd(packet);
  }

  /** Nothing of it stays but the host's state: a trace that grows is opened many times. */
  streamEnd(stream: DataStream): void {
    const state = this.#streams.get(stream);
    if (state !== undefined) leaveLossyPacket(state);
    this.#streams.delete(stream);
    if (![...this.#streams.keys()].some(({ trace }) => trace === stream.trace)) {
      this.#described.delete(stream.trace);
    }
  }
  inactivity(_time: ClockSnapshot): void {}

  /** Set by the run before the first message, to turn exact times into numbers. */
  origin: TimeOrigin = { nsFromOrigin: 0n };

  #relative(snapshot: ClockSnapshot): number {
    return Number(snapshot.nsFromOrigin - this.origin.nsFromOrigin);
  }

  /** Ends or marks what the missing events may have changed. */
  #gap({ host, cpu }: StreamState, { what, count, beginNs, endNs }: StreamGap): void {
    const fromNs = Number.isNaN(beginNs) ? host.beginNs : beginNs;
    const untilNs = endNs >= fromNs ? endNs : fromNs;
    forgetRunning(host, cpu, fromNs, untilNs);
    forgetInterrupts(host, cpu);
    forgetTimers(host, cpu);
    if (untilNs > host.lastGapEndNs) host.lastGapEndNs = untilNs;
    if (untilNs > host.lastUnseenNs) host.lastUnseenNs = untilNs;
    const channel = host.channels.gap;
    if (!channel.isWanted) return;
    channel.emit({ host, cpu, what, count, beginNs: fromNs, endNs: untilNs, isCertain: false });
  }

  #addRules(rules: readonly Rule[]): void {
    for (const rule of rules) {
      for (const name of rule.names) {
        const list = this.#rules.get(name);
        if (list === undefined) this.#rules.set(name, [rule]);
        else if (!list.includes(rule)) list.push(rule);
      }
    }
  }

  #rulesFor(eventRecordClass: EventRecordClass, trace: Trace): readonly Rule[] | undefined {
    if (!isKernelTrace(trace)) return undefined;
    const name = plainEventName(eventRecordClass.name ?? '');
    const known = this.#rules.get(name);
    if (known !== undefined || this.#systemCalls === 'none') return known;
    const rules = systemCallRules(name);
    return rules.length > 0 ? rules : undefined;
  }

  #handlerOf(rule: Rule, state: StreamState, eventRecordClass: EventRecordClass): EventHandler {
    const { host } = state;
    const { demands } = demandOf(rule.fields, eventRecordClass);
    const ownCpu = payloadCpuField(eventRecordClass);
    const all =
      ownCpu === undefined
        ? demands
        : [...demands, { scope: 'event-record-payload' as const, path: [ownCpu], as: 'ownCpuId' }];
    const projection = compileProjection(eventRecordClass, all);
    const transition = rule.bind(host, {
      eventName: plainEventName(eventRecordClass.name ?? ''),
      priorityOffset: priorityOffsetOf(eventRecordClass),
      hasThreadContext: hasThreadContext(eventRecordClass),
    });
    const record = projection.record as never;
    if (ownCpu === undefined) {
      return (cursor) => {
        const end = projection.read(cursor);
        let { timeNs } = cursor;
        if (timeNs < host.nowNs) timeNs = this.#late(host, timeNs);
        else host.nowNs = timeNs;
        transition(record, timeNs, state.cpu);
        return end;
      };
    }
    return (cursor) => {
      const end = projection.read(cursor);
      const timeNs = cursor.timeNs < host.nowNs ? this.#late(host, cursor.timeNs) : cursor.timeNs;
      host.nowNs = timeNs;
      transition(record, timeNs, host.cpu((record as { ownCpuId: number }).ownCpuId));
      return end;
    };
  }

  /** The time of an event that says it happened before the one before it. */
  #late(host: Host, timeNs: number): number {
    if (!this.#disordered.has(host)) {
      const ns = host.nowNs - timeNs;
      this.#warn(
        `events of ${host.name} go back in time, first by ${ns} ns: time stands still there`,
      );
    }
    this.#disordered.add(host);
    return host.nowNs;
  }

  #stateOf(stream: DataStream): StreamState {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const host = this.#hostOf(stream.trace);
    const members = stream.dataStreamClass.packetContext?.members ?? [];
    const hasCpuId = members.some((member) => member.name === 'cpu_id');
    const cpu = host.cpu(0);
    const gaps = new StreamGaps(
      stream.trace,
      (time) => this.#relative(time),
      (gap) => this.#gap(made, gap),
    );
    const made: StreamState = { host, cpu, hasCpuId, gaps, lossyCpu: undefined };
    this.#streams.set(stream, made);
    return made;
  }

  #hostOf(trace: Trace): Host {
    const hostname = trace.environment.get('hostname');
    const name = hostname === undefined || hostname === '' ? trace.path : String(hostname);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name, this.#channels);
      host.beginNs = this.#beginNs;
      host.followsFiles = this.#kinds.has('file-operation') || this.#kinds.has('file-life');
      host.followsInterrupts = this.#kinds.has('hard-irq') && this.#kinds.has('soft-irq');
      this.#hosts.set(name, host);
    }
    host.traceNames.add(trace.path);
    if (isKernelTrace(trace) && !this.#described.has(trace)) {
      this.#described.add(trace);
      describe(host, trace);
    }
    return host;
  }
}

/** What the metadata of a kernel trace says about its host. A host may have several. */
function describe(host: Host, trace: Trace): void {
  const { traceClass } = trace;
  host.dialect = dialectOf(trace);
  host.hasSwitches ||= hasEvent(traceClass, 'sched_switch');
  host.hasExits ||= hasEvent(traceClass, 'sched_process_exit');
  host.hasMigrationEvents ||= hasEvent(traceClass, 'sched_migrate_task');
  host.isX86 ||= isX86(trace);
  host.identifiesByContext = !host.hasSwitches;
}

/** `cpu_id` of the packet context. */
function cpuIdOf(cursor: RecordCursor): number | undefined {
  const context = decodeScope(cursor, 'packet-context') as { cpu_id?: unknown } | undefined;
  const value = context?.cpu_id;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
