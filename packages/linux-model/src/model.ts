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
} from '@sonde/trace-model';
import * as block from './block.ts';
import type { Cpu } from './cpu.ts';
import { dialectOf, hasEvent, payloadCpuField } from './dialect.ts';
import { Channel, type Channels, Host } from './host.ts';
import * as irq from './irq.ts';
import * as processes from './processes.ts';
import * as resources from './resources.ts';
import { demandOf, plainEventName, type Rule } from './rule.ts';
import * as sched from './sched.ts';
import type { SegmentKind, SegmentKinds } from './segments.ts';
import {
  finishSystemCalls,
  isSystemCallEntry,
  isSystemCallExit,
  systemCallRule,
} from './syscalls.ts';
import * as timers from './timers.ts';

const running = [sched.schedSwitch];
const wakeups = [sched.schedWakeup, sched.schedMigrate, sched.schedPiSetprio];
const lives = [
  processes.processFork,
  processes.processExec,
  processes.processExit,
  processes.processFree,
  processes.processRename,
  processes.statedumpProcess,
  processes.statedumpNamespace,
];
const files = [processes.statedumpFile, resources.packetSent];

interface Need {
  readonly rules: readonly Rule[];
  readonly systemCalls?: 'all' | 'files';
}

/** What a kind of segment is made from. */
const needs: Readonly<Record<SegmentKind, Need>> = {
  switch: { rules: running },
  'scheduling-slice': { rules: running },
  'wakeup-latency': { rules: [...running, ...wakeups, ...lives] },
  'off-cpu': { rules: [...running, ...wakeups] },
  'system-call': { rules: [...running, ...lives], systemCalls: 'all' },
  'file-operation': { rules: [...running, ...lives, ...files], systemCalls: 'files' },
  'file-life': { rules: [...running, ...lives, ...files], systemCalls: 'files' },
  'block-request': {
    rules: [
      ...lives,
      block.blockInsert,
      block.blockIssue,
      block.blockComplete,
      block.blockRemap,
      block.blockMerge,
      block.statedumpDisk,
    ],
  },
  'hard-irq': { rules: [irq.irqEntry, irq.irqExit] },
  'soft-irq': { rules: [irq.softIrqRaise, irq.softIrqEntry, irq.softIrqExit] },
  'timer-expiry': {
    rules: [timers.hrtimerStart, timers.hrtimerCancel, timers.hrtimerEntry, timers.hrtimerExit],
  },
  'network-packet': { rules: [resources.packetSent, resources.packetReceived] },
  'page-operation': { rules: [...running, ...lives, resources.pageAllocate, resources.pageFree] },
  migration: { rules: [...running, sched.schedMigrate] },
  'priority-change': { rules: [...running, ...wakeups] },
  'thread-life': { rules: lives },
  'cpu-power': { rules: [resources.cpuIdle, resources.cpuFrequency] },
  gap: { rules: [] },
};

/** One data stream's place in the model. */
interface StreamState {
  readonly host: Host;
  cpu: Cpu;
  readonly hasCpuId: boolean;
}

export class LinuxModel implements Downstream {
  readonly #channels: Channels;
  readonly #hosts = new Map<string, Host>();
  readonly #streams = new Map<DataStream, StreamState>();
  readonly #rules = new Map<string, Rule>();
  readonly #kinds = new Set<SegmentKind>();
  readonly #onMissing: (message: string) => void;
  #systemCalls: 'none' | 'files' | 'all' = 'none';
  #beginNs = Number.NaN;

  /** @param onMissing - Told once per event record class that lacks a mandatory field. */
  constructor(onMissing: (message: string) => void = () => {}) {
    const channels: Partial<Record<SegmentKind, Channel<never>>> = {};
    for (const kind of Object.keys(needs) as SegmentKind[]) channels[kind] = new Channel<never>();
    this.#channels = channels as unknown as Channels;
    this.#onMissing = onMissing;
  }

  /** Subscribes to a kind of segment. Before the first message only. */
  on<K extends SegmentKind>(kind: K, handler: (segment: SegmentKinds[K]) => void): void {
    (this.#channels[kind] as Channel<SegmentKinds[K]>).add(handler);
    this.#kinds.add(kind);
    const need = needs[kind];
    for (const rule of need.rules) for (const name of rule.names) this.#rules.set(name, rule);
    if (need.systemCalls === 'all') this.#systemCalls = 'all';
    else if (need.systemCalls === 'files' && this.#systemCalls === 'none')
      this.#systemCalls = 'files';
  }

  /** Machines seen so far, in order of appearance. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  /** Says when the run begins (ns since the TimeOrigin): what is running then is taken to run since. */
  begin(_origin: TimeOrigin, beginNs: number): void {
    this.#beginNs = beginNs;
    for (const host of this.#hosts.values()) host.beginNs = beginNs;
  }

  /** Reports what is still running at `timeNs`. */
  finish(timeNs: number): void {
    for (const host of this.#hosts.values()) {
      sched.finishScheduling(host, timeNs);
      finishSystemCalls(host, timeNs);
    }
  }

  streamBeginning(stream: DataStream): void {
    this.#stateOf(stream);
  }

  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    const state = this.#stateOf(packet.stream);
    if (!state.hasCpuId) return;
    const cpuId = cpuIdOf(cursor);
    if (cpuId !== undefined) state.cpu = state.host.cpu(cpuId);
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    const { eventRecordClass } = cursor;
    const rule = this.#ruleFor(eventRecordClass);
    if (rule === undefined) return null;
    const state = this.#stateOf(cursor.stream);
    const eventName = plainEventName(eventRecordClass.name ?? '');
    const { demands, missing } = demandOf(rule.fields, eventRecordClass);
    if (missing.length > 0) {
      const name = eventRecordClass.name ?? `event ${eventRecordClass.id}`;
      this.#onMissing(`${name} is ignored: it has no field ${missing.join(', ')}.`);
      return null;
    }
    return this.#handlerOf(rule.bind(state.host, eventName), state, eventRecordClass, demands);
  }

  discardedEvents(discarded: Discarded): void {
    const state = this.#stateOf(discarded.stream);
    this.#gap(state, discarded);
  }

  discardedPackets(discarded: Discarded): void {
    this.discardedEvents(discarded);
  }

  streamEnd(): void {}
  packetEnd(): void {}
  inactivity(_time: ClockSnapshot): void {}

  /** Set by the run before the first message, to turn exact times into numbers. */
  origin: TimeOrigin = { nsFromOrigin: 0n };

  #gap(state: StreamState, discarded: Discarded): void {
    const { host, cpu } = state;
    const relative = (snapshot: ClockSnapshot | undefined): number =>
      snapshot === undefined
        ? Number.NaN
        : Number(snapshot.nsFromOrigin - this.origin.nsFromOrigin);
    const beginNs = relative(discarded.begin);
    const endNs = relative(discarded.end);
    if (endNs > host.lastGapEndNs) host.lastGapEndNs = endNs;
    irq.forgetInterrupts(host, cpu);
    const channel = host.channels.gap;
    if (!channel.isWanted) return;
    const count = discarded.count === undefined ? undefined : Number(discarded.count);
    channel.emit({ host, cpu, count, beginNs, endNs, isCertain: false });
  }

  #ruleFor(eventRecordClass: EventRecordClass): Rule | undefined {
    const { environment } = eventRecordClass.dataStreamClass.traceClass;
    if (environment.get('domain') === 'ust') return undefined;
    const name = plainEventName(eventRecordClass.name ?? '');
    const known = this.#rules.get(name);
    if (known !== undefined || this.#systemCalls === 'none') return known;
    if (!isSystemCallEntry(name) && !isSystemCallExit(name)) return undefined;
    return systemCallRule(name);
  }

  #handlerOf(
    transition: ReturnType<Rule['bind']>,
    state: StreamState,
    eventRecordClass: EventRecordClass,
    demands: ReturnType<typeof demandOf>['demands'],
  ): EventHandler {
    const ownCpu = payloadCpuField(eventRecordClass);
    const all =
      ownCpu === undefined
        ? demands
        : [...demands, { scope: 'event-record-payload' as const, path: [ownCpu], as: 'ownCpuId' }];
    const projection = compileProjection(eventRecordClass, all);
    const record = projection.record as never;
    if (ownCpu === undefined) {
      return (cursor) => {
        const end = projection.read(cursor);
        transition(record, cursor.timeNs, state.cpu);
        return end;
      };
    }
    const { host } = state;
    return (cursor) => {
      const end = projection.read(cursor);
      transition(record, cursor.timeNs, host.cpu((record as { ownCpuId: number }).ownCpuId));
      return end;
    };
  }

  #stateOf(stream: DataStream): StreamState {
    let state = this.#streams.get(stream);
    if (state !== undefined) return state;
    const { trace } = stream;
    const hostname = trace.environment.get('hostname');
    const name = hostname === undefined || hostname === '' ? trace.path : String(hostname);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name, this.#channels);
      host.beginNs = this.#beginNs;
      host.followsFiles = this.#kinds.has('file-operation') || this.#kinds.has('file-life');
      this.#hosts.set(name, host);
    }
    if (trace.environment.get('domain') !== 'ust') {
      host.dialect = dialectOf(trace);
      host.identifiesByContext = !hasEvent(trace.traceClass, 'sched_switch');
    }
    const members = stream.dataStreamClass.packetContext?.members ?? [];
    const hasCpuId = members.some((member) => member.name === 'cpu_id');
    state = { host, cpu: host.cpu(0), hasCpuId };
    this.#streams.set(stream, state);
    return state;
  }
}

/** `cpu_id` of the packet context. */
function cpuIdOf(cursor: RecordCursor): number | undefined {
  const context = decodeScope(cursor, 'packet-context') as { cpu_id?: unknown } | undefined;
  const value = context?.cpu_id;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
