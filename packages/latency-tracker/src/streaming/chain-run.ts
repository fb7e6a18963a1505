import { AlertGate } from '../alert-gate.ts';
import { type MutableCounters, zeroCounters } from '../counters.ts';
import type {
  Alert,
  Chain,
  ChainStep,
  Tracker,
  TrackerSettings,
  TrackerSnapshot,
} from '../declaration.ts';
import { eventMatches } from '../event-names.ts';
import type { Expression } from '../expression.ts';
import { Histogram } from '../histogram.ts';
import { ThresholdHistory } from '../threshold-history.ts';
import { WholeEvent } from './alert-values.ts';
import type { ExpressionCompiler, NumberOf, SlotRecord } from './compile-expression.ts';
import type { EventContext, HostState } from './event-context.ts';
import { Losses } from './losses.ts';
import { LabelTable, SeriesTable } from './series.ts';
import type { TrackerRunOptions } from './tracker-run.ts';

/** A chain on its way: when each of its steps was. */
interface Link {
  readonly step: number;
  readonly timeNs: number;
  readonly before: Link | undefined;
  /** It may go on from another link, which was lost. */
  readonly isDoubtful: boolean;
}

/** With more, all are forgotten. */
const maxSettled = 65_536;

/** Chains that wait, by step: key → link. */
type Waiting = Map<string, Link>[];

/** One chain tracker over the events of all machines. It keeps the same promises as `TrackerRun`. */
export class ChainRun {
  readonly index: number;
  readonly tracker: Tracker;
  readonly #chain: Chain;
  readonly #context: EventContext;
  readonly #options: TrackerRunOptions;
  readonly #waiting = new Map<HostState, Waiting>();
  /** By step: key → when nothing waited under it, once something was lost. */
  readonly #settled = new Map<HostState, Map<string, number>[]>();
  /** Steps whose event the traces have. */
  readonly #present = new Set<number>();
  readonly #labels = new LabelTable();
  readonly #series: SeriesTable;
  readonly #uncertain: Histogram;
  readonly #counters: MutableCounters = zeroCounters();
  readonly #gate: AlertGate;
  readonly #thresholds: ThresholdHistory;
  #isOn = true;

  constructor(
    index: number,
    tracker: Tracker,
    chain: Chain,
    context: EventContext,
    options: TrackerRunOptions,
  ) {
    this.index = index;
    this.tracker = tracker;
    this.#chain = chain;
    this.#context = context;
    this.#options = options;
    const { thresholdNs, ratePerS } = tracker.alert;
    this.#gate = new AlertGate(thresholdNs, ratePerS, this.#counters);
    this.#thresholds = new ThresholdHistory(thresholdNs);
    this.#labels.idOf([]);
    this.#series = new SeriesTable([], this.#labels, tracker.histogram);
    this.#uncertain = new Histogram(tracker.histogram.bits, tracker.histogram.kind);
  }

  readonly followsThreads = false;

  /** Of all steps: declared names. */
  get eventNames(): readonly string[] {
    const { steps, drop } = this.#chain;
    return [...steps, ...drop].map(({ event }) => event);
  }

  get pairEventNames(): readonly string[] {
    return this.eventNames;
  }

  addHost(host: HostState): void {
    this.#waiting.set(
      host,
      this.#chain.steps.map(() => new Map()),
    );
    this.#settled.set(
      host,
      this.#chain.steps.map(() => new Map()),
    );
    host.losses[this.index] = new Losses(host, 1);
  }

  set settings({ thresholdNs, worst, on }: TrackerSettings) {
    if (thresholdNs !== undefined) {
      this.#gate.thresholdNs = thresholdNs;
      this.#thresholds.set(thresholdNs);
    }
    if (worst !== undefined) this.#gate.worst = worst;
    if (on !== undefined) this.#isOn = on;
    if (on === false) this.#forgetAll();
  }

  /** Chains have no timeout: what comes next may be long in coming. */
  advance(): void {}

  snapshot(): TrackerSnapshot {
    let pending = 0;
    for (const waiting of this.#waiting.values()) for (const { size } of waiting) pending += size;
    return {
      tracker: this.tracker,
      thresholdsNs: this.#thresholds.all,
      counters: { ...this.#counters, pending },
      series: this.#series.snapshot(),
      uncertain: this.#counters.uncertain > 0 ? this.#uncertain : undefined,
    };
  }

  reset(): void {
    Object.assign(this.#counters, zeroCounters());
    this.#thresholds.reset();
    this.#series.reset();
    this.#uncertain.reset();
  }

  /** What the chain does at records of a class. */
  actionsAt(eventName: string, compiler: ExpressionCompiler): ((record: SlotRecord) => void)[] {
    const { steps, drop } = this.#chain;
    const actions: ((record: SlotRecord) => void)[] = [];
    // Later steps first: an event that is two steps does not go through both at once.
    for (let i = steps.length - 1; i >= 0; i--) {
      const step = steps[i]!;
      if (!eventMatches(step.event, eventName)) continue;
      this.#present.add(i);
      actions.push(this.#stepAction(i, step, compiler));
    }
    for (const { event, step, key } of drop) {
      if (!eventMatches(event, eventName)) continue;
      const keyOf = compileKey(key, compiler);
      actions.push((record) => this.#take(step, keyOf(record), false));
    }
    return actions;
  }

  #stepAction(
    index: number,
    step: ChainStep,
    compiler: ExpressionCompiler,
  ): (record: SlotRecord) => void {
    const when = step.when.map((expression) => compiler.number(expression));
    const sources = step.from.map(({ step: from, key, stays }) => ({
      from,
      stays,
      keyOf: compileKey(key, compiler),
    }));
    const keyOf = step.key === undefined ? undefined : compileKey(step.key, compiler);
    return (record) => {
      if (!this.#isOn || !when.every((test) => isTrue(test(record)))) return;
      let before: Link | undefined;
      let isDoubtful = false;
      for (const { from, stays, keyOf: sourceKey } of sources) {
        const key = sourceKey(record);
        before = this.#take(from, key, stays);
        if (before !== undefined) break;
        isDoubtful ||= this.#mayBeLost(from, key);
      }
      if (sources.length > 0 && before === undefined) return;
      if (before === undefined) this.#counters.begins++;
      isDoubtful ||= before?.isDoubtful === true;
      const link: Link = { step: index, timeNs: this.#context.timeNs, before, isDoubtful };
      if (keyOf === undefined) this.#end(step, link);
      else this.#wait(index, keyOf(record), link);
    };
  }

  #wait(step: number, key: string, link: Link): void {
    const waiting = this.#waitingAt(step);
    if (waiting.has(key)) {
      this.#counters.overwritten++;
      // A thread that is woken again still waits since the first time; a new interrupt is a new beginning.
      if (link.before !== undefined) return;
    } else if (waiting.size >= this.tracker.max) {
      this.#counters.full++;
      return;
    }
    waiting.set(key, link);
  }

  #take(step: number, key: string, stays: boolean): Link | undefined {
    const waiting = this.#waitingAt(step);
    const link = waiting.get(key);
    if (stays) return link;
    waiting.delete(key);
    this.#settle(step, key);
    return link;
  }

  /** Nothing waits there now. */
  #settle(step: number, key: string): void {
    const { host, timeNs } = this.#context;
    if (!host.losses[this.index]!.hasAny) return;
    const settled = this.#settled.get(host)![step]!;
    if (settled.size >= maxSettled) settled.clear();
    settled.set(key, timeNs);
  }

  /** Whether a link may wait there that was lost. */
  #mayBeLost(step: number, key: string): boolean {
    const { host } = this.#context;
    const losses = host.losses[this.index]!;
    if (!losses.hasAny || !this.#present.has(step)) return false;
    return !((this.#settled.get(host)![step]!.get(key) ?? Number.NaN) >= losses.endNs);
  }

  #waitingAt(step: number): Map<string, Link> {
    return this.#waiting.get(this.#context.host)![step]!;
  }

  #forgetAll(): void {
    for (const waiting of this.#waiting.values()) for (const each of waiting) each.clear();
  }

  #end(step: ChainStep, last: Link): void {
    const links: Link[] = [];
    for (let link: Link | undefined = last; link !== undefined; link = link.before)
      links.push(link);
    const first = links.at(-1)!;
    const delayNs = last.timeNs - first.timeNs;
    this.#counters.ends++;
    const losses = this.#context.host.losses[this.index]!;
    const isUncertain =
      losses.hasAny && (last.isDoubtful || losses.hitsAny(first.timeNs, last.timeNs));
    if (isUncertain) {
      this.#counters.uncertain++;
      this.#uncertain.add(delayNs);
    } else this.#series.add(0, delayNs);
    if (!this.#gate.passes(delayNs, last.timeNs)) return;
    this.#options.onAlert?.(this.#alertOf(step, links.reverse(), delayNs, isUncertain));
  }

  /** @param links - From the first. */
  #alertOf(step: ChainStep, links: readonly Link[], delayNs: number, isUncertain: boolean): Alert {
    const context = this.#context;
    const whole = new WholeEvent(context.cursor!, context);
    const info: { [name: string]: number | string } = {};
    for (const [name, expression] of step.info) {
      const value = whole.value(expression);
      if (value !== undefined) info[name] = value;
    }
    const { tid, comm, ...others } = info;
    const beginNs = links[0]!.timeNs;
    const breakdown = links
      .map((link) => `${this.#chain.steps[link.step]!.name} = ${link.timeNs - beginNs}`)
      .join(', to ');
    const endNs = this.#options.toAbsoluteNs(links.at(-1)!.timeNs);
    return {
      tracker: this.tracker.name,
      kind: 'alert',
      beginNs: endNs - BigInt(delayNs),
      endNs,
      delayNs,
      outId: 0,
      key: [typeof tid === 'number' ? tid : 0],
      cpuId: context.cpu.id,
      ...(isUncertain ? { isUncertain } : {}),
      tid: typeof tid === 'number' ? tid : undefined,
      comm: typeof comm === 'string' ? comm : undefined,
      info: { ...others, breakdown },
      kernelStack: whole.stack('kernel'),
      userStack: whole.stack('user'),
    };
  }
}

const isTrue = (value: number): boolean => value < 0 || value > 0;

function compileKey(
  key: readonly Expression[],
  compiler: ExpressionCompiler,
): (record: SlotRecord) => string {
  const parts: NumberOf[] = key.map((expression) => compiler.number(expression));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return (record) => String(only(record));
  return (record) => parts.map((part) => part(record)).join(':');
}
