/** Texts that the programs fetched, until the event they belong to is converted. */

interface FetchedText {
  readonly number: number;
  readonly argument: number;
  readonly timeNs: number;
  /** Undefined: taken. */
  text: Uint8Array | undefined;
}

export interface TextKey {
  readonly tid: number;
  /** Of the system call. */
  readonly number: number;
  /** Index among the call's arguments. */
  readonly argument: number;
}

/** Texts of events that are not recorded are forgotten when as many others have come, twice. */
const generationTexts = 100_000;

/**
 * By thread, in the order of time. A thread makes one system call after the other, and its text is fetched before its event is recorded:
 * the newest text of the thread that is not newer than the event is the event's.
 */
export class TextStore {
  #young = new Map<number, FetchedText[]>();
  #old = new Map<number, FetchedText[]>();
  #youngTexts = 0;

  add({ tid, number, argument }: TextKey, timeNs: number, text: Uint8Array): void {
    if (this.#youngTexts === generationTexts) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngTexts = 0;
    }
    this.#youngTexts++;
    const fetched = { number, argument, timeNs, text };
    const ofThread = this.#young.get(tid);
    if (ofThread === undefined) this.#young.set(tid, [fetched]);
    else insert(ofThread, fetched);
  }

  /**
   * The text of an event at `timeNs`; it is given once.
   * @param maxGapNs - A text that was fetched longer before is not the event's.
   */
  take(key: TextKey, timeNs: number, maxGapNs: number): Uint8Array | undefined {
    return (
      takeFrom(this.#young, key, timeNs, maxGapNs) ?? takeFrom(this.#old, key, timeNs, maxGapNs)
    );
  }
}

/** What is fetched at the exit of a call comes late: a little before the end. */
function insert(texts: FetchedText[], fetched: FetchedText): void {
  const last = texts.at(-1);
  if (last === undefined || last.timeNs <= fetched.timeNs) texts.push(fetched);
  else texts.splice(endOfUntil(texts, fetched.timeNs), 0, fetched);
}

function takeFrom(
  texts: Map<number, FetchedText[]>,
  { tid, number, argument }: TextKey,
  timeNs: number,
  maxGapNs: number,
): Uint8Array | undefined {
  const ofThread = texts.get(tid);
  if (ofThread === undefined) return undefined;
  for (let i = endOfUntil(ofThread, timeNs) - 1; i >= 0; i--) {
    const fetched = ofThread[i]!;
    if (fetched.timeNs < timeNs - maxGapNs) return undefined;
    if (fetched.number !== number || fetched.argument !== argument) continue;
    // One that is taken was an earlier event's: those before it are even older.
    const { text } = fetched;
    fetched.text = undefined;
    return text;
  }
  return undefined;
}

/** Index behind the last text that is not newer. */
function endOfUntil(texts: readonly FetchedText[], timeNs: number): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (texts[middle]!.timeNs <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
