import type { HistogramData, TrackerCounters } from '../declaration.ts';

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
  /** The time (ns). Default: that of `process.hrtime`. */
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
