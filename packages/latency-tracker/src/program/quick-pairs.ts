import { NumberPairs } from './number-pairs.ts';
import type { EventInResult, PendingOperation, TrackerKey } from './options.ts';
import { isNumberKey, type Pairs, type PairsResults } from './pairs.ts';

/** Nobody's id. */
const noId = 0;

/** One operation for a key, and nothing but its end removes it: the quickest way. */
export class QuickPairs<P> implements Pairs<P> {
  readonly #results: PairsResults<P>;
  readonly #max: number;
  readonly #keepsFirst: boolean;
  readonly #numbers = new NumberPairs<P>();
  /** For keys that are no numbers: they have ids, and the ids are the keys in it. */
  readonly #others = new NumberPairs<P>();
  readonly #ids = new Map<TrackerKey, number>();
  #lastId = 0;

  constructor(results: PairsResults<P>, max: number, keepsFirst: boolean) {
    this.#results = results;
    this.#max = max;
    this.#keepsFirst = keepsFirst;
  }

  /**
   * `eventIn` of a number with nothing beside it. This and `numberOut` are short and pass no fractions to others, which V8 would make
   * objects of: so they are compiled to one piece that allocates nothing.
   */
  numberIn(key: number): EventInResult {
    const { counters, clock } = this.#results;
    const numbers = this.#numbers;
    counters.begins++;
    let place = numbers.find(key);
    if (place < 0) {
      if (counters.pending >= this.#max) return this.#refuse();
      counters.pending++;
      place = numbers.insert(~place, key);
    } else {
      counters.overwritten++;
      if (this.#keepsFirst) return 'kept';
    }
    if (numbers.privs !== undefined) numbers.privs[place] = undefined;
    numbers.beginNs[place] = clock();
    return 'ok';
  }

  #refuse(): EventInResult {
    this.#results.counters.full++;
    return 'full';
  }

  /** `eventOut` of a number. */
  numberOut(key: number): boolean {
    const { counters, clock, gate, histogram, delayNs } = this.#results;
    const numbers = this.#numbers;
    const nowNs = clock();
    const place = numbers.find(key);
    if (place < 0) return this.#miss();
    const delay = nowNs - numbers.beginNs[place]!;
    if (!(delay >= 0 && delay <= gate.thresholdNs)) return this.#end(key, numbers, place, nowNs, 0);
    numbers.removeAt(place);
    counters.pending--;
    counters.ends++;
    delayNs[0] = delay;
    histogram.addFrom(delayNs);
    return true;
  }

  #miss(): boolean {
    this.#results.counters.unmatchedEnds++;
    return false;
  }

  #end(
    key: TrackerKey,
    pairs: NumberPairs<P>,
    place: number,
    nowNs: number,
    outId: number,
  ): boolean {
    const { counters, gate, histogram } = this.#results;
    const beginNs = pairs.beginNs[place]!;
    const priv = pairs.privs?.[place];
    pairs.removeAt(place);
    counters.pending--;
    const delayNs = nowNs - beginNs;
    if (delayNs < 0) {
      counters.negative++;
      return true;
    }
    counters.ends++;
    histogram.add(delayNs);
    if (gate.passes(delayNs, nowNs)) {
      this.#results.tell('alert', key, beginNs, nowNs, outId, priv);
    }
    return true;
  }

  eventIn(key: TrackerKey, nowNs: number, priv: P | undefined): EventInResult {
    const { counters } = this.#results;
    const isNumber = isNumberKey(key);
    const pairs = isNumber ? this.#numbers : this.#others;
    counters.begins++;
    let place = pairs.find(isNumber ? key : (this.#ids.get(key) ?? noId));
    if (place < 0) {
      if (counters.pending >= this.#max) return this.#refuse();
      counters.pending++;
      place = isNumber ? pairs.insert(~place, key) : this.#insertOther(key);
    } else {
      counters.overwritten++;
      if (this.#keepsFirst) return 'kept';
    }
    pairs.beginNs[place] = nowNs;
    pairs.setPrivAt(place, priv);
    return 'ok';
  }

  #insertOther(key: TrackerKey): number {
    const id = ++this.#lastId;
    this.#ids.set(key, id);
    return this.#others.insert(~this.#others.find(id), id);
  }

  eventOut(key: TrackerKey, nowNs: number, outId: number): boolean {
    const isNumber = isNumberKey(key);
    const pairs = isNumber ? this.#numbers : this.#others;
    const place = pairs.find(isNumber ? key : this.#takeId(key));
    return place < 0 ? this.#miss() : this.#end(key, pairs, place, nowNs, outId);
  }

  #takeId(key: TrackerKey): number {
    const id = this.#ids.get(key);
    if (id === undefined) return noId;
    this.#ids.delete(key);
    return id;
  }

  get(key: TrackerKey): PendingOperation<P> | undefined {
    const pairs = isNumberKey(key) ? this.#numbers : this.#others;
    const place = pairs.find(isNumberKey(key) ? key : (this.#ids.get(key) ?? noId));
    return place < 0 ? undefined : { beginNs: pairs.beginNs[place]!, priv: pairs.privs?.[place] };
  }

  abort(key: TrackerKey): void {
    const isNumber = isNumberKey(key);
    const pairs = isNumber ? this.#numbers : this.#others;
    const place = pairs.find(isNumber ? key : this.#takeId(key));
    if (place < 0) return;
    pairs.removeAt(place);
    this.#results.counters.aborted++;
    this.#results.counters.pending--;
  }

  clear(): void {
    const { counters } = this.#results;
    counters.aborted += counters.pending;
    counters.pending = 0;
    this.#numbers.clear();
    this.#others.clear();
    this.#ids.clear();
  }

  visit(each: (key: TrackerKey, beginNs: number, priv: P | undefined) => void): void {
    this.#numbers.visit(each);
    const keyOf = new Map([...this.#ids].map(([key, id]) => [id, key]));
    this.#others.visit((id, beginNs, priv) => each(keyOf.get(id), beginNs, priv));
  }
}
