/** One tracker at work in the kernel: its maps, programs and attachments. */

import type {
  Attachment,
  BpfProgram,
  Btf,
  Native,
  ProgramStatistics,
  RingBuffer,
} from '@sonde/ebpf';
import { type MutableCounters, zeroCounters } from '../counters.ts';
import type {
  Alert,
  HistogramData,
  SeriesData,
  TrackerSettings,
  TrackerSnapshot,
} from '../declaration.ts';
import { bucketBegin, quantileOf } from '../histogram.ts';
import { ThresholdHistory } from '../threshold-history.ts';
import type { TrackerPlace } from './common-memory.ts';
import { chainPiece } from './emit-chain.ts';
import { pointPiece } from './emit-points.ts';
import type { PlannedProgram, TrackerPlan } from './plan-types.ts';
import type { ProgramContext, ProgramPiece } from './program-parts.ts';
import { namedValue, type Value, valueOfWord } from './read-record.ts';
import { attachProgram, canBeShared, type LoadedPiece, loadProgram } from './shared-programs.ts';
import { MapSweep, type Sweep, TaskSweep } from './sweep.ts';
import {
  type KernelCounters,
  type KernelReading,
  type KernelSeries,
  TrackerMaps,
} from './tracker-maps.ts';
import { userStackPiece } from './user-stacks.ts';

/** Above every delay: "never". */
const never = 2n ** 63n - 1n;
const durationWord = (ns: number): bigint => (Number.isFinite(ns) ? BigInt(Math.round(ns)) : never);

/** What a tracker shares with the others of a session. */
export interface TrackerEnvironment {
  /** Undefined: the kernel does not tell its types. */
  readonly btf: Btf | undefined;
  readonly ring: RingBuffer;
  readonly trackerIndex: number;
  readonly tell: (alert: Alert) => void;
  /** This process, which is left out; undefined: it is not. */
  readonly ownTgid: number | undefined;
}

export class KernelTracker {
  readonly plan: TrackerPlan;
  readonly maps: TrackerMaps;
  /** What can be shared with other trackers is not attached yet. */
  readonly pieces: LoadedPiece[] = [];
  readonly #attachments: Attachment[] = [];
  #thresholdNs: number;
  readonly #thresholds: ThresholdHistory;
  #timeoutNs: number;
  #isOn = false;
  #base: KernelCounters;
  #baseSeries = new Map<string, KernelSeries>();
  #missedBefore = 0;
  /** By the last snapshot. */
  #seen: { readonly read: KernelReading; readonly missed: number };
  #sweptBefore = { timeouts: 0, collected: 0 };
  /** Pending operations that were forgotten when it was switched off. */
  #forgotten = 0;
  #sweep: Sweep | undefined;
  readonly #context: ProgramContext;
  readonly #native: Native;
  readonly #environment: TrackerEnvironment;

  /**
   * Loads, switched off, and attaches what can't be shared.
   * @throws SystemCallError, SondeError `program-refused`
   */
  constructor(
    native: Native,
    plan: TrackerPlan,
    place: TrackerPlace,
    environment: TrackerEnvironment,
  ) {
    this.plan = plan;
    this.#native = native;
    this.#environment = environment;
    const { ring, trackerIndex, ownTgid } = environment;
    const { alert, timeoutNs } = plan.tracker;
    this.#thresholdNs = alert.thresholdNs;
    this.#thresholds = new ThresholdHistory(alert.thresholdNs);
    this.#timeoutNs = timeoutNs;
    this.maps = new TrackerMaps(native, plan, place);
    this.#context = { plan, maps: this.maps, ring: ring.map, trackerIndex, ownTgid };
    try {
      for (const program of endsFirst(plan.programs)) {
        const { actions } = program;
        const piece =
          actions === undefined
            ? pointPiece(this.#context, program)
            : chainPiece(this.#context, program, actions);
        this.#load(piece, rankOf(program));
      }
      if (plan.userStackTarget !== undefined) {
        this.#load(userStackPiece(this.#context, plan.userStackTarget), 0);
      }
      place.memory.readCounters();
      this.#base = this.maps.knownCounters;
      this.#seen = { read: { counters: this.#base, series: [] }, missed: 0 };
      this.#writeSettings();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #load(piece: ProgramPiece, rank: number): void {
    const tracker = this.plan.tracker.name;
    const loaded = { piece, tracker, rank, program: loadProgram(this.#native, tracker, [piece]) };
    this.pieces.push(loaded);
    if (canBeShared(piece)) return;
    this.#attachments.push(attachProgram(this.#native, loaded.program, piece));
  }

  /** Those of its programs that are its own, and those that it shares. */
  get programs(): readonly BpfProgram[] {
    return this.pieces.map(({ program }) => program);
  }

  #pendingOf(c: KernelCounters): number {
    if (this.#isChain) return c.waits - c.goneOn;
    return (
      c.begins - c.overwritten - c.full - c.ends - c.aborted - c.negative - this.#collectedOf(c)
    );
  }

  get #isChain(): boolean {
    return this.plan.tracker.chain !== undefined;
  }

  switchOn(nowNs: bigint): void {
    this.#isOn = true;
    if (this.#isChain) this.maps.forgetWaiting();
    // What is pending from before a pause is no operation of now.
    this.maps.place.memory.readCounters();
    this.#forgotten = this.#pendingOf(this.maps.knownCounters);
    this.maps.place.set('onSinceNs', nowNs);
    this.maps.place.set('isOn', 1n);
  }

  switchOff(): void {
    this.#isOn = false;
    this.maps.place.set('isOn', 0n);
  }

  set(changes: TrackerSettings, nowNs: bigint): void {
    if (changes.thresholdNs !== undefined) {
      this.#thresholdNs = changes.thresholdNs;
      this.#thresholds.set(changes.thresholdNs);
    }
    if (changes.timeoutNs !== undefined) this.#timeoutNs = changes.timeoutNs;
    if (changes.thresholdNs !== undefined || changes.timeoutNs !== undefined) this.#writeSettings();
    if (changes.worst !== undefined) this.maps.place.set('isWorst', changes.worst ? 1n : 0n);
    if (changes.on === undefined || changes.on === this.#isOn) return;
    if (changes.on) this.switchOn(nowNs);
    else this.switchOff();
  }

  #collectedOf(counters: KernelCounters): number {
    return counters.collected + (this.#mapSweep?.collected ?? 0);
  }

  get #mapSweep(): MapSweep | undefined {
    return this.#sweep instanceof MapSweep ? this.#sweep : undefined;
  }

  /** The shorter of timeout and gc (ns); Infinity: it needs no sweeps. */
  get lifeNs(): number {
    // What comes next in a chain may be long in coming.
    if (this.#isChain) return Number.POSITIVE_INFINITY;
    return Math.min(this.#timeoutNs, this.plan.tracker.gcNs);
  }

  /** Finds what has been pending for too long. */
  sweep(nowNs: number): void {
    if (!this.#isOn || !Number.isFinite(this.lifeNs)) return;
    const { btf, tell } = this.#environment;
    this.#sweep ??= this.plan.keepsInTask
      ? new TaskSweep(this.#native, this.#context, btf!)
      : new MapSweep(this.plan, this.maps, tell);
    const onSinceNs = Number(this.maps.place.setting('onSinceNs'));
    this.#sweep.run(nowNs, { timeoutNs: this.#timeoutNs, gcNs: this.plan.tracker.gcNs, onSinceNs });
  }

  #writeSettings(): void {
    const { place } = this.maps;
    place.set('thresholdNs', durationWord(this.#thresholdNs));
    place.set('halfThresholdNs', durationWord(this.#thresholdNs / 2));
    place.set('timeoutNs', durationWord(this.#timeoutNs));
    place.set('gcNs', durationWord(this.plan.tracker.gcNs));
    place.set('ratePerS', BigInt(this.plan.tracker.alert.ratePerS));
  }

  statistics(): readonly ProgramStatistics[] {
    return this.programs.map((program) => program.statistics());
  }

  get #missed(): number {
    return this.statistics().reduce((sum, { missed }) => sum + missed, 0);
  }

  /** Counters are those that the common memory has read last. */
  snapshot(): TrackerSnapshot {
    const { tracker } = this.plan;
    this.#seen = { read: this.maps.read(), missed: this.#missed };
    const { counters, series: all } = this.#seen.read;
    const series = all
      .map((now) => since(now, this.#baseSeries.get(now.key.join()), this.maps.bits))
      .filter(({ histogram }) => histogram.count > 0 || this.maps.series === undefined)
      .map(({ key, histogram }) => this.#seriesData(key, histogram));
    return {
      tracker,
      thresholdsNs: this.#thresholds.all,
      counters: this.#counters(counters),
      series,
      uncertain: undefined,
    };
  }

  #counters(now: KernelCounters): MutableCounters {
    const counters = zeroCounters();
    for (const name of countersToReset) counters[name] = now[name] - this.#base[name];
    counters.timeouts += (this.#mapSweep?.timeouts ?? 0) - this.#sweptBefore.timeouts;
    counters.collected += (this.#mapSweep?.collected ?? 0) - this.#sweptBefore.collected;
    counters.pending = Math.max(0, this.#pendingOf(now) - this.#forgotten);
    counters.missed = this.#seen.missed - this.#missedBefore;
    return counters;
  }

  /** What comes from here on is what came since the last snapshot. */
  reset(): void {
    const { counters, series } = this.#seen.read;
    this.#base = counters;
    this.#thresholds.reset();
    this.#baseSeries = new Map(series.map((one) => [one.key.join(), one]));
    this.#missedBefore = this.#seen.missed;
    const { timeouts = 0, collected = 0 } = this.#mapSweep ?? {};
    this.#sweptBefore = { timeouts, collected };
  }

  #seriesData(key: readonly bigint[], histogram: HistogramData): SeriesData {
    const { labels, set } = this.plan;
    const values: Record<string, Value> = {};
    let at = 0;
    for (const [i, name] of labels.names.entries()) {
      const expression = set[labels.role][0]!.labels.get(name);
      if (labels.kinds[i] === 'text') {
        values[name] = textOfWords(key[at]!, key[at + 1]!);
        at += 2;
      } else values[name] = namedValue(expression, valueOfWord(key[at++]!));
    }
    return {
      labels: values,
      histogram,
      isExact: false,
      quantileNs: (q) => quantileOf(histogram, q),
    };
  }

  /** Ends a tracker: off first, so that none of its events is seen half. */
  close(): void {
    this.switchOff();
    this.#sweep?.close();
    // The last attached go first: begins before ends.
    for (const attachment of this.#attachments.reverse()) attachment.close();
    for (const program of new Set(this.programs)) program.close();
    this.maps.close();
  }
}

const countersToReset = [
  'begins',
  'ends',
  'unmatchedEnds',
  'overwritten',
  'full',
  'aborted',
  'negative',
  'alerts',
  'limited',
  'waitsLimited',
  'ringLost',
  'timeouts',
  'collected',
  'unlabelled',
] as const;

/** A begin seen without its end would look like a lost one: what ends operations is attached first. */
function endsFirst(programs: readonly PlannedProgram[]): readonly PlannedProgram[] {
  return [...programs].sort((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ points, actions }: PlannedProgram): number {
  return actions === undefined
    ? Number(points.some(({ role }) => role === 'begin'))
    : -Math.max(...actions.map(({ step }) => step ?? Number.POSITIVE_INFINITY));
}

function textOfWords(low: bigint, high: bigint): string {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(low, 0);
  bytes.writeBigUInt64LE(high, 8);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? 16 : end);
}

/**
 * What came to a distribution since `before`. Its extremes are those since the beginning where these fall into the first and last
 * bucket, else the bounds of these buckets.
 */
function since(
  now: KernelSeries,
  before: KernelSeries | undefined,
  bits: number,
): { readonly key: readonly bigint[]; readonly histogram: HistogramData } {
  const counts = now.counts.map((count, i) => count - (before?.counts[i] ?? 0));
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const isEmpty = first === -1;
  return {
    key: now.key,
    histogram: {
      kind: bits === 0 ? 'log2' : 'hdr',
      bits,
      counts,
      count: counts.reduce((sum, count) => sum + count, 0),
      sumNs: now.sumNs - (before?.sumNs ?? 0),
      minNs: isEmpty ? Number.POSITIVE_INFINITY : Math.max(now.minNs, bucketBegin(first, bits)),
      maxNs: isEmpty
        ? Number.NEGATIVE_INFINITY
        : Math.min(now.maxNs, bucketBegin(last + 1, bits) - 1),
    },
  };
}
