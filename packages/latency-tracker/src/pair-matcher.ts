import type { AlertGate } from './alert-gate.ts';
import type { MutableCounters } from './counters.ts';
import type { Keep, TrackerSettings } from './declaration.ts';
import { PendingTable } from './pending-table.ts';

export interface MatcherOptions {
  /** Numbers in a key, 1 to 4. */
  readonly keyParts: number;
  readonly keep: Keep;
  readonly max: number;
  readonly timeoutNs: number;
  readonly gcNs: number;
  /** Delays below 0 are no mistake: count them as 0. */
  readonly clampNegative: boolean;
  /** May be another matcher's too, and so may the gate. */
  readonly counters: MutableCounters;
  readonly gate: AlertGate;
}

/** What happens to operations. Slots are those of `matcher.pending`, valid until the call returns. */
export interface MatcherEvents {
  /** A pair. `isAlert`: above the threshold, and within the rate limit. */
  ended(slot: number, endNs: number, delayNs: number, outId: number, isAlert: boolean): void;
  /** Still pending at `timeNs`; called once for each operation. */
  timedOut(slot: number, timeNs: number): void;
  /** Given up; removed when the call returns. */
  collected(slot: number, timeNs: number): void;
}

const timedOutFlag = 1;
const never = Number.POSITIVE_INFINITY;

/**
 * Pairs begins with ends by key, and decides about alerts. It knows no clock: times come in (ns, numbers), and `advance` says how late
 * it is. Nothing is allocated for a pair.
 */
export class PairMatcher {
  readonly pending: PendingTable;
  readonly counters: MutableCounters;
  readonly #gate: AlertGate;
  readonly #events: MatcherEvents;
  readonly #keep: Keep;
  readonly #keepsAll: boolean;
  readonly #clampNegative: boolean;
  readonly #gcNs: number;
  #timeoutNs: number;
  /** The shorter of timeout and gc. */
  #lifeNs: number;
  #isOn = true;
  /** The oldest operation whose timeout is not over; -1: none. */
  #nextToTimeOut = -1;
  /** Nothing is due before (ns). */
  #nextDueNs = never;

  constructor(options: MatcherOptions, events: MatcherEvents) {
    this.pending = new PendingTable(options.keyParts, options.max);
    this.#events = events;
    this.#keep = options.keep;
    this.#keepsAll = options.keep === 'all';
    this.#clampNegative = options.clampNegative;
    this.counters = options.counters;
    this.#gate = options.gate;
    this.#timeoutNs = options.timeoutNs;
    this.#gcNs = options.gcNs;
    this.#lifeNs = Math.min(options.timeoutNs, options.gcNs);
    this.pending.isByAge = this.#lifeNs < never;
  }

  get thresholdNs(): number {
    return this.#gate.thresholdNs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  set(settings: TrackerSettings): void {
    if (settings.thresholdNs !== undefined) this.#gate.thresholdNs = settings.thresholdNs;
    if (settings.worst !== undefined) this.#gate.worst = settings.worst;
    if (settings.timeoutNs !== undefined) this.#timeoutNs = settings.timeoutNs;
    if (settings.on !== undefined && settings.on !== this.#isOn) {
      this.#isOn = settings.on;
      this.counters.aborted += this.pending.count;
      this.counters.pending -= this.pending.count;
      this.pending.clear();
    }
    this.#lifeNs = Math.min(this.#timeoutNs, this.#gcNs);
    this.pending.isByAge = this.#lifeNs < never;
    this.#nextToTimeOut = this.pending.oldest;
    this.#nextDueNs = Number.NEGATIVE_INFINITY;
  }

  /** The slot of the newest pending operation with the key; -1: there is none. */
  find(k0: number, k1: number, k2: number, k3: number): number {
    const { pending } = this;
    return pending.find(pending.bucketOf(k0, k1, k2, k3), k0, k1, k2, k3);
  }

  /**
   * @returns the slot of the operation; -1: there is no room, or it is off; -2: an older one with the key is kept
   */
  begin(k0: number, k1: number, k2: number, k3: number, beginNs: number): number {
    if (!this.#isOn) return -1;
    const { pending, counters } = this;
    counters.begins++;
    const bucket = pending.bucketOf(k0, k1, k2, k3);
    if (!this.#keepsAll) {
      const known = pending.find(bucket, k0, k1, k2, k3);
      if (known !== -1) {
        counters.overwritten++;
        if (this.#keep === 'first') return -2;
        this.#passTimeout(known);
        pending.renew(known, beginNs);
        if (this.#lifeNs < never) this.#schedule(known, beginNs);
        return known;
      }
    }
    const slot = pending.insert(bucket, k0, k1, k2, k3, beginNs);
    if (slot === -1) {
      counters.full++;
      return -1;
    }
    counters.pending++;
    if (this.#lifeNs < never) this.#schedule(slot, beginNs);
    return slot;
  }

  /** Forgets an operation, for another with its key begins. */
  replace(slot: number): void {
    this.counters.overwritten++;
    this.#remove(slot);
  }

  /** Ends every operation with the key. @returns how many there were */
  end(k0: number, k1: number, k2: number, k3: number, endNs: number, outId: number): number {
    const { pending, counters } = this;
    let slot = pending.find(pending.bucketOf(k0, k1, k2, k3), k0, k1, k2, k3);
    if (slot === -1) {
      counters.unmatchedEnds++;
      return 0;
    }
    if (!this.#keepsAll) {
      this.#endOne(slot, endNs, outId);
      this.#remove(slot);
      return 1;
    }
    let count = 0;
    while (slot !== -1) {
      const older = pending.findOlder(slot);
      count++;
      this.#endOne(slot, endNs, outId);
      this.#remove(slot);
      slot = older;
    }
    return count;
  }

  #endOne(slot: number, endNs: number, outId: number): void {
    let delayNs = endNs - this.pending.beginNs[slot]!;
    if (delayNs < 0) {
      this.counters.negative++;
      if (!this.#clampNegative) return;
      delayNs = 0;
    }
    this.counters.ends++;
    const isAlert = this.#gate.passes(delayNs, endNs);
    this.#events.ended(slot, endNs, delayNs, outId, isAlert);
  }

  /** Forgets every operation with the key. */
  abort(k0: number, k1: number, k2: number, k3: number): void {
    let slot = this.find(k0, k1, k2, k3);
    while (slot !== -1) {
      const older = this.#keep === 'all' ? this.pending.findOlder(slot) : -1;
      this.counters.aborted++;
      this.#remove(slot);
      slot = older;
    }
  }

  /** Says how late it is: what is due before `timeNs` happens now, in order. */
  advance(timeNs: number): void {
    if (timeNs > this.#nextDueNs) this.#handleDue(timeNs);
  }

  #handleDue(timeNs: number): void {
    const { pending } = this;
    for (let slot = this.#nextToTimeOut; slot !== -1; ) {
      const dueNs = pending.beginNs[slot]! + this.#timeoutNs;
      // Not `>=`: an end at that very time is in time.
      if (!(timeNs > dueNs)) break;
      this.#nextToTimeOut = pending.newerThan(slot);
      if ((pending.flags[slot]! & timedOutFlag) === 0) {
        pending.flags[slot]! |= timedOutFlag;
        this.counters.timeouts++;
        this.#events.timedOut(slot, dueNs);
      }
      slot = this.#nextToTimeOut;
    }
    for (let slot = pending.oldest; slot !== -1; slot = pending.oldest) {
      const dueNs = pending.beginNs[slot]! + this.#gcNs;
      if (!(timeNs > dueNs)) break;
      this.counters.collected++;
      this.#events.collected(slot, dueNs);
      this.#remove(slot);
    }
    this.#nextDueNs = this.#earliestDueNs();
  }

  #earliestDueNs(): number {
    const { pending } = this;
    const { oldest } = pending;
    if (oldest === -1) return never;
    const gcNs = pending.beginNs[oldest]! + this.#gcNs;
    if (this.#nextToTimeOut === -1) return gcNs;
    return Math.min(gcNs, pending.beginNs[this.#nextToTimeOut]! + this.#timeoutNs);
  }

  #schedule(slot: number, beginNs: number): void {
    const dueNs = beginNs + this.#lifeNs;
    if (dueNs < this.#nextDueNs) this.#nextDueNs = dueNs;
    // The list is by age: a newcomer goes before the next one only where it is older.
    const next = this.#nextToTimeOut;
    if (next === -1 || this.pending.newerThan(slot) === next) this.#nextToTimeOut = slot;
  }

  #passTimeout(slot: number): void {
    // Without the list by age it is -1.
    if (slot === this.#nextToTimeOut) this.#nextToTimeOut = this.pending.newerThan(slot);
  }

  #remove(slot: number): void {
    this.#passTimeout(slot);
    this.pending.remove(slot);
    this.counters.pending--;
  }
}
