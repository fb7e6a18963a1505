/** The maps of one tracker, its part of those that it shares, and their contents as sums over CPUs. */
import { BpfMap, type Native, possibleCpus } from '@sonde/ebpf';
import type { TrackerPlace } from './common-memory.ts';
import {
  bucketsBytes,
  type CounterName,
  counterNames,
  maxBits,
  maxKeyWords,
  series,
} from './layout.ts';
import { pendingBytes, type TrackerPlan } from './plan-types.ts';

/** Distributions of labels that are not known before: at most so many. */
const maxSeries = 4096;
/** An array of distributions may take so much. */
const maxArrayBytes = 16 << 20;
/**
 * All there may be take so much at most when they are allocated beforehand. Beyond, and where their number is not known, each is allocated
 * when it comes: the kernel has room for one or two at once, so of a burst of new labels the first pairs are in no distribution.
 */
const maxPreallocatedBytes = 64 << 20;

export type KernelCounters = Record<CounterName, number>;

/** One distribution, summed over CPUs. */
export interface KernelSeries {
  /** Words of the labels; empty without labels. */
  readonly key: readonly bigint[];
  readonly sumNs: number;
  /** Infinity where there is nothing. */
  readonly minNs: number;
  readonly maxNs: number;
  readonly counts: Float64Array;
}

export interface KernelReading {
  readonly counters: KernelCounters;
  readonly series: readonly KernelSeries[];
}

const twoTo32 = 4_294_967_296;

export class TrackerMaps {
  readonly place: TrackerPlace;
  readonly pending: BpfMap;
  /** Of a chain: what waits at each step; `pending` is the first. Else there is only that, and nothing where tasks keep it. */
  readonly waiting: readonly BpfMap[];
  /** Undefined: the one distribution is with the counters. */
  readonly series: BpfMap | undefined;
  /** A distribution of zeros, to begin a new one with. */
  readonly zeros: BpfMap | undefined;
  readonly bits: number;
  readonly #plan: TrackerPlan;

  constructor(native: Native, plan: TrackerPlan, place: TrackerPlace) {
    this.#plan = plan;
    this.place = place;
    const { name, histogram, max } = plan.tracker;
    this.bits = Math.min(histogram.bits, maxBits);
    const hasLabels = plan.labels.names.length > 0;
    const steps = plan.tracker.chain?.steps ?? [{ name: 'run', key: plan.set.begin[0]!.key }];
    this.waiting = (plan.keepsInTask ? [] : steps).map(
      (step) =>
        new BpfMap(native, {
          type: 'hash',
          keyBytes: 8 * (plan.keepsAll ? maxKeyWords + 1 : (step.key?.length ?? 1)),
          valueBytes: pendingBytes(plan),
          name: `${name}_${step.name}`,
          // Nothing waits at the end of a chain.
          maxEntries: step.key === undefined ? 1 : max,
        }),
    );
    this.pending = plan.keepsInTask ? place.memory.tasks! : this.waiting[0]!;
    if (!hasLabels) return;
    this.series = new BpfMap(native, this.#seriesOptions(name));
    if (this.seriesIsArray) return;
    this.zeros = new BpfMap(native, {
      type: 'array',
      name: `${name}_zero`,
      keyBytes: 4,
      valueBytes: series.lengthBytes + bucketsBytes(this.bits),
      maxEntries: 1,
    });
  }

  #seriesOptions(name: string) {
    const { labels } = this.#plan;
    const valueBytes = series.lengthBytes + bucketsBytes(this.bits);
    const size = labels.size ?? Number.POSITIVE_INFINITY;
    const allBytes = size * valueBytes * possibleCpus();
    const isArray = allBytes <= maxArrayBytes;
    const isGrowing = allBytes > maxPreallocatedBytes;
    return {
      type: isArray ? 'per-cpu-array' : 'per-cpu-hash',
      name: `${name}_hist`,
      keyBytes: isArray ? 4 : 8 * this.labelWords,
      valueBytes,
      maxEntries: isGrowing ? maxSeries : size,
      isGrowing,
    } as const;
  }

  get labelWords(): number {
    return this.#plan.labels.kinds.reduce((sum, kind) => sum + (kind === 'text' ? 2 : 1), 0);
  }

  get seriesIsArray(): boolean {
    return this.series?.options.type === 'per-cpu-array';
  }

  /** Of one moment, as far as a tracker without labels goes: there both are read at once. */
  read(): KernelReading {
    const counters = this.knownCounters;
    if (this.series !== undefined) return { counters, series: this.#readSeries(this.series) };
    const { seriesAt, bucketsAt, memory } = this.place;
    return { counters, series: [sumOfCpus(memory.counters, seriesAt, bucketsAt!, this.bits, [])] };
  }

  /** Forgets what chains wait. Only while no program runs. */
  forgetWaiting(): void {
    for (const map of this.waiting) while (map.firstKey()) map.delete();
  }

  /** As of the last `readCounters` of the common memory. */
  get knownCounters(): KernelCounters {
    const { value, cpuCount, cpuStrideBytes } = this.place.memory.counters;
    const sums = {} as KernelCounters;
    for (const name of counterNames) {
      sums[name] = 0;
      for (let cpu = 0; cpu < cpuCount; cpu++) {
        sums[name] += word(value, cpu * cpuStrideBytes + this.place.counterAt(name));
      }
    }
    return sums;
  }

  /** Those with anything in them. */
  #readSeries(map: BpfMap): KernelSeries[] {
    const found: KernelSeries[] = [];
    if (this.seriesIsArray) {
      for (let index = 0; index < map.options.maxEntries; index++) {
        map.key.setUint32(0, index, true);
        this.#addSeries(map, [BigInt(index)], found);
      }
      return found;
    }
    for (let more = map.firstKey(); more; more = map.nextKey()) {
      const words = Array.from({ length: this.labelWords }, (_, i) =>
        map.key.getBigUint64(8 * i, true),
      );
      this.#addSeries(map, words, found);
    }
    return found;
  }

  #addSeries(map: BpfMap, key: readonly bigint[], found: KernelSeries[]): void {
    if (map.lookUp() && !isEmpty(map)) {
      found.push(sumOfCpus(map, 0, series.lengthBytes, this.bits, key));
    }
  }

  close(): void {
    for (const map of [...this.waiting, this.series, this.zeros]) map?.close();
  }
}

/** Of a value that never has more than 53 bits. */
function word(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * twoTo32;
}

function isEmpty(map: BpfMap): boolean {
  for (let cpu = 0; cpu < map.cpuCount; cpu++) {
    if (word(map.value, cpu * map.cpuStrideBytes + series.minNs) !== 0) return false;
  }
  return true;
}

function sumOfCpus(
  map: BpfMap,
  at: number,
  bucketsAt: number,
  bits: number,
  key: readonly bigint[],
): KernelSeries {
  const counts = new Float64Array(64 << bits);
  const sum = { key, sumNs: 0, minNs: Number.POSITIVE_INFINITY, maxNs: 0, counts };
  for (let cpu = 0; cpu < map.cpuCount; cpu++) {
    const base = cpu * map.cpuStrideBytes + at;
    const buckets = cpu * map.cpuStrideBytes + bucketsAt;
    const minPlusOne = word(map.value, base + series.minNs);
    if (minPlusOne === 0) continue;
    sum.minNs = Math.min(sum.minNs, minPlusOne - 1);
    sum.maxNs = Math.max(sum.maxNs, word(map.value, base + series.maxNs));
    sum.sumNs += word(map.value, base + series.sumNs);
    for (let i = 0; i < counts.length; i++) {
      counts[i]! += word(map.value, buckets + 8 * i);
    }
  }
  return sum;
}
