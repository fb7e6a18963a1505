/**
 * What trackers of a session have in common: settings, counters, and what tasks keep. Those of all lie side by side, so that a program of
 * several trackers finds them with one look-up, and an event touches few pages and lines of cache.
 */
import { BpfMap, type Native, type NativeMemory } from '@sonde/ebpf';
import {
  bucketsBytes,
  hotCounters,
  hotSettings,
  maxBits,
  maxPerCpuBytes,
  rareCounters,
  rareSettings,
  type SettingName,
  scratchWords,
  seriesWords,
} from './layout.ts';
import { type KeptStack, keptBytes, pendingBytes, type TrackerPlan } from './plan-types.ts';
import { Slots } from './slots.ts';

/** Names of the words of counters, in their order. */
const hotWords = [...hotCounters, ...seriesWords] as const;
const rareWords = [...rareCounters, ...scratchWords] as const;
const counterBytes = 8 * (hotWords.length + rareWords.length);

const bitsOf = ({ tracker }: TrackerPlan): number => Math.min(tracker.histogram.bits, maxBits);
const hasLabels = ({ labels }: TrackerPlan): boolean => labels.names.length > 0;
const perCpuBytes = (plan: TrackerPlan): number =>
  counterBytes + (hasLabels(plan) ? 0 : bucketsBytes(bitsOf(plan)));

export class CommonMemory {
  readonly settings: BpfMap;
  /** With the distributions of trackers without labels. */
  readonly counters: BpfMap;
  /** Undefined: no tracker keeps anything in tasks. */
  readonly tasks: BpfMap | undefined;
  /** Places of pending operations by key; undefined: no tracker keeps them there. */
  readonly slots: Slots | undefined;
  /** In the order of the plans. */
  readonly places: readonly TrackerPlace[];
  readonly #settingsMemory: NativeMemory;

  /** @param plans - so many that their counters fit into a per-CPU value */
  constructor(native: Native, plans: readonly TrackerPlan[]) {
    const name = plans.length === 1 ? plans[0]!.tracker.name : 'shared';
    this.settings = new BpfMap(native, {
      type: 'array',
      name: `${name}_set`,
      keyBytes: 4,
      valueBytes: 8 * (hotSettings.length + rareSettings.length) * plans.length,
      maxEntries: 1,
      isMappable: true,
    });
    this.#settingsMemory = this.settings.mapIntoMemory();
    this.counters = new BpfMap(native, {
      type: 'per-cpu-array',
      name: `${name}_sum`,
      keyBytes: 4,
      valueBytes: plans.reduce((sum, plan) => sum + perCpuBytes(plan), 0),
      maxEntries: 1,
    });
    const { pendingAt, stacksAt, lengthBytes } = offsetsInTasks(plans);
    if (lengthBytes > 0) {
      this.tasks = new BpfMap(native, {
        type: 'task-storage',
        name: `${name}_task`,
        keyBytes: 4,
        valueBytes: lengthBytes,
        maxEntries: 0,
        isGrowing: true,
      });
    }
    if (plans.some(({ keepsInSlots }) => keepsInSlots)) this.slots = new Slots(native, name, plans);
    const words = new BigUint64Array(this.#settingsMemory.bytes.buffer);
    let bucketsAt = counterBytes * plans.length;
    this.places = plans.map((plan, index) => {
      const place = new TrackerPlace(this, words, index, plans.length, {
        bucketsAt: hasLabels(plan) ? undefined : bucketsAt,
        pendingAt: pendingAt.get(plan) ?? 0,
        stacksAt: stacksAt.get(plan) ?? 0,
        slotAt: this.slots?.offsetOf(plan) ?? 0,
      });
      bucketsAt += perCpuBytes(plan) - counterBytes;
      return place;
    });
  }

  /** `counters.value` is of this moment then: once for all trackers, for it may be long. */
  readCounters(): void {
    this.counters.key.setUint32(0, 0, true);
    this.counters.lookUp();
  }

  close(): void {
    this.#settingsMemory.free();
    this.slots?.close();
    for (const map of [this.settings, this.counters, this.tasks]) map?.close();
  }
}

/** The short ones first: together they are in the line of cache that is read anyway. Stacks are behind all. */
function offsetsInTasks(plans: readonly TrackerPlan[]): {
  readonly pendingAt: ReadonlyMap<TrackerPlan, number>;
  readonly stacksAt: ReadonlyMap<TrackerPlan, number>;
  readonly lengthBytes: number;
} {
  const pendingAt = new Map<TrackerPlan, number>();
  const stacksAt = new Map<TrackerPlan, number>();
  let lengthBytes = 0;
  const inTasks = plans.filter(({ keepsInTask }) => keepsInTask);
  for (const plan of inTasks.sort((a, b) => pendingBytes(a) - pendingBytes(b))) {
    pendingAt.set(plan, lengthBytes);
    lengthBytes += pendingBytes(plan);
  }
  for (const plan of inTasks) {
    stacksAt.set(plan, lengthBytes);
    lengthBytes += keptBytes(plan.wakerStack, plan.waitStack);
  }
  return { pendingAt, stacksAt, lengthBytes };
}

/** Where a tracker's part is. Offsets are bytes. */
export class TrackerPlace {
  readonly memory: CommonMemory;
  /** Sum, most and least of a tracker without labels. */
  readonly seriesAt: number;
  /** Undefined: a tracker with labels has its distributions elsewhere. */
  readonly bucketsAt: number | undefined;
  /** In what a task keeps. */
  readonly pendingAt: number;
  readonly stacksAt: number;
  /** In the slots of a key. */
  readonly slotAt: number;
  readonly #words: BigUint64Array;
  readonly #index: number;
  readonly #count: number;

  constructor(
    memory: CommonMemory,
    words: BigUint64Array,
    index: number,
    count: number,
    at: {
      readonly bucketsAt: number | undefined;
      readonly pendingAt: number;
      readonly stacksAt: number;
      readonly slotAt: number;
    },
  ) {
    this.memory = memory;
    this.#words = words;
    this.#index = index;
    this.#count = count;
    this.bucketsAt = at.bucketsAt;
    this.pendingAt = at.pendingAt;
    this.stacksAt = at.stacksAt;
    this.slotAt = at.slotAt;
    this.seriesAt = this.counterAt(seriesWords[0]);
  }

  /** Of a stack, from the pending operation of the task. */
  stackAt({ at }: KeptStack): number {
    return this.stacksAt - this.pendingAt + at;
  }

  settingAt(name: SettingName): number {
    return 8 * wordOf(hotSettings, rareSettings, name, this.#index, this.#count);
  }

  /** In the counters of a CPU. */
  counterAt(name: (typeof hotWords | typeof rareWords)[number]): number {
    return 8 * wordOf(hotWords, rareWords, name, this.#index, this.#count);
  }

  setting(name: SettingName): bigint {
    return Atomics.load(this.#words, this.settingAt(name) / 8);
  }

  /** Programs see it at once. */
  set(name: SettingName, value: bigint): void {
    Atomics.store(this.#words, this.settingAt(name) / 8, value);
  }
}

/** Of the hot words of all trackers, then the rare ones of all. */
function wordOf(
  hot: readonly string[],
  rare: readonly string[],
  name: string,
  index: number,
  count: number,
): number {
  const inHot = hot.indexOf(name);
  return inHot === -1
    ? hot.length * count + rare.length * index + rare.indexOf(name)
    : hot.length * index + inHot;
}

/** As few as hold all; places are in the order of the plans. */
export function commonMemories(native: Native, plans: readonly TrackerPlan[]): CommonMemory[] {
  const groups: TrackerPlan[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const plan of plans) {
    bytes += perCpuBytes(plan);
    if (bytes > maxPerCpuBytes) {
      groups.push([]);
      bytes = perCpuBytes(plan);
    }
    groups.at(-1)!.push(plan);
  }
  const memories: CommonMemory[] = [];
  try {
    for (const group of groups) memories.push(new CommonMemory(native, group));
    return memories;
  } catch (error) {
    for (const memory of memories) memory.close();
    throw error;
  }
}
