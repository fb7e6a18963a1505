/**
 * The tracker for programs: `eventIn` when something begins, `eventOut` when it ends. It costs tens of nanoseconds, keeps only what is
 * pending, and calls back only when it took too long.
 */
import type { HistogramData, TrackerCounters } from './declaration.ts';
import { durationNs } from './duration.ts';
import { Histogram } from './histogram.ts';
import { type MatcherEvents, PairMatcher } from './pair-matcher.ts';
import { defaultMax } from './parse-tracker.ts';

/** Numbers are fastest; other values are identified as by a `Map`. */
export type TrackerKey = unknown;

/** Why a callback is called. */
export type LatencyFlag = 'alert' | 'timeout' | 'gc' | 'overwrite';

/** Given to callbacks; a new object each time. */
export interface LatencyContext<P> {
  readonly flag: LatencyFlag;
  readonly key: TrackerKey;
  readonly beginNs: number;
  /** When it ended; of timeouts and collections, when they were due. */
  readonly endNs: number;
  readonly delayNs: number;
  /** What `eventOut` said; 0 for other flags. */
  readonly outId: number;
  /** What `eventIn` was given. */
  readonly priv: P | undefined;
}

export type LatencyCallback<P> = (context: LatencyContext<P>) => void;

export interface LatencyTrackerOptions<P> {
  /** Alert above it: ns, or a text such as `'2ms'`. Default: 1 ms. */
  readonly threshold?: number | string;
  /** Call `onTimeout` for what has been pending so long. Default: never. */
  readonly timeout?: number | string;
  /** Give up what has been pending so long. Default: never. */
  readonly gc?: number | string;
  /** Pending operations at once; more are refused and counted. Default: 65,536. */
  readonly max?: number;
  /**
   * A begin with a key that is pending: `unique` (default) replaces it, `keepFirst` ignores the new one, `duplicates` keeps both, and
   * one end closes all.
   */
  readonly mode?: 'unique' | 'keepFirst' | 'duplicates';
  /** Sub-buckets of the histogram: 2^bits per power of two, 0 to 7. Default: 5 (3 %). */
  readonly bits?: number;
  /** Alerts per second at most. Default: no limit. */
  readonly rate?: number;
  /** After each alert the threshold becomes its delay. */
  readonly worst?: boolean;
  /** The time (ns). Default: the process's monotonic clock. */
  readonly now?: () => number;
  readonly onAlert?: LatencyCallback<P>;
  readonly onTimeout?: LatencyCallback<P>;
  readonly onGc?: LatencyCallback<P>;
  readonly onOverwrite?: LatencyCallback<P>;
}

export interface EventInOptions<P> {
  /** Instead of now (ns, on the tracker's clock). */
  readonly ts?: number;
  /** Kept until the end, given to callbacks. */
  readonly priv?: P;
}

export interface EventOutOptions {
  readonly ts?: number;
  /** Tells callbacks which end it was. */
  readonly outId?: number;
}

/** `full`: no room; `kept`: an older one with this key is kept; `off`: the tracker is off. */
export type EventInResult = 'ok' | 'kept' | 'full' | 'off';

/** A pending operation. */
export interface PendingOperation<P> {
  readonly beginNs: number;
  readonly priv: P | undefined;
}

export interface LatencySettings {
  readonly threshold?: number | string;
  readonly timeout?: number | string;
  readonly worst?: boolean;
  /** False: nothing is tracked, what is pending is forgotten. */
  readonly on?: boolean;
}

export interface LatencyStats extends TrackerCounters {
  readonly count: number;
  readonly sumNs: number;
  /** NaN: nothing was measured. */
  readonly minNs: number;
  readonly maxNs: number;
  readonly averageNs: number;
}

export interface LatencySnapshot {
  readonly stats: LatencyStats;
  readonly histogram: HistogramData;
}

const nsPerMs = 1e6;
const never = Number.POSITIVE_INFINITY;
const modes = { unique: 'last', keepFirst: 'first', duplicates: 'all' } as const;
const monotonicNs = (): number => performance.now() * nsPerMs;

/** What is kept beside a pending operation that has more than a number. */
interface Attached<P> {
  readonly key: TrackerKey;
  readonly priv: P | undefined;
}

/**
 * Measures pairs of `eventIn` and `eventOut` with the same key. Timeouts and `gc` are looked for when something happens and by a timer
 * that keeps no process alive; with a clock of your own, by `advance`.
 */
export class LatencyTracker<P = unknown> {
  readonly #options: LatencyTrackerOptions<P>;
  readonly #now: () => number;
  readonly #histogram: Histogram;
  readonly #numbers: PairMatcher;
  /** For keys that are no numbers; their ids are the keys in it. */
  readonly #others: PairMatcher;
  readonly #ids = new Map<TrackerKey, number>();
  #lastId = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: LatencyTrackerOptions<P>) {
    this.#options = options;
    this.#now = options.now ?? monotonicNs;
    this.#histogram = new Histogram(options.bits ?? 5);
    this.#numbers = this.#matcher((slot) => this.#numbers.pending.keyPart(slot, 0));
    this.#others = this.#matcher(() => undefined);
    this.#restartTimer(durationOr(options.timeout, never));
    if (options.worst === true) this.set({ worst: true });
  }

  #matcher(keyOf: (slot: number) => TrackerKey): PairMatcher {
    const { threshold, timeout, gc, max, mode, rate } = this.#options;
    // Made before the matcher, and called only after it.
    let matcher: PairMatcher;
    const tell = (
      callback: LatencyCallback<P> | undefined,
      flag: LatencyFlag,
      slot: number,
      endNs: number,
      outId: number,
    ): void => {
      if (callback === undefined) return;
      const beginNs = matcher.pending.beginNs[slot]!;
      const attached = matcher.pending.data[slot] as Attached<P> | undefined;
      const key = attached === undefined ? keyOf(slot) : attached.key;
      const priv = attached?.priv;
      callback({ flag, key, beginNs, endNs, delayNs: endNs - beginNs, outId, priv });
    };
    const { onAlert, onTimeout, onGc } = this.#options;
    const histogram = this.#histogram;
    const events: MatcherEvents = {
      ended: (slot, endNs, delayNs, outId, isAlert) => {
        histogram.add(delayNs);
        if (isAlert) tell(onAlert, 'alert', slot, endNs, outId);
      },
      timedOut: (slot, timeNs) => tell(onTimeout, 'timeout', slot, timeNs, 0),
      collected: (slot, timeNs) => {
        tell(onGc, 'gc', slot, timeNs, 0);
        this.#forget(matcher, slot);
      },
    };
    matcher = new PairMatcher(
      {
        keyParts: 1,
        keep: modes[mode ?? 'unique'],
        max: max ?? defaultMax,
        thresholdNs: durationOr(threshold, nsPerMs),
        timeoutNs: durationOr(timeout, never),
        gcNs: durationOr(gc, never),
        ratePerS: rate ?? never,
        clampNegative: false,
      },
      events,
    );
    return matcher;
  }

  /** Something begins. */
  eventIn(key: TrackerKey, options?: EventInOptions<P>): EventInResult {
    const nowNs = options?.ts ?? this.#now();
    const isNumber = isNumberKey(key);
    const matcher = isNumber ? this.#numbers : this.#others;
    if (this.#options.onOverwrite !== undefined) this.#tellOverwrite(key, nowNs);
    matcher.advance(nowNs);
    const slot = matcher.begin(isNumber ? key : this.#idOf(key), 0, 0, 0, nowNs);
    if (slot < 0) {
      if (!isNumber && slot === -1) this.#ids.delete(key);
      return slot === -2 ? 'kept' : matcher.isOn ? 'full' : 'off';
    }
    const priv = options?.priv;
    if (!isNumber || priv !== undefined) matcher.pending.data[slot] = { key, priv };
    else if (matcher.pending.data.length > 0) matcher.pending.data[slot] = undefined;
    return 'ok';
  }

  /** It ends. @returns false: nothing with this key was pending */
  eventOut(key: TrackerKey, options?: EventOutOptions): boolean {
    const nowNs = options?.ts ?? this.#now();
    const outId = options?.outId ?? 0;
    if (isNumberKey(key)) {
      this.#numbers.advance(nowNs);
      return this.#numbers.end(key, 0, 0, 0, nowNs, outId) > 0;
    }
    this.#others.advance(nowNs);
    const id = this.#ids.get(key);
    if (id === undefined) {
      this.#others.counters.unmatchedEnds++;
      return false;
    }
    this.#ids.delete(key);
    return this.#others.end(id, 0, 0, 0, nowNs, outId) > 0;
  }

  /** What is pending under the key: the newest. */
  get(key: TrackerKey): PendingOperation<P> | undefined {
    const isNumber = isNumberKey(key);
    const matcher = isNumber ? this.#numbers : this.#others;
    const { pending } = matcher;
    const id = isNumber ? key : this.#ids.get(key);
    const slot = id === undefined ? -1 : matcher.find(id, 0, 0, 0);
    if (slot === -1) return undefined;
    const attached = pending.data[slot] as Attached<P> | undefined;
    return { beginNs: pending.beginNs[slot]!, priv: attached?.priv };
  }

  /** Forgets what is pending under the key. */
  abort(key: TrackerKey): void {
    if (isNumberKey(key)) {
      this.#numbers.abort(key, 0, 0, 0);
      return;
    }
    const id = this.#ids.get(key);
    if (id === undefined) return;
    this.#ids.delete(key);
    this.#others.abort(id, 0, 0, 0);
  }

  set(settings: LatencySettings): void {
    const { threshold, timeout, worst, on } = settings;
    const changes = {
      ...(threshold === undefined ? {} : { thresholdNs: durationNs(threshold) }),
      ...(timeout === undefined ? {} : { timeoutNs: durationNs(timeout) }),
      ...(worst === undefined ? {} : { worst }),
      ...(on === undefined ? {} : { on }),
    };
    if (on === false) this.#ids.clear();
    this.#numbers.set(changes);
    this.#others.set(changes);
    if (changes.timeoutNs !== undefined) this.#restartTimer(changes.timeoutNs);
  }

  /** Looks for what is due at `nowNs`. */
  advance(nowNs: number = this.#now()): void {
    this.#numbers.advance(nowNs);
    this.#others.advance(nowNs);
  }

  get stats(): LatencyStats {
    const { count, sumNs, minNs, maxNs } = this.#histogram;
    const sums = { ...this.#numbers.counters };
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) {
      sums[name] += this.#others.counters[name];
    }
    const isEmpty = count === 0;
    return {
      ...sums,
      count,
      sumNs,
      minNs: isEmpty ? Number.NaN : minNs,
      maxNs: isEmpty ? Number.NaN : maxNs,
      averageNs: sumNs / count,
    };
  }

  /** All pairs, not only those above the threshold. It goes on growing. */
  histogram(): Histogram {
    return this.#histogram;
  }

  /** The sums so far, and a new start for them; what is pending stays. */
  snapshotAndReset(): LatencySnapshot {
    const histogram = new Histogram(this.#histogram.bits);
    histogram.merge(this.#histogram);
    const snapshot = { stats: this.stats, histogram };
    this.#histogram.reset();
    for (const { counters } of [this.#numbers, this.#others]) {
      const { pending } = counters;
      for (const name of Object.keys(counters) as (keyof typeof counters)[]) counters[name] = 0;
      counters.pending = pending;
    }
    return snapshot;
  }

  /** Stops the timer; the tracker may still be used. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #idOf(key: TrackerKey): number {
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = ++this.#lastId;
      this.#ids.set(key, id);
    }
    return id;
  }

  /** The id of a key lives as long as an operation with it. */
  #forget(matcher: PairMatcher, slot: number): void {
    if (matcher !== this.#others) return;
    const { pending } = matcher;
    if (this.#options.mode === 'duplicates' && pending.findOlder(slot) !== -1) return;
    const { key } = pending.data[slot] as Attached<P>;
    const newest = matcher.find(this.#ids.get(key) ?? 0, 0, 0, 0);
    if (newest === slot) this.#ids.delete(key);
  }

  #tellOverwrite(key: TrackerKey, nowNs: number): void {
    if ((this.#options.mode ?? 'unique') !== 'unique') return;
    const known = this.get(key);
    if (known === undefined) return;
    const { beginNs, priv } = known;
    const times = { beginNs, endNs: nowNs, delayNs: nowNs - beginNs };
    this.#options.onOverwrite?.({ flag: 'overwrite', key, ...times, outId: 0, priv });
  }

  #restartTimer(timeoutNs: number): void {
    this.close();
    const shortestNs = Math.min(timeoutNs, durationOr(this.#options.gc, never));
    if (this.#options.now !== undefined || shortestNs === never) return;
    const periodMs = Math.min(1000, Math.max(1, shortestNs / nsPerMs / 4));
    this.#timer = setInterval(() => this.advance(), periodMs);
    this.#timer.unref();
  }
}

/** NaN is not equal to itself: a `Map` knows it nevertheless. */
const isNumberKey = (key: TrackerKey): key is number =>
  typeof key === 'number' && !Number.isNaN(key);

const durationOr = (duration: number | string | undefined, fallback: number): number =>
  duration === undefined ? fallback : durationNs(duration);

/**
 * A tracker for this program.
 * @throws UsageError `bad-duration`
 */
export function createLatencyTracker<P = unknown>(
  options: LatencyTrackerOptions<P> = {},
): LatencyTracker<P> {
  return new LatencyTracker(options);
}
