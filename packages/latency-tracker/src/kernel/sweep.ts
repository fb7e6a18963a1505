/** Timeouts and garbage: what has been pending for too long, found now and then. */
import { closeSync, readSync } from 'node:fs';
import { attachIterator, BpfProgram, type Btf, type IteratorLink, type Native } from '@sonde/ebpf';
import type { Alert } from '../declaration.ts';
import { writeIterator } from './emit-iterator.ts';

import { maxDuplicates, maxKeyWords, pending } from './layout.ts';
import type { TrackerPlan } from './plan-types.ts';
import type { ProgramContext } from './program-parts.ts';
import { savedInfo, type Value, valueOfWord } from './read-record.ts';
import type { TrackerMaps } from './tracker-maps.ts';

export interface Limits {
  readonly timeoutNs: number;
  readonly gcNs: number;
  /** What began before does not count (ns). */
  readonly onSinceNs: number;
}

/** One sweep over all pending operations of a tracker. */
export interface Sweep {
  run(nowNs: number, limits: Limits): void;
  close(): void;
}

/** Of operations that tasks keep: the kernel goes through all tasks, records and counters tell what it found. */
export class TaskSweep implements Sweep {
  readonly #program: BpfProgram;
  readonly #link: IteratorLink;
  readonly #buffer = Buffer.alloc(64);

  /** @throws SystemCallError, SondeError */
  constructor(native: Native, context: ProgramContext, btf: Btf) {
    this.#program = new BpfProgram(native, {
      type: 'iterator',
      name: `${context.plan.tracker.name}_tasks`,
      code: writeIterator(context, btf),
      btfId: btf.find('function', 'bpf_iter_task') ?? 0,
    });
    this.#link = attachIterator(native, this.#program);
  }

  run(): void {
    const fd = this.#link.open();
    try {
      // It writes nothing: the first read goes through all.
      while (readSync(fd, this.#buffer) > 0);
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    this.#link.close();
    this.#program.close();
  }
}

interface PendingPlace {
  readonly key: readonly bigint[];
  readonly view: DataView;
  /** In `view` (bytes). */
  readonly at: number;
  readonly isInSlot: boolean;
}

/** Of operations in slots and hash maps: this process goes through them. */
export class MapSweep implements Sweep {
  readonly #plan: TrackerPlan;
  readonly #maps: TrackerMaps;
  readonly #tell: (alert: Alert) => void;
  /** Begins (ns) of operations whose timeout was told, by key. */
  readonly #told = new Map<string, number>();
  timeouts = 0;
  collected = 0;

  constructor(plan: TrackerPlan, maps: TrackerMaps, tell: (alert: Alert) => void) {
    this.#plan = plan;
    this.#maps = maps;
    this.#tell = tell;
  }

  run(nowNs: number, { timeoutNs, gcNs, onSinceNs }: Limits): void {
    const seen = new Set<string>();
    const old: PendingPlace[] = [];
    const { keepsAll } = this.#plan;
    for (const place of this.#pending()) {
      const { key, view, at } = place;
      const beginNs = Number(view.getBigUint64(at + pending.beginNs, true));
      const name = keepsAll ? `${key.slice(0, maxKeyWords).join()} ${beginNs}` : key.join();
      seen.add(name);
      if (nowNs - beginNs > timeoutNs && beginNs >= onSinceNs && this.#told.get(name) !== beginNs) {
        this.#told.set(name, beginNs);
        this.timeouts++;
        this.#tell(this.#alertOf('timeout', place, beginNs, nowNs));
      }
      if (nowNs - beginNs > gcNs) {
        old.push(place);
        if (beginNs >= onSinceNs) this.#tell(this.#alertOf('gc', place, beginNs, nowNs));
      }
    }
    // The last of those with one key go first: they leave no gap.
    if (keepsAll) old.sort((a, b) => Number(b.key[maxKeyWords]! - a.key[maxKeyWords]!));
    for (const place of old) this.#delete(place);
    for (const name of this.#told.keys()) if (!seen.has(name)) this.#told.delete(name);
  }

  /** Each is to be looked at before the next: those of the hash map are copied to the same place. */
  *#pending(): Generator<PendingPlace> {
    const { pending: map, place } = this.#maps;
    const { slots } = place.memory;
    for (const { key, at } of slots?.pendingOf(this.#plan) ?? []) {
      yield { key: [key], view: slots!.view, at, isInSlot: true };
    }
    const words = map.options.keyBytes / 8;
    for (let more = map.firstKey(); more; more = map.nextKey()) {
      if (!map.lookUp()) continue;
      const key = Array.from({ length: words }, (_, i) => map.key.getBigUint64(8 * i, true));
      yield { key, view: map.value, at: 0, isInSlot: false };
    }
  }

  #delete({ key, at, isInSlot }: PendingPlace): void {
    const { pending: map, place } = this.#maps;
    if (isInSlot) {
      if (place.memory.slots!.delete(key[0]!, at)) this.collected++;
      return;
    }
    for (const [i, word] of key.entries()) map.key.setBigUint64(8 * i, word, true);
    if (!map.delete()) return;
    this.collected++;
    if (this.#plan.keepsAll) this.#fillGap(Number(key[maxKeyWords]));
  }

  /** Programs go through operations with one key until there is none: the last moves to where one is gone. */
  #fillGap(gap: number): void {
    const map = this.#maps.pending;
    const { key } = map;
    const put = (number: number): void => key.setBigUint64(8 * maxKeyWords, BigInt(number), true);
    let last = gap;
    for (let next = gap + 1; next < maxDuplicates; next++) {
      put(next);
      if (!map.lookUp()) break;
      last = next;
    }
    if (last === gap) return;
    put(last);
    // Gone meanwhile: it has ended. The other way round it might be counted twice.
    if (!map.lookUp() || !map.delete()) return;
    put(gap);
    map.update();
  }

  #alertOf(
    kind: Alert['kind'],
    { key, view, at }: PendingPlace,
    beginNs: number,
    nowNs: number,
  ): Alert {
    const state = view.getUint32(at + pending.state, true);
    const { tid, comm, ...info } = savedInfo(this.#plan, view, at + pending.savedAt, state);
    const words: Value[] = key
      .slice(0, this.#plan.keyWords)
      .map((word, i) => valueOfWord(word, this.#plan.keyIsUnsigned[i]));
    return {
      tracker: this.#plan.tracker.name,
      kind,
      beginNs: BigInt(beginNs),
      endNs: BigInt(nowNs),
      delayNs: nowNs - beginNs,
      outId: 0,
      key: words,
      cpuId: 0,
      tid: typeof tid === 'number' ? tid : undefined,
      comm: typeof comm === 'string' ? comm : undefined,
      info,
      kernelStack: undefined,
      userStack: undefined,
    };
  }

  close(): void {}
}
