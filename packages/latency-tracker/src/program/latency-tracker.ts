/**
 * The tracker for programs: `eventIn` when something begins, `eventOut` when it ends. It costs tens of nanoseconds, keeps only what is
 * pending, and calls back only when it took too long.
 */
import { AlertGate } from '../alert-gate.ts';
import { zeroCounters } from '../counters.ts';
import { durationNs } from '../duration.ts';
import { Histogram } from '../histogram.ts';
import { defaultMax } from '../parse-tracker.ts';
import { AgedPairs } from './aged-pairs.ts';
import { checkOptions } from './check-options.ts';
import type {
  EventInOptions,
  EventInResult,
  EventOutOptions,
  LatencyCallback,
  LatencyFlag,
  LatencySettings,
  LatencySnapshot,
  LatencyStats,
  LatencyTrackerOptions,
  PendingOperation,
  TrackerKey,
} from './options.ts';
import { isNumberKey, type Pairs, type PairsResults } from './pairs.ts';
import { QuickPairs } from './quick-pairs.ts';

const nsPerMs = 1e6;
const never = Number.POSITIVE_INFINITY;
const modes = { unique: 'last', keepFirst: 'first', duplicates: 'all' } as const;

const { hrtime } = process;

/**
 * The clock that costs least. `performance.now` makes a number object for each reading, `hrtime.bigint` a bigint; of the pair of `hrtime`
 * V8 makes nothing, as long as all that is done with it is this one line with its literal (measured: a named constant brings 64 bytes).
 */
function monotonicNs(): number {
  const time = hrtime();
  return time[0] * 1e9 + time[1];
}

/**
 * Measures pairs of `eventIn` and `eventOut` with the same key. Timeouts and `gc` are looked for when something happens and by a timer
 * that keeps no process alive; with a clock of your own, by `advance`.
 */
export class LatencyTracker<P = unknown> {
  readonly #options: LatencyTrackerOptions<P>;
  readonly #clock: () => number;
  readonly #results: PairsResults<P>;
  /** As long as no operation may be given up, and there is one for a key. */
  #quick: QuickPairs<P> | undefined;
  #aged: AgedPairs<P> | undefined;
  /** The quick ones where a number needs no more than them. */
  #quickest: QuickPairs<P> | undefined;
  readonly #tellsOverwrite: boolean;
  #isOn = true;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: LatencyTrackerOptions<P>) {
    checkOptions(options);
    this.#options = options;
    this.#clock = options.now ?? monotonicNs;
    const counters = zeroCounters();
    const gate = new AlertGate(
      durationOr(options.threshold, nsPerMs),
      options.rate ?? never,
      counters,
    );
    gate.worst = options.worst === true;
    this.#results = {
      clock: this.#clock,
      delayNs: new Float64Array(1),
      counters,
      gate,
      histogram: new Histogram(options.bits ?? 5),
      tell: tellerOf(options),
    };
    const timeoutNs = durationOr(options.timeout, never);
    const gcNs = durationOr(options.gc, never);
    const isQuick = Math.min(timeoutNs, gcNs) === never && options.mode !== 'duplicates';
    this.#tellsOverwrite =
      options.onOverwrite !== undefined && (options.mode ?? 'unique') === 'unique';
    if (isQuick) this.#quick = this.#makeQuick();
    else this.#aged = this.#makeAged(timeoutNs, gcNs);
    this.#chooseQuickest();
    this.#restartTimer(timeoutNs);
  }

  #makeQuick(): QuickPairs<P> {
    const { max, mode } = this.#options;
    return new QuickPairs(this.#results, max ?? defaultMax, mode === 'keepFirst');
  }

  #makeAged(timeoutNs: number, gcNs: number): AgedPairs<P> {
    const { max, mode } = this.#options;
    return new AgedPairs(this.#results, {
      keep: modes[mode ?? 'unique'],
      max: max ?? defaultMax,
      timeoutNs,
      gcNs,
    });
  }

  #chooseQuickest(): void {
    this.#quickest = this.#isOn && !this.#tellsOverwrite ? this.#quick : undefined;
  }

  get #pairs(): Pairs<P> {
    return this.#quick ?? this.#aged!;
  }

  /** Something begins. */
  eventIn(key: TrackerKey, options?: EventInOptions<P>): EventInResult {
    const quickest = this.#quickest;
    return quickest !== undefined && options === undefined && isNumberKey(key)
      ? quickest.numberIn(key)
      : this.#eventIn(key, options);
  }

  #eventIn(key: TrackerKey, options: EventInOptions<P> | undefined): EventInResult {
    if (!this.#isOn) return 'off';
    const nowNs = options?.ts ?? this.#clock();
    this.#aged?.advance(nowNs);
    if (this.#tellsOverwrite) this.#tellOverwrite(key, nowNs);
    return this.#pairs.eventIn(key, nowNs, options?.priv);
  }

  #tellOverwrite(key: TrackerKey, nowNs: number): void {
    const known = this.get(key);
    if (known === undefined) return;
    this.#results.tell('overwrite', key, known.beginNs, nowNs, 0, known.priv);
  }

  /** It ends. @returns false: nothing with this key was pending */
  eventOut(key: TrackerKey, options?: EventOutOptions): boolean {
    const quickest = this.#quickest;
    return quickest !== undefined && options === undefined && isNumberKey(key)
      ? quickest.numberOut(key)
      : this.#pairs.eventOut(key, options?.ts ?? this.#clock(), options?.outId ?? 0);
  }

  /** What is pending under the key: the newest. */
  get(key: TrackerKey): PendingOperation<P> | undefined {
    return this.#pairs.get(key);
  }

  /** Forgets what is pending under the key. */
  abort(key: TrackerKey): void {
    this.#pairs.abort(key);
  }

  /** What is pending stays, unless it is turned off. */
  set(settings: LatencySettings): void {
    const { threshold, timeout, worst, on } = settings;
    const { gate } = this.#results;
    // First all that may be wrong.
    const thresholdNs = durationOr(threshold, gate.thresholdNs);
    if (timeout !== undefined) this.#setTimeoutNs(durationNs(timeout));
    gate.thresholdNs = thresholdNs;
    if (worst !== undefined) gate.worst = worst;
    if (on === undefined) return;
    this.#isOn = on;
    this.#chooseQuickest();
    if (!on) this.#pairs.clear();
  }

  #setTimeoutNs(timeoutNs: number): void {
    if (this.#aged === undefined && timeoutNs < never) {
      this.#aged = this.#makeAged(timeoutNs, never);
      this.#aged.adopt(this.#quick!);
      this.#quick = undefined;
      this.#chooseQuickest();
    } else if (this.#aged !== undefined) this.#aged.timeoutNs = timeoutNs;
    this.#restartTimer(timeoutNs);
  }

  /** Looks for what is due at `nowNs`. */
  advance(nowNs: number = this.#clock()): void {
    this.#aged?.advance(nowNs);
  }

  get stats(): LatencyStats {
    const { counters, histogram } = this.#results;
    const { count, sumNs, minNs, maxNs } = histogram;
    const isEmpty = count === 0;
    return {
      ...counters,
      count,
      sumNs,
      minNs: isEmpty ? Number.NaN : minNs,
      maxNs: isEmpty ? Number.NaN : maxNs,
      averageNs: sumNs / count,
    };
  }

  /** All pairs, not only those above the threshold. It goes on growing. */
  histogram(): Histogram {
    return this.#results.histogram;
  }

  /** The sums so far, and a new start for them; what is pending stays. */
  snapshotAndReset(): LatencySnapshot {
    const { counters, histogram: own } = this.#results;
    const histogram = new Histogram(own.bits);
    histogram.merge(own);
    const snapshot = { stats: this.stats, histogram };
    own.reset();
    Object.assign(counters, zeroCounters(), { pending: counters.pending });
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

  #restartTimer(timeoutNs: number): void {
    this.close();
    const shortestNs = Math.min(timeoutNs, durationOr(this.#options.gc, never));
    if (this.#options.now !== undefined || shortestNs === never) return;
    const periodMs = Math.min(1000, Math.max(1, shortestNs / nsPerMs / 4));
    this.#timer = setInterval(() => this.advance(), periodMs);
    this.#timer.unref();
  }
}

function tellerOf<P>(options: LatencyTrackerOptions<P>): PairsResults<P>['tell'] {
  const { onAlert, onTimeout, onGc, onOverwrite } = options;
  const callbacks: { readonly [flag in LatencyFlag]: LatencyCallback<P> | undefined } = {
    alert: onAlert,
    timeout: onTimeout,
    gc: onGc,
    overwrite: onOverwrite,
  };
  return (flag, key, beginNs, endNs, outId, priv) =>
    callbacks[flag]?.({ flag, key, beginNs, endNs, delayNs: endNs - beginNs, outId, priv });
}

const durationOr = (duration: number | string | undefined, fallback: number): number =>
  duration === undefined ? fallback : durationNs(duration);

/**
 * A tracker for this program.
 * @throws UsageError `bad-duration`, `bad-option`
 */
export function createLatencyTracker<P = unknown>(
  options: LatencyTrackerOptions<P> = {},
): LatencyTracker<P> {
  return new LatencyTracker(options);
}
