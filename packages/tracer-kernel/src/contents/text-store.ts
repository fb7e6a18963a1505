/** Texts that the programs fetched, until the event they belong to is converted. */

interface FetchedText {
  readonly timeNs: number;
  /** Where the text is; undefined: it could not be read, or is taken. */
  chunk: Uint8Array | undefined;
  offset: number;
  lengthBytes: number;
}

export interface TextKey {
  readonly tid: number;
  /** Of the system call: less than 512. */
  readonly number: number;
  /** Which of its arguments: less than 32. */
  readonly argument: number;
}

/** Nobody knows what was fetched then: from the first loss to the last, both included. */
interface BlindTime {
  readonly fromNs: number;
  untilNs: number;
}

const chunkBytes = 256 * 1024;
/** What a text takes beside its bytes. */
const entryBytes = 100;
const defaultLimitBytes = 48 << 20;
/** What could not be read at once is added later with its own time: by so much (ns). */
const keptBlindNs = 10e9;
const maxBlindTimes = 1000;

/**
 * By thread, call and argument, in the order of time. For every call there is an entry, with or without a text, or its loss is known;
 * behind an entry without a text there may be calls without a text that have none. It is made before the call's event: the newest entry
 * that is not newer than the event is the event's or has no text, unless something was lost between.
 */
export class TextStore {
  #young = new Generation();
  #old = new Generation();
  readonly #halfBytes: number;
  #blindTimes: BlindTime[] = [];
  /** Texts that were thrown away before anybody asked for them. */
  forgotten = 0;

  /** @param limitBytes - Of memory, about. */
  constructor(limitBytes = defaultLimitBytes) {
    this.#halfBytes = limitBytes / 2;
  }

  /** @param text - Not kept. Undefined: there is none, or it comes later, with the same time. */
  add(key: TextKey, timeNs: number, text: Uint8Array | undefined): void {
    if (this.#young.bytes >= this.#halfBytes) this.#forgetOld();
    this.#young.add(keyOf(key), timeNs, text);
  }

  #forgetOld(): void {
    const { latestNs, count, waitingTexts } = this.#old;
    if (count > 0) this.addLoss(0, latestNs);
    this.forgotten += waitingTexts;
    this.#old = this.#young;
    this.#young = new Generation();
  }

  /** Entries may be missing: of calls that began then. */
  addLoss(fromNs: number, untilNs: number): void {
    const times = this.#blindTimes;
    const last = times.at(-1);
    if (last !== undefined && fromNs <= last.untilNs && fromNs >= last.fromNs) {
      last.untilNs = Math.max(last.untilNs, untilNs);
      return;
    }
    times.push({ fromNs, untilNs });
    if (times.length <= maxBlindTimes) return;
    const [first, second] = times;
    const joined = {
      fromNs: Math.min(first!.fromNs, second!.fromNs),
      untilNs: Math.max(first!.untilNs, second!.untilNs),
    };
    times.splice(0, 2, joined);
  }

  /** Whether the call of an event at `timeNs` is the thread's last one of its kind, and has no text so far: it may still go on. */
  isAwaited(key: TextKey, timeNs: number): boolean {
    const number = keyOf(key);
    const newest = (untilNs: number): FetchedText[] =>
      [this.#young, this.#old]
        .map((generation) => generation.find(number, untilNs))
        .filter((found) => found !== undefined);
    const found = newest(timeNs);
    const isLast = newest(Number.POSITIVE_INFINITY).every((entry) => found.includes(entry));
    const beganNs = Math.max(...found.map((entry) => entry.timeNs));
    return (
      found.length > 0 &&
      isLast &&
      found.every(({ chunk }) => chunk === undefined) &&
      !this.#isUncertain(beganNs, Number.POSITIVE_INFINITY)
    );
  }

  /** The text of an event at `timeNs`; it is given once. Undefined: there is none, or it is not certain. */
  take(key: TextKey, timeNs: number): Uint8Array | undefined {
    const number = keyOf(key);
    const young = this.#young.find(number, timeNs);
    const old = this.#old.find(number, timeNs);
    // What comes late is in the younger generation, whatever its time.
    const isOld = young === undefined || (old !== undefined && old.timeNs > young.timeNs);
    const found = isOld ? old : young;
    if (found?.chunk === undefined || this.#isUncertain(found.timeNs, timeNs)) return undefined;
    const { chunk, offset, lengthBytes } = found;
    found.chunk = undefined;
    const generation = isOld ? this.#old : this.#young;
    generation.waitingTexts--;
    return chunk.subarray(offset, offset + lengthBytes);
  }

  /** Whether an entry between the two may be missing. */
  #isUncertain(fromNs: number, untilNs: number): boolean {
    for (const blind of this.#blindTimes) {
      if (blind.untilNs >= fromNs && blind.fromNs <= untilNs) return true;
    }
    return false;
  }

  /** Nobody asks for texts of earlier events any more. */
  release(beforeNs: number): void {
    if (this.#young.count > 0 && this.#old.latestNs < beforeNs) {
      this.#old = this.#young;
      this.#young = new Generation();
    }
    // With them, entries from before them are not certain.
    const earliestNs = Math.min(this.#old.earliestNs, this.#young.earliestNs);
    const keptNs = Math.min(earliestNs, beforeNs - keptBlindNs);
    const [first] = this.#blindTimes;
    if (first === undefined || first.untilNs >= keptNs) return;
    this.#blindTimes = this.#blindTimes.filter(({ untilNs }) => untilNs >= keptNs);
  }
}

/** A number is found faster than a text. */
function keyOf({ tid, number, argument }: TextKey): number {
  return (tid * 512 + number) * 32 + argument;
}

/** Entries that came one after another: they are thrown away together. */
class Generation {
  readonly #entries = new Map<number, FetchedText[]>();
  #chunk = new Uint8Array(0);
  #used = 0;
  count = 0;
  /** Nobody took them yet. */
  waitingTexts = 0;
  /** Memory, about. */
  bytes = 0;
  latestNs = 0;
  earliestNs = Number.POSITIVE_INFINITY;

  add(key: number, timeNs: number, text: Uint8Array | undefined): void {
    const entry: FetchedText = { timeNs, chunk: undefined, offset: 0, lengthBytes: 0 };
    if (text !== undefined) {
      this.#copy(text, entry);
      this.waitingTexts++;
    }
    this.count++;
    this.bytes += entryBytes + entry.lengthBytes;
    this.latestNs = Math.max(this.latestNs, timeNs);
    this.earliestNs = Math.min(this.earliestNs, timeNs);
    const entries = this.#entries.get(key);
    if (entries === undefined) this.#entries.set(key, [entry]);
    else insert(entries, entry);
  }

  #copy(text: Uint8Array, entry: FetchedText): void {
    if (this.#used + text.length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(chunkBytes, text.length));
      this.#used = 0;
    }
    this.#chunk.set(text, this.#used);
    entry.chunk = this.#chunk;
    entry.offset = this.#used;
    entry.lengthBytes = text.length;
    this.#used += text.length;
  }

  /** The newest that is not newer. */
  find(key: number, timeNs: number): FetchedText | undefined {
    const entries = this.#entries.get(key);
    return entries?.[endOfUntil(entries, timeNs) - 1];
  }
}

/** What is fetched at the exit of a call comes late: a little before the end, behind the entry that says so. */
function insert(entries: FetchedText[], entry: FetchedText): void {
  const last = entries.at(-1);
  if (last === undefined || last.timeNs <= entry.timeNs) entries.push(entry);
  else entries.splice(endOfUntil(entries, entry.timeNs), 0, entry);
}

/** Index behind the last entry that is not newer. */
function endOfUntil(entries: readonly FetchedText[], timeNs: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.timeNs <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
