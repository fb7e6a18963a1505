/** Where things are in the memory that programs and this process share. Offsets are bytes, all words have 64 bits. */

/**
 * Settings: words of a mappable array, written by this process at any time. What programs read at every event lies side by side for all
 * trackers, the rest behind.
 */
export const hotSettings = ['isOn', 'thresholdNs', 'halfThresholdNs', 'onSinceNs'] as const;
export const rareSettings = [
  'isWorst',
  'rateWindowNs',
  'rateCount',
  'ratePerS',
  /** The same as of alerts, of threads that wait. */
  'waitWindowNs',
  'waitCount',
  'timeoutNs',
  'gcNs',
  /** Programs write it: there was an operation whose place among `slots` was taken. */
  'hasSpilled',
] as const;
export type SettingName = (typeof hotSettings | typeof rareSettings)[number];

/** Counters: per CPU, so that no program waits for another. Those of most operations, and the rest behind. */
export const hotCounters = ['begins', 'ends', 'unmatchedEnds', 'overwritten', 'aborted'] as const;
export const rareCounters = [
  'full',
  'negative',
  'alerts',
  'limited',
  'waitsLimited',
  'ringLost',
  'timeouts',
  'collected',
  'unlabelled',
  'waits',
  'goneOn',
] as const;
export const counterNames = [...hotCounters, ...rareCounters] as const;
export type CounterName = (typeof counterNames)[number];
/** Words behind the rare counters. */
export const scratchWords = [
  /** What a program puts there and reads again is any number to the verifier. */
  'scratch',
  /** On this CPU, the thread that comes is asked for its user-space stack: the time (ns) of its record; 0: it is not. */
  'userStackWanted',
] as const;

/**
 * A distribution: these words, and the buckets. Of a tracker without labels, the words stand behind its hot counters, with which they
 * make a line of cache, and the buckets behind the counters of all trackers.
 */
export const series = {
  sumNs: 0,
  maxNs: 8,
  /** Plus 1; 0: there is nothing yet. */
  minNs: 16,
  lengthBytes: 24,
} as const;
export const seriesWords = ['sumNs', 'maxNs', 'minNs'] as const;
/** A value of a per-CPU map has at most 32 KiB: finer distributions do not fit. */
export const maxBits = 5;
export const maxPerCpuBytes = 1 << 15;
export const bucketsBytes = (bits: number): number => 8 * (64 << bits);

/** A pending operation. What begin and peek points save follows. */
export const pending = {
  beginNs: 0,
  /** Of 32 bits: index of the begin point << 8, and the flags below. */
  state: 8,
  /** The kernel's count of ticks when it began, of 32 bits, for trackers that peek: it costs next to nothing, a clock does. */
  ticks: 12,
  savedAt: 16,
} as const;
export const stateFlags = {
  isTimedOut: 1,
  isPeeked: 2,
  isWaitTold: 4,
  hasWakerStack: 8,
  hasWaitStack: 16,
} as const;

/** A tick is no longer: kernels have 100 a second at least. */
export const maxTickNs = 10_000_000;

/**
 * Places of pending operations by key, one for each tracker side by side: the key, then the operation. 0: it is free. An operation whose
 * place is taken goes into the tracker's hash map. More than most devices have requests at once; a power of two.
 */
export const slotCountBits = 10;
export const slotKeyBytes = 8;

export const maxKeyWords = 4;
/**
 * With `keep: all`, a word behind the key counts the pending operations with that key. Programs go through them in a loop, which must
 * have an end.
 */
export const maxDuplicates = 64;

/** A record in the ring buffer. Saved words, words of the end point and the two stacks follow. */
export const record = {
  tracker: 0,
  kind: 4,
  point: 8,
  cpu: 12,
  endNs: 16,
  delayNs: 24,
  tid: 32,
  state: 40,
  kernelStackBytes: 48,
  userStackBytes: 56,
  /** Of the thread; empty where the operation belongs to none. */
  comm: 64,
  key: 80,
  savedAt: 80 + 8 * maxKeyWords,
} as const;
export const recordKinds = { alert: 0, waiting: 1, timeout: 2, userStack: 3 } as const;
export type RecordKind = keyof typeof recordKinds;

export const maxFrames = 48;
export const stackBytes = 8 * maxFrames;
/** Of wakers, taken at each wakeup: those next to it tell most. */
export const earlyStackBytes = 8 * 24;

/** `tid` of an operation that belongs to no thread. */
export const noTid = 0xffff_ffff;

/** The stack of a program, from its frame pointer `r10` down. */
export const frame = {
  zeroKey: -8,
  delayNs: -16,
  seriesIndex: -24,
  /** Left operands, one below the other. */
  operands: -32,
  /** The time, once it is read, where several programs are one. */
  nowNs: -80,
  /** What tasks keep, once it is looked up, where several programs are one: a word for each task, one below the other. */
  tasks: -88,
  text: -120,
  /** Among the operations with one key, with `keep: all`. */
  duplicate: -128,
  /** Else, of trackers that keep operations in slots: whether the one in `r7` is in its slot. */
  isInSlot: -128,
  key: -160,
  seriesKey: -224,
  /** A pending operation before it goes into a hash map: the end of it. */
  valueEnd: -224,
} as const;
export const maxTasks = 3;
export const maxOperands = 6;
export const maxSeriesKeyWords = 8;
/** A program has 512 bytes of stack. */
export const maxValueBytes = 512 - 224;
