import { assert, type DecodeError } from '@sonde/base';
import type { ByteSource } from '../byte-source.ts';

/** One packet of one file. */
export interface PacketEntry {
  readonly source: ByteSource;
  readonly offsetBytes: number;
  /** Total length, padding included, as far as the file has it. */
  readonly lengthBytes: number;
  /** What has to be read of it. */
  readonly contentBytes: number;
  /** Undefined: the stream's packets have no such times. Corrected for the known defects of tracers. */
  readonly beginCycles?: bigint | undefined;
  readonly endCycles?: bigint | undefined;
  readonly sequenceNumber?: bigint | undefined;
  /** At the end of the packet. */
  readonly discardedEventCounter?: bigint | undefined;
  /** Why it can't be read. What precedes it can; nothing is known of what follows in its file. */
  readonly fault?: DecodeError | undefined;
}

const has = { begin: 1, end: 2, sequenceNumber: 4, discardedEventCounter: 8 } as const;

const firstCapacity = 16;
/** Of a packet that can't be read: nothing is before it. */
const noEnd = 0xffff_ffff_ffff_ffffn;

/** Collects packets: the columns of a `PacketIndex`, growing. */
export class PacketIndexBuilder {
  length = 0;
  readonly sources: ByteSource[] = [];
  readonly faults = new Map<number, DecodeError>();
  source = new Uint32Array(firstCapacity); // index in sources
  offsetBytes = new Float64Array(firstCapacity);
  lengthBytes = new Float64Array(firstCapacity);
  contentBytes = new Float64Array(firstCapacity);
  begin = new BigUint64Array(firstCapacity); // cycles
  end = new BigUint64Array(firstCapacity); // cycles
  sequenceNumber = new BigUint64Array(firstCapacity);
  discardedEventCounter = new BigUint64Array(firstCapacity);
  known = new Uint8Array(firstCapacity); // bits of `has`

  add(packet: PacketEntry): void {
    if (this.length === this.known.length) this.#resize(this.length * 2);
    const i = this.length++;
    if (this.sources.at(-1) !== packet.source) this.sources.push(packet.source);
    this.source[i] = this.sources.length - 1;
    this.offsetBytes[i] = packet.offsetBytes;
    this.lengthBytes[i] = packet.lengthBytes;
    this.contentBytes[i] = packet.contentBytes;
    const { beginCycles, endCycles, sequenceNumber, discardedEventCounter } = packet;
    if (beginCycles !== undefined) {
      this.begin[i] = beginCycles;
      this.known[i]! |= has.begin;
    }
    if (endCycles !== undefined) {
      this.end[i] = endCycles;
      this.known[i]! |= has.end;
    }
    if (sequenceNumber !== undefined) {
      this.sequenceNumber[i] = sequenceNumber;
      this.known[i]! |= has.sequenceNumber;
    }
    if (discardedEventCounter !== undefined) {
      this.discardedEventCounter[i] = discardedEventCounter;
      this.known[i]! |= has.discardedEventCounter;
    }
    if (packet.fault !== undefined) {
      this.faults.set(i, packet.fault);
      this.end[i] = noEnd;
    }
  }

  /** The builder is not used afterwards. */
  finish(): PacketIndex {
    this.#resize(this.length);
    return new PacketIndex(this);
  }

  #resize(capacity: number): void {
    this.source = resized(this.source, new Uint32Array(capacity));
    this.offsetBytes = resized(this.offsetBytes, new Float64Array(capacity));
    this.lengthBytes = resized(this.lengthBytes, new Float64Array(capacity));
    this.contentBytes = resized(this.contentBytes, new Float64Array(capacity));
    this.begin = resized(this.begin, new BigUint64Array(capacity));
    this.end = resized(this.end, new BigUint64Array(capacity));
    this.sequenceNumber = resized(this.sequenceNumber, new BigUint64Array(capacity));
    this.discardedEventCounter = resized(this.discardedEventCounter, new BigUint64Array(capacity));
    this.known = resized(this.known, new Uint8Array(capacity));
  }
}

interface Settable<Column> {
  readonly length: number;
  subarray(begin: number, end: number): Column;
  set(values: Column): void;
}

function resized<Column extends Settable<Column>>(from: Column, to: Column): Column {
  to.set(from.subarray(0, Math.min(from.length, to.length)));
  return to;
}

/** The packets of one data stream, in time order: some 60 bytes a packet, whatever their number. */
export class PacketIndex implements Iterable<PacketEntry> {
  readonly #columns: PacketIndexBuilder;
  #hasEnds = true;
  #endsAreSorted = true;
  #lastEndIsUncertain = false;

  constructor(columns: PacketIndexBuilder) {
    this.#columns = columns;
    this.#checkEnds();
  }

  get length(): number {
    return this.#columns.length;
  }

  /** Each file that holds packets, once or more. */
  get sources(): readonly ByteSource[] {
    return this.#columns.sources;
  }

  /** Of all packets, padding included. */
  get totalBytes(): number {
    return this.#columns.lengthBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Whether all packets that can be read have end times. */
  get hasEnds(): boolean {
    return this.#hasEnds;
  }

  /** The last packet may have events after its `endCycles` (see `TracerQuirks`). */
  get lastEndIsUncertain(): boolean {
    return this.#lastEndIsUncertain;
  }

  /** The packet with that number, from the end when it is negative. */
  at(index: number): PacketEntry | undefined {
    const c = this.#columns;
    const i = index < 0 ? index + c.length : index;
    if (i < 0 || i >= c.length) return undefined;
    const known = c.known[i]!;
    const source = c.sources[c.source[i]!];
    assert(source !== undefined, 'a packet has a source');
    return {
      source,
      offsetBytes: c.offsetBytes[i]!,
      lengthBytes: c.lengthBytes[i]!,
      contentBytes: c.contentBytes[i]!,
      beginCycles: known & has.begin ? c.begin[i] : undefined,
      endCycles: known & has.end ? c.end[i] : undefined,
      sequenceNumber: known & has.sequenceNumber ? c.sequenceNumber[i] : undefined,
      discardedEventCounter:
        known & has.discardedEventCounter ? c.discardedEventCounter[i] : undefined,
      fault: c.faults.get(i),
    };
  }

  *[Symbol.iterator](): Iterator<PacketEntry> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }

  /**
   * The first packet that may hold something at or after `cycles`; `length`: none. All packets must have ends. Binary search, unless
   * the clock went backward between packets.
   */
  firstEndingAt(cycles: bigint): number {
    const { end, length } = this.#columns;
    let low = 0;
    if (this.#endsAreSorted) {
      let high = length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (end[middle]! < cycles) low = middle + 1;
        else high = middle;
      }
    } else {
      while (low < length && end[low]! < cycles) low++;
    }
    return this.#lastEndIsUncertain && low === length ? length - 1 : low;
  }

  /** Order by begin; an empty packet may begin with the one after it. Faults come last. 0: the same packet, in two files perhaps. */
  compare(i: number, j: number): number {
    const c = this.#columns;
    const [isFaultI, isFaultJ] = [c.faults.has(i), c.faults.has(j)];
    if (isFaultI || isFaultJ) return isFaultI && isFaultJ ? i - j : isFaultI ? 1 : -1;
    return (
      order(c.begin[i]!, c.begin[j]!) ||
      order(c.sequenceNumber[i]!, c.sequenceNumber[j]!) ||
      order(c.end[i]!, c.end[j]!) ||
      c.lengthBytes[i]! - c.lengthBytes[j]!
    );
  }

  /**
   * Puts right what tracers are known to write wrong. For whoever made the index, before others see it.
   * @param correct - Gives the end of a packet from its begin, its end and the begin of the next one, which the last one has not.
   */
  correctEnds(
    correct: (begin: bigint, end: bigint, next: bigint | undefined) => bigint,
    lastEndIsUncertain: boolean,
  ): void {
    const { begin, end, known, length } = this.#columns;
    for (let i = 0; i < length; i++) {
      if ((known[i]! & has.end) === 0) continue;
      const next = i + 1 < length && (known[i + 1]! & has.begin) !== 0 ? begin[i + 1] : undefined;
      end[i] = correct(begin[i]!, end[i]!, next);
    }
    this.#lastEndIsUncertain = lastEndIsUncertain;
    this.#checkEnds();
  }

  #checkEnds(): void {
    const { end, known, faults, length } = this.#columns;
    this.#hasEnds = true;
    this.#endsAreSorted = true;
    for (let i = 0; i < length; i++) {
      if ((known[i]! & has.end) === 0 && !faults.has(i)) this.#hasEnds = false;
      if (i > 0 && end[i]! < end[i - 1]!) this.#endsAreSorted = false;
    }
  }
}

function order(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
