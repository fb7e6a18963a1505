import { PendingTable } from '../pending-table.ts';
import type { CpuState, HostState } from './event-context.ts';
import type { LossyStream } from './lossy-stream.ts';

interface Gap {
  readonly cpu: CpuState | undefined;
  readonly beginNs: number;
  readonly endNs: number;
}

const never = Number.NEGATIVE_INFINITY;
/** Threads and keys that are known apart; with more, all are treated as the worst of them. */
const maxKnown = 65_536;

/**
 * When a tracker may have missed events of a machine, and which pairs that makes uncertain:
 * - whatever it is, only a gap that the pair is pending in
 * - what is bound to a CPU: a gap on that CPU
 * - what happens where a thread runs: a gap on a CPU where it may have run, so none while it is known to run elsewhere all the time
 * - everything else: any gap
 *
 * In a gap that has no end yet the same holds for what ends now.
 */
export class Losses {
  readonly #host: HostState;
  readonly #keyParts: number;
  /** End of the last gap on any CPU (ns). */
  #endNs = never;
  readonly #byCpu = new Map<CpuState, number>();
  /** Threads that the last gap, and those right before it, can't have hit → end of the last one that can (ns). */
  #spared = new Map<number, number>();
  /** Threads that ran, or no longer ran, unseen → until when (ns). */
  readonly #doubted = new Map<number, number>();
  readonly #coming: Gap[] = [];
  readonly #lossy = new Set<LossyStream>();
  /** Keys → when they last had nothing pending, once something was lost. */
  #settled: PendingTable | undefined;

  constructor(host: HostState, keyParts: number) {
    this.#host = host;
    this.#keyParts = keyParts;
  }

  /** False: nothing was ever lost. */
  get hasAny(): boolean {
    return this.#endNs !== never || this.#coming.length > 0 || this.#lossy.size > 0;
  }

  /** End of the last gap that is over (ns). */
  get endNs(): number {
    return this.#endNs;
  }

  /** @param isOver - It is told at its end. */
  add(gap: Gap, isOver: boolean): void {
    if (isOver) this.#settle(gap);
    else this.#coming.push(gap);
  }

  beginLossy(stream: LossyStream): void {
    this.#lossy.add(stream);
  }

  endLossy(stream: LossyStream): void {
    this.#lossy.delete(stream);
  }

  /** What the thread has pending may have ended unseen. */
  doubt(tid: number, untilNs: number): void {
    if (this.#doubted.size >= maxKnown) {
      this.#doubted.clear();
      this.#endNs = Math.max(this.#endNs, untilNs);
      this.#spared.clear();
    }
    this.#doubted.set(tid, untilNs);
  }

  /** Whether a pair of one CPU, which ends now, is uncertain. */
  hitsCpu(cpu: CpuState, beginNs: number, nowNs: number): boolean {
    this.#settleUntil(nowNs);
    if (beginNs < (this.#byCpu.get(cpu) ?? never)) return true;
    return this.#isOpen(nowNs, (where) => where === undefined || where === cpu);
  }

  /** Whether a pair of a thread, which ends now and there, is uncertain. */
  hitsThread(tid: number, at: CpuState, beginNs: number, nowNs: number): boolean {
    this.#settleUntil(nowNs);
    if (beginNs < (this.#spared.get(tid) ?? this.#endNs)) return true;
    if (beginNs < (this.#doubted.get(tid) ?? never)) return true;
    return this.#isOpen(nowNs, (where, sinceNs) => {
      const isElsewhere = where !== undefined && where !== at && at.tid === tid;
      return !(isElsewhere && at.sinceNs <= Math.max(beginNs, sinceNs));
    });
  }

  /** Whether any other pair which ends now is uncertain. */
  hitsAny(beginNs: number, nowNs: number): boolean {
    this.#settleUntil(nowNs);
    return beginNs < this.#endNs || this.#isOpen(nowNs, () => true);
  }

  /** Nothing is pending with the key now: what begins next begins indeed. */
  settle(nowNs: number, k0: number, k1: number, k2: number, k3: number): void {
    this.#settled ??= new PendingTable(this.#keyParts, maxKnown);
    const settled = this.#settled;
    const slot = settled.find(settled.bucketOf(k0, k1, k2, k3), k0, k1, k2, k3);
    if (slot !== -1) {
      settled.beginNs[slot] = nowNs;
      return;
    }
    if (settled.count === maxKnown) settled.clear();
    settled.insert(settled.bucketOf(k0, k1, k2, k3), k0, k1, k2, k3, nowNs);
  }

  /** Whether what begins now with that key may have begun before, unseen. `cpu`: it is bound to that one. */
  mayHaveBegun(
    cpu: CpuState | undefined,
    nowNs: number,
    k0: number,
    k1: number,
    k2: number,
    k3: number,
  ): boolean {
    this.#settleUntil(nowNs);
    const endNs = cpu === undefined ? this.#endNs : (this.#byCpu.get(cpu) ?? never);
    // While a gap goes on, its end will be after this begin.
    if (endNs === never) return false;
    const settled = this.#settled;
    if (settled === undefined) return true;
    const slot = settled.find(settled.bucketOf(k0, k1, k2, k3), k0, k1, k2, k3);
    return slot === -1 || settled.beginNs[slot]! < endNs;
  }

  #isOpen(nowNs: number, mayHit: (cpu: CpuState | undefined, sinceNs: number) => boolean): boolean {
    for (const { cpu, beginNs } of this.#coming) {
      if (beginNs < nowNs && mayHit(cpu, beginNs)) return true;
    }
    for (const stream of this.#lossy) {
      const sinceNs = stream.openSince(nowNs);
      if (sinceNs < nowNs && mayHit(stream.cpu, sinceNs)) return true;
    }
    return false;
  }

  #settleUntil(nowNs: number): void {
    for (let i = 0; i < this.#coming.length; ) {
      const gap = this.#coming[i]!;
      if (gap.endNs <= nowNs) this.#settle(this.#coming.splice(i, 1)[0]!);
      else i++;
    }
  }

  #settle({ cpu, beginNs, endNs }: Gap): void {
    const beforeNs = this.#endNs;
    const spared = new Map<number, number>();
    const twice = new Set<number>();
    for (const other of cpu === undefined ? [] : this.#host.cpus.values()) {
      if (other === cpu || !(other.tid > 0 && other.sinceNs <= beginNs)) continue;
      if (this.#isOpen(endNs, (where) => where === undefined || where === other)) continue;
      if (spared.has(other.tid)) twice.add(other.tid);
      spared.set(other.tid, this.#spared.get(other.tid) ?? beforeNs);
    }
    // One of the two has left unseen.
    for (const tid of twice) spared.delete(tid);
    this.#spared = spared;
    this.#endNs = Math.max(beforeNs, endNs);
    for (const each of cpu === undefined ? this.#host.cpus.values() : [cpu]) {
      this.#byCpu.set(each, Math.max(this.#byCpu.get(each) ?? never, endNs));
    }
  }
}
