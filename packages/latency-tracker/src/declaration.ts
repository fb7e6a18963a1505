/**
 * A tracker as data: which events begin and end an operation, what identifies it, and what to do when it takes long. The same declaration
 * runs over a trace (streaming) and inside the kernel (eBPF).
 *
 * `TrackerDeclaration` is what people write (TypeScript or JSON); `Tracker` is what `parseTracker` makes of it: expressions parsed,
 * durations in ns, defaults filled in.
 */
import type { Expression } from './expression.ts';

/** `1500` (ns) or `'2ms'`. */
export type Duration = number | string;

/** Where in the system the operation is. */
export const levels = [
  'syscall',
  'fs',
  'iosched',
  'block',
  'sched',
  'irq',
  'net',
  'lock',
  'user',
] as const;
export type Level = (typeof levels)[number];

/** An event at which something happens to a pending operation. */
export interface PointDeclaration {
  /** `sched:sched_switch`, with the kernel's names. Other tracers' names are found through the table of event-names.ts. */
  readonly event: string;
  /** One to four expressions which together identify the operation. */
  readonly key: readonly string[];
  /** All must be true (not 0). */
  readonly when?: string | readonly string[];
  /** Instead of the event's own time (ns): only differences between begin and end count. */
  readonly time?: string;
  /** End points: a number that tells ends apart. */
  readonly outId?: number;
  /**
   * Begin points of a tracker that keeps the first of several: nothing can have begun the operation before this event. So its pairs are
   * certain even where events were lost before it.
   */
  readonly isFirst?: boolean;
  /** Values to be shown with an alert. Those of a begin point are saved until the end. */
  readonly info?: Readonly<Record<string, string>>;
  /** Dimensions of the histogram. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Points that belong together. Where a kernel or a trace offers several ways to see the same operation, the first set that can be used
 * is taken.
 */
export interface PointSetDeclaration {
  /**
   * What the names in the expressions are:
   * - `event`: fields of the tracepoint's format, as recorded in traces too (the default)
   * - `arguments`: the tracepoint's typed arguments (BTF), `rq.cmd_flags`; only in the kernel
   * - `function`: begin is the entry of a kernel function, end its return; `event` is its name; only in the kernel
   */
  readonly via?: 'event' | 'arguments' | 'function';
  readonly begin: readonly PointDeclaration[];
  readonly end: readonly PointDeclaration[];
  /** Seen while the operation is pending; removes nothing. Taken for stacks. */
  readonly peek?: readonly PointDeclaration[];
  /** Forgets the pending operation: nothing is measured. */
  readonly abort?: readonly PointDeclaration[];
}

/**
 * A step of a chain: at its event, the chain that waits under a key of an earlier step goes on. So the time of the first event is kept
 * through interrupts, soft interrupts, wakeups and switches.
 */
export interface StepDeclaration {
  readonly name: string;
  readonly event: string;
  readonly when?: string | readonly string[];
  /** Earlier steps whose chain goes on here, the first that has one. Absent: a chain begins. */
  readonly from?: readonly {
    readonly step: string;
    readonly key: readonly string[];
    /** The earlier step goes on as well: one interrupt may wake several threads. */
    readonly stays?: boolean;
  }[];
  /** Where it waits for its next step. Absent: the chain ends here. */
  readonly key?: readonly string[];
  /** Shown with the alert: of steps that end a chain. */
  readonly info?: Readonly<Record<string, string>>;
}

/** What to do with a begin whose key is already pending: replace it, ignore the new one, or keep both (one end closes all). */
export type Keep = 'last' | 'first' | 'all';

export interface HistogramDeclaration {
  /** `log2`: a bucket per power of two; `hdr`: 2^bits equal buckets in each. */
  readonly kind: 'log2' | 'hdr';
  /** 0 to 7; default 3 (buckets at most 12.5 % wide). */
  readonly bits?: number;
}

export interface AlertDeclaration {
  /** Delays above it. */
  readonly threshold: Duration;
  /**
   * Take the stack at `peek` points when half the threshold is over, while the operation still waits: it is told then, and again with
   * the alert, where the stack of the end would say less.
   */
  readonly halfStack?: boolean;
  /**
   * Whose stack: of the task that ends it, of the one that is pending; `waker`: also what led to its wakeup. A tracker without a peek at
   * the wakeup takes that at every begin, which costs more than all the rest.
   */
  readonly stack?: 'end' | 'pending' | 'waker';
  /** At most so many alerts: `100/s`. Default: `1000/s`. */
  readonly rate?: string;
}

export interface TrackerDeclaration {
  /** Lower case letters, digits and `_`. */
  readonly name: string;
  /** One line for people. */
  readonly summary?: string;
  readonly level?: Level;
  /** Either the points themselves, … */
  readonly via?: PointSetDeclaration['via'];
  readonly begin?: readonly PointDeclaration[];
  readonly end?: readonly PointDeclaration[];
  readonly peek?: readonly PointDeclaration[];
  readonly abort?: readonly PointDeclaration[];
  /** … or several choices of them. */
  readonly anyOf?: readonly PointSetDeclaration[];
  /** … or a chain of steps. */
  readonly steps?: readonly StepDeclaration[];
  /** With `steps`: events after which nothing goes on from a step, such as the exit of an interrupt. */
  readonly drop?: readonly {
    readonly event: string;
    readonly step: string;
    readonly key: readonly string[];
  }[];
  /** `task`: the key is a thread id. The pending state then is the task's own, and ends with it. */
  readonly per?: 'task';
  readonly keep?: Keep;
  readonly histogram?: HistogramDeclaration;
  readonly alert?: AlertDeclaration;
  /** Tell when an operation has been pending so long. It stays pending. */
  readonly timeout?: Duration;
  /** Forget operations that have been pending so long. */
  readonly gc?: Duration;
  /** Pending operations at once. */
  readonly max?: number;
}

/** A point with its expressions parsed. */
export interface Point {
  readonly event: string;
  readonly key: readonly Expression[];
  readonly when: readonly Expression[];
  readonly time: Expression | undefined;
  /** 0 for points without. */
  readonly outId: number;
  readonly isFirst: boolean;
  readonly info: ReadonlyMap<string, Expression>;
  readonly labels: ReadonlyMap<string, Expression>;
}

export type PointRole = 'begin' | 'end' | 'peek' | 'abort';

export interface PointSet {
  readonly via: 'event' | 'arguments' | 'function';
  readonly begin: readonly Point[];
  readonly end: readonly Point[];
  readonly peek: readonly Point[];
  readonly abort: readonly Point[];
}

export interface ChainStep {
  readonly name: string;
  readonly event: string;
  readonly when: readonly Expression[];
  readonly from: readonly {
    /** Index of the earlier step. */
    readonly step: number;
    readonly key: readonly Expression[];
    readonly stays: boolean;
  }[];
  readonly key: readonly Expression[] | undefined;
  readonly info: ReadonlyMap<string, Expression>;
}

export interface Chain {
  readonly steps: readonly ChainStep[];
  readonly drop: readonly {
    readonly event: string;
    readonly step: number;
    readonly key: readonly Expression[];
  }[];
}

export interface Tracker {
  readonly name: string;
  readonly summary: string;
  readonly level: Level;
  /** At least one; the first that can be used counts. Of a chain: where it begins and ends. */
  readonly anyOf: readonly PointSet[];
  readonly chain: Chain | undefined;
  readonly per: 'task' | undefined;
  readonly keep: Keep;
  readonly histogram: { readonly kind: 'log2' | 'hdr'; readonly bits: number };
  readonly alert: {
    /** Infinity: never. */
    readonly thresholdNs: number;
    readonly halfStack: boolean;
    readonly stack: 'end' | 'pending' | 'waker';
    readonly ratePerS: number;
  };
  /** Infinity: never. */
  readonly timeoutNs: number;
  /** Infinity: never. */
  readonly gcNs: number;
  readonly max: number;
}

/**
 * At one event, the points of a tracker act in this order. So a switch that ends one wait and begins another is no conflict, and an end
 * sees what a peek saw.
 */
export const roleOrder: readonly PointRole[] = ['peek', 'end', 'abort', 'begin'];

/** What can be changed while a tracker runs. */
export interface TrackerSettings {
  readonly thresholdNs?: number;
  readonly timeoutNs?: number;
  /** True: after each alert the threshold becomes its delay. */
  readonly worst?: boolean;
  readonly on?: boolean;
}

/**
 * What a tracker has seen. begins = ends + overwritten + full + aborted + collected + (dropped) negative + pending.
 */
export interface TrackerCounters {
  readonly begins: number;
  /** Pairs measured. */
  readonly ends: number;
  /** Ends with nothing pending: what began before, mostly. */
  readonly unmatchedEnds: number;
  /** Begins that replaced a pending one, or were ignored for it (`keep`). */
  readonly overwritten: number;
  /** Begins that had no room. */
  readonly full: number;
  readonly aborted: number;
  /** Given up by `gc`. */
  readonly collected: number;
  readonly timeouts: number;
  readonly pending: number;
  /** Ends before their begin. Dropped; where points give their own `time`, counted as 0. */
  readonly negative: number;
  /** Pairs that lost events may have changed: not in the histogram, but in one of their own. */
  readonly uncertain: number;
  readonly alerts: number;
  /** Alerts that the rate limit left out. */
  readonly limited: number;
  /** The same of operations that are told of while they wait. What they wait for is in their alerts, too. */
  readonly waitsLimited: number;
  /** In the kernel: records for which the ring buffer had no room: alerts, their user-space stacks, and operations that wait. */
  readonly ringLost: number;
  /** In the kernel: events for which a program could not run. */
  readonly missed: number;
  /** In the kernel: pairs that are in no distribution, for there was no room for more labels. */
  readonly unlabelled: number;
}

/** One distribution: counts by bucket, with what is known beside them. */
export interface HistogramData {
  readonly kind: 'log2' | 'hdr';
  /** Sub-buckets per power of two: 2^bits (0 for log2). */
  readonly bits: number;
  /** By bucket; see `bucketBegin` of histogram.ts. */
  readonly counts: Float64Array;
  readonly count: number;
  /** Sum of the delays (ns). */
  readonly sumNs: number;
  /** Infinity where there is nothing. */
  readonly minNs: number;
  readonly maxNs: number;
}

export interface SeriesData {
  /** Label values by name; empty for a tracker without labels. */
  readonly labels: Readonly<Record<string, number | string>>;
  /** With the buckets of the declaration. */
  readonly histogram: HistogramData;
  /** All delays are known one by one; else quantiles come from buckets. */
  readonly isExact: boolean;
  /** The delay (ns) that the share `q` (0 to 1) is not above (nearest rank); NaN: there is none. */
  quantileNs(q: number): number;
}

/** The state of one tracker at one moment. */
export interface TrackerSnapshot {
  readonly tracker: Tracker;
  /** What alerts were above (ns): several where it was set meanwhile, the present one last. */
  readonly thresholdsNs: readonly number[];
  readonly counters: TrackerCounters;
  /** One without labels; several with. */
  readonly series: readonly SeriesData[];
  /** Pairs across lost events. */
  readonly uncertain: HistogramData | undefined;
}

/** Frames of a stack, the innermost first. */
export interface StackFrame {
  readonly address: bigint;
  /** `do_sys_poll+0x1c`; undefined: not resolved. */
  readonly symbol?: string;
}

export interface Alert {
  readonly tracker: string;
  /**
   * `alert`: ended above the threshold; `waiting`: half the threshold is over, here is its stack; `timeout`: still pending; `gc`: given
   * up.
   */
  readonly kind: 'alert' | 'waiting' | 'timeout' | 'gc';
  /** From the clock's origin (ns). */
  readonly beginNs: bigint;
  readonly endNs: bigint;
  readonly delayNs: number;
  readonly outId: number;
  readonly key: readonly (number | string)[];
  readonly cpuId: number;
  /** Over traces: events were lost meanwhile, so that it may be none. */
  readonly isUncertain?: true;
  /** Of the operation's thread; undefined: it has none. */
  readonly tid: number | undefined;
  readonly comm: string | undefined;
  /** Labels and `info` values by name. */
  readonly info: Readonly<Record<string, number | string>>;
  readonly kernelStack: readonly StackFrame[] | undefined;
  readonly userStack: readonly StackFrame[] | undefined;
  /** In the kernel: what led to the wakeup, where the tracker asks for it. */
  readonly wakerStack?: readonly StackFrame[];
}

/** A set of trackers at work. */
export interface TrackerSession {
  /** How they see events: `in the kernel (tp_btf)`, `trace`, `tracefs instance`. */
  readonly backEnd: string;
  /** For people: choices taken, and what could not be had. */
  readonly notes: readonly string[];
  /** Sums since the beginning, or since the last `snapshotAndReset`. */
  snapshot(): readonly TrackerSnapshot[];
  snapshotAndReset(): readonly TrackerSnapshot[];
  /** @throws UsageError for a tracker that is not there. */
  set(tracker: string, settings: TrackerSettings): void;
  close(): void;
}
