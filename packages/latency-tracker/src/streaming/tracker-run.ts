import { AlertGate, RateLimit } from '../alert-gate.ts';
import { type MutableCounters, zeroCounters } from '../counters.ts';
import {
  type Alert,
  type Point,
  type PointSet,
  roleOrder,
  type Tracker,
  type TrackerCounters,
  type TrackerSettings,
  type TrackerSnapshot,
} from '../declaration.ts';
import { plainName } from '../event-names.ts';
import { Histogram } from '../histogram.ts';
import { PairMatcher } from '../pair-matcher.ts';
import { ThresholdHistory } from '../threshold-history.ts';
import { WholeEvent } from './alert-values.ts';
import type { EventContext, HostState } from './event-context.ts';
import { Losses } from './losses.ts';
import { type Place, placeOf } from './place.ts';
import { LabelTable, SeriesTable } from './series.ts';
import { TextKeys } from './text-keys.ts';

/** Values of `info` by name. */
export type InfoValues = { [name: string]: number | string };
type LabelValues = readonly (number | string)[];

const waitingFlag = 2;
/** It may have begun before, unseen. */
const doubtfulFlag = 4;
const noLabels: LabelValues = [];

export interface TrackerRunOptions {
  /** Undefined: nobody wants alerts. */
  readonly onAlert: ((alert: Alert) => void) | undefined;
  /** Absolute time of a time of the run. */
  readonly toAbsoluteNs: (timeNs: number) => bigint;
}

/** One tracker over the events of all machines. */
export class TrackerRun {
  readonly index: number;
  readonly tracker: Tracker;
  readonly set: PointSet;
  readonly texts: TextKeys;
  /** By part of the key: it is a text, and its number one of `texts`. */
  readonly keyIsText: boolean[] = [];
  readonly beginLabels: LabelTable = new LabelTable();
  /** Of the end that is being handled. */
  endLabels: LabelValues = noLabels;
  endPoint: Point | undefined;
  readonly #labels: LabelTable;
  readonly #hasBeginLabels: boolean;
  readonly #series: SeriesTable;
  readonly #uncertain: Histogram;
  readonly #hosts: HostState[] = [];
  readonly #place: Place;
  readonly #hasOwnTime: boolean;
  /** With own times: when the begin was seen (ns), by slot. */
  #seenNs = new Float64Array(0);
  /** Ids of threads are those that `sched_switch` has. */
  knowsWhereThreadsRun = true;
  readonly #context: EventContext;
  readonly #options: TrackerRunOptions;
  readonly #thresholds: ThresholdHistory;
  #settings: TrackerSettings = {};
  #uncertainCount = 0;
  readonly #waits = new Map<HostState, RateLimit>();
  readonly #base: MutableCounters = zeroCounters();

  constructor(
    index: number,
    tracker: Tracker,
    set: PointSet,
    context: EventContext,
    options: TrackerRunOptions,
  ) {
    this.index = index;
    this.tracker = tracker;
    this.set = set;
    this.#context = context;
    this.#options = options;
    this.#thresholds = new ThresholdHistory(tracker.alert.thresholdNs);
    const [begin, end] = [set.begin[0]!, set.end[0]!];
    const beginNames = [...begin.labels.keys()];
    const endNames = [...end.labels.keys()];
    this.#hasBeginLabels = beginNames.length > 0;
    this.#labels = endNames.length === 0 ? this.beginLabels : new LabelTable();
    // Without labels all is one series, with the id of no labels.
    this.#labels.idOf(noLabels);
    this.#series = new SeriesTable([...beginNames, ...endNames], this.#labels, tracker.histogram);
    this.#uncertain = new Histogram(tracker.histogram.bits, tracker.histogram.kind);
    this.#place = placeOf(set);
    this.#hasOwnTime = begin.time !== undefined;
    this.texts = new TextKeys(2 * tracker.max, () => this.#liveTexts());
  }

  get wantsAlerts(): boolean {
    return this.#options.onAlert !== undefined;
  }

  /** Of all points: declared names. */
  get eventNames(): readonly string[] {
    return roleOrder.flatMap((role) => this.set[role]).map(({ event }) => event);
  }

  /** Of the points whose events pairs depend on. A peek changes none, and a thread that has ended ends nothing later. */
  get pairEventNames(): readonly string[] {
    const { begin, end, abort } = this.set;
    const names = [...begin, ...end, ...abort].map(({ event }) => event);
    return names.filter((name) => plainName(name) !== 'sched_process_exit');
  }

  get followsThreads(): boolean {
    return this.#place.where === 'thread';
  }

  addHost(host: HostState): void {
    this.#hosts.push(host);
    const { keep, max, alert, timeoutNs, gcNs } = this.tracker;
    const counters = zeroCounters();
    const matcher: PairMatcher = new PairMatcher(
      {
        keyParts: this.set.begin[0]!.key.length,
        keep,
        max,
        timeoutNs,
        gcNs,
        clampNegative: this.#hasOwnTime,
        counters,
        gate: new AlertGate(alert.thresholdNs, alert.ratePerS, counters),
      },
      {
        ended: (slot, endNs, delayNs, outId, isAlert) =>
          this.#ended(host, matcher, slot, endNs, delayNs, outId, isAlert),
        timedOut: (slot, timeNs) => this.#tell(host, matcher, slot, 'timeout', timeNs, undefined),
        collected: (slot, timeNs) => this.#tell(host, matcher, slot, 'gc', timeNs, undefined),
      },
    );
    matcher.set(this.#settings);
    host.matchers[this.index] = matcher;
    this.#waits.set(host, new RateLimit(alert.ratePerS));
    host.losses[this.index] = new Losses(host, this.set.begin[0]!.key.length);
  }

  set settings(settings: TrackerSettings) {
    this.#settings = { ...this.#settings, ...settings };
    if (settings.thresholdNs !== undefined) this.#thresholds.set(settings.thresholdNs);
    for (const host of this.#hosts) host.matchers[this.index]!.set(settings);
  }

  get thresholdNs(): number {
    return this.#hosts[0]?.matchers[this.index]?.thresholdNs ?? this.tracker.alert.thresholdNs;
  }

  advance(timeNs: number): void {
    for (const host of this.#hosts) host.matchers[this.index]!.advance(timeNs);
  }

  /** A begin, before it is taken: what is pending with its key may have ended unseen. */
  beginning(point: Point, k0: number, k1: number, k2: number, k3: number): void {
    if (this.tracker.keep !== 'first') return;
    const { host, timeNs } = this.#context;
    if (!host.losses[this.index]!.hasAny) return;
    const matcher = host.matchers[this.index]!;
    const slot = matcher.find(k0, k1, k2, k3);
    if (slot === -1 || !(point.isFirst || this.#place.where === 'cpu')) return;
    if (this.#isHit(host, matcher, slot, timeNs)) matcher.replace(slot);
  }

  /** A begin that was taken. */
  began(slot: number, point: Point, k0: number, k1: number, k2: number, k3: number): void {
    const { host, cpu, timeNs } = this.#context;
    const losses = host.losses[this.index]!;
    if (this.#hasOwnTime) this.#noteSeen(slot, timeNs);
    if (Number.isNaN(cpu.tid)) this.#noteRunning(host.matchers[this.index]!, slot);
    if (this.tracker.keep !== 'first' || point.isFirst || !losses.hasAny) return;
    const ownCpu = this.#place.where === 'cpu' ? cpu : undefined;
    if (!losses.mayHaveBegun(ownCpu, timeNs, k0, k1, k2, k3)) return;
    host.matchers[this.index]!.pending.flags[slot]! |= doubtfulFlag;
  }

  /** Its events tell who runs: until the next switch it goes on. */
  #noteRunning({ pending }: PairMatcher, slot: number): void {
    const { host, cpu, timeNs } = this.#context;
    if (this.#place.where !== 'thread' || !this.knowsWhereThreadsRun || !host.seesSwitches) return;
    cpu.tid = pending.keyPart(slot, this.#place.part);
    cpu.sinceNs = timeNs;
  }

  /** An end or abort: now nothing is pending with the key. */
  settled(k0: number, k1: number, k2: number, k3: number): void {
    const { host, timeNs } = this.#context;
    const losses = host.losses[this.index]!;
    if (losses.hasAny && this.tracker.keep === 'first') losses.settle(timeNs, k0, k1, k2, k3);
  }

  #noteSeen(slot: number, timeNs: number): void {
    if (slot >= this.#seenNs.length) {
      const grown = new Float64Array(Math.max(256, 2 * slot));
      grown.set(this.#seenNs);
      this.#seenNs = grown;
    }
    this.#seenNs[slot] = timeNs;
  }

  /** Whether lost events may have changed what is pending there, when it ends now. */
  #isUncertain(host: HostState, matcher: PairMatcher, slot: number, endNs: number): boolean {
    if (!host.losses[this.index]!.hasAny) return false;
    const isDoubtful = (matcher.pending.flags[slot]! & doubtfulFlag) !== 0;
    return isDoubtful || this.#isHit(host, matcher, slot, endNs);
  }

  /** Whether it may have ended before, unseen. */
  #isHit(host: HostState, { pending }: PairMatcher, slot: number, endNs: number): boolean {
    const losses = host.losses[this.index]!;
    const beginNs = this.#hasOwnTime ? this.#seenNs[slot]! : pending.beginNs[slot]!;
    const nowNs = this.#hasOwnTime ? this.#context.timeNs : endNs;
    const { cpu } = this.#context;
    const place: Place = this.#place;
    if (place.where === 'cpu') return losses.hitsCpu(cpu, beginNs, nowNs);
    if (place.where === 'thread' && this.knowsWhereThreadsRun) {
      return losses.hitsThread(pending.keyPart(slot, place.part), cpu, beginNs, nowNs);
    }
    return losses.hitsAny(beginNs, nowNs);
  }

  /** An event of a pending operation. */
  peeked(context: EventContext, slot: number, point: Point): void {
    const { alert } = this.tracker;
    if (!alert.halfStack || !this.wantsAlerts) return;
    const matcher = context.host.matchers[this.index]!;
    const { pending } = matcher;
    const delayNs = context.timeNs - pending.beginNs[slot]!;
    if (!(delayNs > matcher.thresholdNs / 2)) return;
    if ((pending.flags[slot]! & waitingFlag) !== 0) return;
    pending.flags[slot]! |= waitingFlag;
    if (!this.#waits.get(context.host)!.passes(context.timeNs)) {
      matcher.counters.waitsLimited++;
      return;
    }
    this.#tell(context.host, matcher, slot, 'waiting', context.timeNs, point);
  }

  snapshot(): TrackerSnapshot {
    return {
      tracker: this.tracker,
      thresholdsNs: this.#thresholds.all,
      counters: this.#counters(),
      series: this.#series.snapshot(),
      uncertain: this.#uncertainCount > 0 ? this.#uncertain : undefined,
    };
  }

  reset(): void {
    const now = this.#sum();
    this.#thresholds.reset();
    // What is pending stays.
    Object.assign(this.#base, now, { pending: 0 });
    this.#series.reset();
    this.#uncertain.reset();
    this.#uncertainCount = 0;
  }

  #counters(): TrackerCounters {
    const sum = this.#sum();
    for (const name of Object.keys(sum) as (keyof MutableCounters)[]) sum[name] -= this.#base[name];
    sum.uncertain = this.#uncertainCount;
    return sum;
  }

  #sum(): MutableCounters {
    const sum = zeroCounters();
    for (const { matchers } of this.#hosts) {
      const { counters } = matchers[this.index]!;
      for (const name of Object.keys(sum) as (keyof MutableCounters)[]) sum[name] += counters[name];
    }
    return sum;
  }

  #ended(
    host: HostState,
    matcher: PairMatcher,
    slot: number,
    endNs: number,
    delayNs: number,
    outId: number,
    isAlert: boolean,
  ): void {
    const isUncertain = this.#isUncertain(host, matcher, slot, endNs);
    if (isUncertain) {
      this.#uncertainCount++;
      this.#uncertain.add(delayNs);
    } else {
      this.#series.add(this.#seriesOf(matcher.pending.tags[slot]!), delayNs);
    }
    if (!isAlert) return;
    this.#tell(host, matcher, slot, 'alert', endNs, this.endPoint, outId, delayNs, isUncertain);
  }

  #seriesOf(tag: number): number {
    if (this.endLabels.length === 0) return tag;
    if (!this.#hasBeginLabels) return this.#labels.idOf(this.endLabels);
    return this.#labels.idOf([...this.beginLabels.valuesOf(tag), ...this.endLabels]);
  }

  #tell(
    host: HostState,
    matcher: PairMatcher,
    slot: number,
    kind: Alert['kind'],
    endNs: number,
    point: Point | undefined,
    outId = 0,
    delay?: number,
    isUncertain: boolean = this.#isUncertain(host, matcher, slot, endNs),
  ): void {
    const { onAlert } = this.#options;
    if (onAlert === undefined) return;
    const context = this.#context;
    const delayNs = delay ?? endNs - matcher.pending.beginNs[slot]!;
    const whole =
      point === undefined || context.cursor === undefined
        ? undefined
        : new WholeEvent(context.cursor, context);
    const info = this.#infoOf(matcher, slot, point, whole);
    const key = this.#keyOf(matcher, slot);
    const endAbsoluteNs = this.#options.toAbsoluteNs(
      this.#hasOwnTime && kind === 'alert' ? context.timeNs : endNs,
    );
    const { tid, comm, ...others } = info;
    const [first] = key;
    const ofTask = this.tracker.per === 'task' && typeof first === 'number' ? first : undefined;
    onAlert({
      tracker: this.tracker.name,
      kind,
      beginNs: endAbsoluteNs - BigInt(Math.round(delayNs)),
      endNs: endAbsoluteNs,
      delayNs,
      outId,
      key,
      cpuId: context.cpu.id,
      ...(isUncertain ? { isUncertain } : {}),
      tid: typeof tid === 'number' ? tid : ofTask,
      comm: typeof comm === 'string' ? comm : undefined,
      info: others,
      kernelStack: whole?.stack('kernel'),
      userStack: whole?.stack('user'),
    });
  }

  #infoOf(
    matcher: PairMatcher,
    slot: number,
    point: Point | undefined,
    whole: WholeEvent | undefined,
  ): InfoValues {
    const { pending } = matcher;
    const info: InfoValues = {};
    const labels = this.beginLabels.valuesOf(pending.tags[slot]!);
    let i = 0;
    for (const name of this.set.begin[0]!.labels.keys()) {
      const value = labels[i++];
      if (value !== undefined) info[name] = value;
    }
    Object.assign(info, pending.data[slot] as InfoValues | undefined);
    for (const [name, expression] of point?.info ?? []) {
      const value = whole?.value(expression);
      if (value !== undefined) info[name] = value;
    }
    // Who ran may not have been known.
    for (const name of Object.keys(info)) if (Number.isNaN(info[name])) delete info[name];
    return info;
  }

  #keyOf(matcher: PairMatcher, slot: number): (number | string)[] {
    return this.set.begin[0]!.key.map((_, part) => {
      const value = matcher.pending.keyPart(slot, part);
      return this.keyIsText[part] === true ? (this.texts.textOf(value) ?? '') : value;
    });
  }

  #liveTexts(): ReadonlySet<number> {
    const live = new Set<number>();
    for (const { matchers } of this.#hosts) {
      const { pending } = matchers[this.index]!;
      for (const slot of pending.slots()) {
        for (let part = 0; part < this.keyIsText.length; part++) {
          live.add(pending.keyPart(slot, part));
        }
      }
    }
    return live;
  }
}
