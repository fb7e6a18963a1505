/** `--follow`: reads traces that are still being written, packet by packet as they come. */

import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SondeError, UsageError } from '@sonde/base';
import {
  dataStreamFiles,
  findTraces,
  type OpenedTraces,
  type OpenTraceOptions,
  openTrace,
  runIterator,
} from '@sonde/components';
import type { DataStream, Downstream, TimeOrigin } from '@sonde/trace-model';
import { countLateEvents } from './late-events.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** How often the folders are looked at (ms). */
  readonly pollMs: number;
  /** A data stream that gave nothing for so long holds up nobody any more (ms): a CPU may be idle for hours. */
  readonly staleMs: number;
  /** How the traces are opened. */
  readonly open?: OpenTraceOptions;
  /** After each piece: everything up to here has been handed on (ns since the origin). */
  readonly onPiece: (reachedNs: number) => void;
  /** So many events came when later ones of other streams had been handed on: they are not. */
  readonly onLate: (count: number) => void;
  /** False: enough. */
  readonly wantsMore: () => boolean;
  /** Before the first message. */
  readonly begin: (origin: TimeOrigin, traces: OpenedTraces) => void;
}

/** When a data stream was last seen to grow. */
interface Growth {
  stream: DataStream;
  endNs: bigint;
  /** Its end at the look before (ns from the clocks' origin); undefined: it was not there. */
  lastEndNs: bigint | undefined;
  sinceMs: number;
  isStale: boolean;
}

/**
 * Feeds `downstream` until the signal is aborted or nothing more is wanted. What all streams have reached is handed on, in order of time;
 * each look opens the traces anew, for metadata grow too, and reads what has come since.
 * @param downstream - Or what gives it, after `begin`.
 * @returns time of the last event (ns since the origin); NaN: none.
 */
export async function followTraces(
  paths: readonly string[],
  downstream: Downstream | (() => Downstream),
  options: FollowOptions,
): Promise<number> {
  const get = typeof downstream === 'function' ? downstream : () => downstream;
  const follower = new Follower(paths, get, options);
  while (!options.signal.aborted && options.wantsMore()) {
    await follower.look();
    await delay(options.pollMs, undefined, { signal: options.signal }).catch(() => {});
  }
  if (options.wantsMore()) await follower.finish();
  return follower.lastEventNs;
}

class Follower {
  readonly #paths: readonly string[];
  readonly #downstream: () => Downstream;
  readonly #options: FollowOptions;
  readonly #growth = new Map<string, Growth>();
  #origin: TimeOrigin | undefined;
  /** Everything up to here has been handed on (ns from the clocks' origin). */
  #doneNs: bigint | undefined;
  #sizes = '';
  lastEventNs = Number.NaN;

  constructor(paths: readonly string[], downstream: () => Downstream, options: FollowOptions) {
    this.#paths = paths;
    this.#downstream = downstream;
    this.#options = options;
  }

  async look(): Promise<void> {
    const sizes = sizesOf(this.#paths);
    if (sizes === this.#sizes && !this.#hasNewlyStale()) return;
    this.#sizes = sizes;
    await this.#read(this.#options.signal, false);
  }

  /** Hands on what all streams have now: nothing more is waited for. */
  finish(): Promise<void> {
    return this.#read(undefined, true);
  }

  async #read(signal: AbortSignal | undefined, isFinal: boolean): Promise<void> {
    using traces = this.#open();
    if (traces === undefined) return;
    const endNs = this.#commonEnd(traces, isFinal);
    await this.#countLate(traces);
    if (endNs === undefined || (this.#doneNs !== undefined && endNs <= this.#doneNs)) return;
    this.#start(traces);
    const begin = this.#doneNs === undefined ? undefined : this.#doneNs + 1n;
    const iterator = traces.iterate(this.#downstream(), { begin, end: endNs });
    try {
      await runIterator(iterator, signal, this.#options.wantsMore);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
    const { lastEventNs } = iterator;
    if (lastEventNs !== undefined && !Number.isNaN(lastEventNs)) this.lastEventNs = lastEventNs;
    this.#doneNs = endNs;
    this.#options.onPiece(Number(endNs - traces.origin.nsFromOrigin));
  }

  /** Undefined: what is there is half written, the next look will tell. */
  #open(): OpenedTraces | undefined {
    try {
      return openTrace(this.#paths, { ...this.#options.open, onFault: () => {} });
    } catch (error) {
      if (this.#origin === undefined || !(error instanceof SondeError)) throw error;
      return undefined;
    }
  }

  #start(traces: OpenedTraces): void {
    if (this.#origin === undefined) {
      this.#origin = traces.origin;
      this.#options.begin(traces.origin, traces);
    } else if (traces.origin.nsFromOrigin !== this.#origin.nsFromOrigin) {
      throw new UsageError(
        'trace-changed',
        'The begin of the trace has changed (overwritten, or deleted files): it cannot be followed.',
      );
    }
  }

  /** Some stream has become one that nobody waits for, since the last look. */
  #hasNewlyStale(): boolean {
    const now = performance.now();
    return [...this.#growth.values()].some((growth) => !growth.isStale && this.#isOld(growth, now));
  }

  #isOld({ sinceMs }: Growth, nowMs: number): boolean {
    return nowMs - sinceMs > this.#options.staleMs;
  }

  /**
   * The time that all streams have passed which still grow: at the very end of one more may come. When none grows, the end of the
   * latest.
   */
  #commonEnd(traces: OpenedTraces, isFinal: boolean): bigint | undefined {
    let common: bigint | undefined;
    let latest: bigint | undefined;
    let index = 0;
    for (const { path, streams } of traces.ranges) {
      for (const { portName, rangeNs } of streams) {
        const stream = traces.streams[index++]!;
        if (rangeNs === undefined) continue;
        const { end } = rangeNs;
        const { isStale } = this.#note(`${path}\n${portName}`, stream, end);
        if (latest === undefined || end > latest) latest = end;
        const passed = isFinal ? end : end - 1n;
        if (!isStale && (common === undefined || passed < common)) common = passed;
      }
    }
    return common ?? latest;
  }

  /** What has come since the last look, of times that have been handed on. */
  async #countLate(traces: OpenedTraces): Promise<void> {
    const doneNs = this.#doneNs;
    if (doneNs === undefined) return;
    const late = new Map<DataStream, bigint>();
    for (const { stream, endNs, lastEndNs = -1n } of this.#growth.values()) {
      if (traces.streams.includes(stream) && endNs > lastEndNs && lastEndNs < doneNs) {
        late.set(stream, lastEndNs);
      }
    }
    if (late.size === 0) return;
    const count = await countLateEvents(traces, late, doneNs);
    if (count > 0) this.#options.onLate(count);
  }

  #note(key: string, stream: DataStream, endNs: bigint): Growth {
    const nowMs = performance.now();
    const growth = this.#growth.get(key);
    if (growth === undefined) {
      const first = { stream, endNs, lastEndNs: undefined, sinceMs: nowMs, isStale: false };
      this.#growth.set(key, first);
      return first;
    }
    growth.stream = stream;
    growth.lastEndNs = growth.endNs;
    if (growth.endNs !== endNs) {
      growth.endNs = endNs;
      growth.sinceMs = nowMs;
      growth.isStale = false;
    } else if (this.#isOld(growth, nowMs)) growth.isStale = true;
    return growth;
  }
}

/** Changes when any file of the traces grows. */
function sizesOf(paths: readonly string[]): string {
  const files = paths
    .flatMap((root) => findTraces(root, {}))
    .flatMap((path) => dataStreamFiles(path));
  return files
    .map((file) => `${file} ${statSync(file, { throwIfNoEntry: false })?.size ?? 0}`)
    .join('\n');
}

export const pollMs = 250;
export const staleMs = 5000;

export const lateText = (count: number): string =>
  `${count} events came more than ${staleMs / 1000} s after those of other data streams: they are in no result`;
