import type { Keep } from '../declaration.ts';
import { PairMatcher } from '../pair-matcher.ts';
import type { EventInResult, LatencyFlag, PendingOperation, TrackerKey } from './options.ts';
import { isNumberKey, type Pairs, type PairsResults } from './pairs.ts';
import type { QuickPairs } from './quick-pairs.ts';

/** Nobody's id. */
const noId = 0;

/** What is kept beside a pending operation that has more than a number. */
interface Attached<P> {
  readonly key: TrackerKey;
  readonly priv: P | undefined;
}

export interface AgedPairsOptions {
  readonly keep: Keep;
  readonly max: number;
  readonly timeoutNs: number;
  readonly gcNs: number;
}

/** Operations with timeouts, or several with one key. Callbacks come when all is as it should be: they may do what they like. */
export class AgedPairs<P> implements Pairs<P> {
  readonly #results: PairsResults<P>;
  readonly #keepsAll: boolean;
  /** Keys are a number and its kind: the key itself, or the id of another value. */
  readonly #matcher: PairMatcher;
  readonly #ids = new Map<TrackerKey, number>();
  #lastId = 0;
  /** What is to be told when the matchers are done. */
  #toTell: Parameters<PairsResults<P>['tell']>[] = [];

  constructor(results: PairsResults<P>, options: AgedPairsOptions) {
    this.#results = results;
    this.#keepsAll = options.keep === 'all';
    const { counters, gate, histogram } = results;
    this.#matcher = new PairMatcher(
      { ...options, keyParts: 2, clampNegative: false, counters, gate },
      {
        ended: (slot, endNs, delayNs, outId, isAlert) => {
          histogram.add(delayNs);
          if (isAlert) this.#note('alert', slot, endNs, outId);
        },
        timedOut: (slot, timeNs) => this.#note('timeout', slot, timeNs, 0),
        collected: (slot, timeNs) => {
          this.#note('gc', slot, timeNs, 0);
          this.#forget(slot);
        },
      },
    );
  }

  #note(flag: LatencyFlag, slot: number, endNs: number, outId: number): void {
    const { pending } = this.#matcher;
    const attached = pending.data[slot] as Attached<P> | undefined;
    const key = attached === undefined ? pending.keyPart(slot, 0) : attached.key;
    this.#toTell.push([flag, key, pending.beginNs[slot]!, endNs, outId, attached?.priv]);
  }

  /** Takes over what is pending; it was counted when it began. */
  adopt(quick: QuickPairs<P>): void {
    const all: [TrackerKey, number, P | undefined][] = [];
    quick.visit((key, beginNs, priv) => all.push([key, beginNs, priv]));
    const { counters } = this.#results;
    const { begins, pending } = counters;
    for (const each of all.sort(([, a], [, b]) => a - b)) this.#begin(...each);
    Object.assign(counters, { begins, pending });
  }

  set timeoutNs(timeoutNs: number) {
    this.#matcher.set({ timeoutNs });
  }

  eventIn(key: TrackerKey, nowNs: number, priv: P | undefined): EventInResult {
    this.advance(nowNs);
    return this.#begin(key, nowNs, priv);
  }

  #begin(key: TrackerKey, nowNs: number, priv: P | undefined): EventInResult {
    const isNumber = isNumberKey(key);
    const known = isNumber ? key : this.#ids.get(key);
    const id = known ?? ++this.#lastId;
    const slot = this.#matcher.begin(id, Number(isNumber), 0, 0, nowNs);
    if (slot < 0) return slot === -2 ? 'kept' : 'full';
    if (known === undefined) this.#ids.set(key, id);
    const { data } = this.#matcher.pending;
    if (!isNumber || priv !== undefined) data[slot] = { key, priv };
    else if (data.length > 0) data[slot] = undefined;
    return 'ok';
  }

  eventOut(key: TrackerKey, nowNs: number, outId: number): boolean {
    this.advance(nowNs);
    const isNumber = isNumberKey(key);
    const id = isNumber ? key : this.#takeId(key);
    const isAny = this.#matcher.end(id, Number(isNumber), 0, 0, nowNs, outId) > 0;
    this.#tellAll();
    return isAny;
  }

  /** The id of a key lives as long as an operation with it. */
  #takeId(key: TrackerKey): number {
    const id = this.#ids.get(key);
    if (id === undefined) return noId;
    this.#ids.delete(key);
    return id;
  }

  get(key: TrackerKey): PendingOperation<P> | undefined {
    const { pending } = this.#matcher;
    const slot = this.#find(key);
    if (slot === -1) return undefined;
    const attached = pending.data[slot] as Attached<P> | undefined;
    return { beginNs: pending.beginNs[slot]!, priv: attached?.priv };
  }

  #find(key: TrackerKey): number {
    const isNumber = isNumberKey(key);
    const id = isNumber ? key : (this.#ids.get(key) ?? noId);
    return this.#matcher.find(id, Number(isNumber), 0, 0);
  }

  abort(key: TrackerKey): void {
    const isNumber = isNumberKey(key);
    this.#matcher.abort(isNumber ? key : this.#takeId(key), Number(isNumber), 0, 0);
  }

  clear(): void {
    this.#matcher.set({ on: false });
    this.#matcher.set({ on: true });
    this.#ids.clear();
  }

  /** Looks for what is due at `nowNs`. */
  advance(nowNs: number): void {
    this.#matcher.advance(nowNs);
    this.#tellAll();
  }

  #tellAll(): void {
    if (this.#toTell.length === 0) return;
    const toTell = this.#toTell;
    this.#toTell = [];
    for (const each of toTell) this.#results.tell(...each);
  }

  #forget(slot: number): void {
    const { pending } = this.#matcher;
    const attached = pending.data[slot] as Attached<P> | undefined;
    if (attached === undefined || isNumberKey(attached.key)) return;
    if (this.#keepsAll && pending.findOlder(slot) !== -1) return;
    if (this.#find(attached.key) === slot) this.#ids.delete(attached.key);
  }
}
