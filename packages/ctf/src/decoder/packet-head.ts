import type { DecodeError } from '@sonde/base';
import type {
  ByteOrder,
  DataStreamClass,
  FieldClass,
  IntegerFieldClass,
  Role,
  StructureFieldClass,
  TraceClass,
} from '@sonde/trace-model';
import { updateClock } from './clock-update.ts';
import { DecodeRun, type DecodeSource } from './decode-state.ts';
import type { FieldVisitor } from './field-visitor.ts';
import { scopeReader } from './visit-scope.ts';

/** What packet header and packet context say. Lengths and offsets are from the beginning of the packet. */
export interface PacketHead {
  readonly dataStreamClass: DataStreamClass;
  readonly dataStreamId?: bigint;
  /** Undefined: the packet extends to the end of the data. When only one length is given, both are it. */
  readonly totalLengthBits?: number;
  readonly contentLengthBits?: number;
  /**
   * The content length can't be true. The packet then counts as one of unknown length: its records are worth reading, but the fault
   * is to be reported after them.
   */
  readonly lengthFault?: DecodeError;
  /** Value of the default clock after the packet context, if that has a timestamp. */
  readonly beginCycles?: bigint;
  /** As it stands in the packet. */
  readonly endCycles?: bigint;
  readonly discardedEventCounter?: bigint;
  /** Width of the counter (bits), for its wrap. */
  readonly discardedEventCounterBits?: number;
  readonly sequenceNumber?: bigint;
  /** The packet header names another metadata stream. */
  readonly uuidDiffers?: boolean;
  /** First bit after the packet header, not yet aligned. */
  readonly packetContextOffsetBits: number;
  /** First bit after the packet context: where the first event record begins, before its alignment. */
  readonly recordsOffsetBits: number;
  /** Byte order of the last bit array: the first record must go on with it when it begins within a byte. */
  readonly lastByteOrder?: ByteOrder;
  /** Values of key fields in header and context, by slot. */
  readonly keys: readonly (number | bigint)[];
}

export interface PacketHeadOptions {
  /** For error messages. */
  readonly streamName: string;
  readonly packetIndex: number;
  /** Value of the default clock before this packet. Default: 0. */
  readonly clockCycles?: bigint;
}

/**
 * Decodes packet header and packet context of the packet at the beginning of `bytes`.
 * @param availableBits - How much of the packet, at most, is in `bytes`.
 * @throws DecodeError, codes `bad-magic-number`, `unknown-data-stream-class`,
 * `packet-total-length-not-in-bytes`, `packet-content-beyond-total`, and those of fields; `beyond-data`
 * when more than `availableBits` would be needed.
 */
export function decodePacketHead(
  traceClass: TraceClass,
  bytes: Uint8Array,
  view: DataView,
  availableBits: number,
  options: PacketHeadOptions,
): PacketHead {
  const run = new DecodeRun(headSource(bytes, view, availableBits, options));
  const visitor = new HeadVisitor(traceClass, run, options.clockCycles ?? 0n);
  const packetContextOffsetBits = decodeRoot(traceClass.packetHeader, run, 0, visitor);
  const dataStreamClass = selectDataStreamClass(traceClass, visitor, run, packetContextOffsetBits);
  const { packetContext } = dataStreamClass;
  const recordsOffsetBits = decodeRoot(packetContext, run, packetContextOffsetBits, visitor);
  const lengths = checkLengths(visitor, run, recordsOffsetBits);
  const dataStreamId = visitor.valueOf('data-stream-id');
  const endCycles = visitor.valueOf('packet-end-default-clock-timestamp');
  const discardedEventCounter = visitor.valueOf('discarded-event-record-counter-snapshot');
  const sequenceNumber = visitor.valueOf('packet-sequence-number');
  return {
    dataStreamClass,
    ...(dataStreamId !== undefined && { dataStreamId }),
    ...lengths,
    ...(visitor.hasTimestamp && { beginCycles: visitor.clockCycles }),
    ...(endCycles !== undefined && { endCycles }),
    ...(discardedEventCounter !== undefined && {
      discardedEventCounter,
      discardedEventCounterBits: visitor.discardedEventCounterBits,
    }),
    ...(sequenceNumber !== undefined && { sequenceNumber }),
    ...(visitor.uuidDiffers && { uuidDiffers: true }),
    packetContextOffsetBits,
    recordsOffsetBits,
    ...(run.lastByteOrder !== undefined && { lastByteOrder: run.lastByteOrder }),
    keys: run.keys,
  };
}

function headSource(
  bytes: Uint8Array,
  view: DataView,
  availableBits: number,
  options: PacketHeadOptions,
): DecodeSource {
  return {
    bytes,
    view,
    contentEndBits: availableBits,
    keys: [],
    stream: { name: options.streamName },
    packet: { index: options.packetIndex },
    contentIsOpenEnded: true,
  };
}

function decodeRoot(
  fieldClass: StructureFieldClass | undefined,
  run: DecodeRun,
  offsetBits: number,
  visitor: FieldVisitor,
): number {
  return fieldClass === undefined ? offsetBits : scopeReader(fieldClass)(run, offsetBits, visitor);
}

function selectDataStreamClass(
  traceClass: TraceClass,
  visitor: HeadVisitor,
  run: DecodeRun,
  offsetBits: number,
): DataStreamClass {
  const { dataStreamClasses } = traceClass;
  const id = visitor.valueOf('data-stream-class-id');
  const selected =
    id === undefined && dataStreamClasses.size === 1
      ? dataStreamClasses.values().next().value
      : dataStreamClasses.get(id ?? 0n);
  if (selected === undefined) {
    const message =
      dataStreamClasses.size === 0
        ? 'The metadata has no data stream class.'
        : `No data stream class has the ID ${id ?? 0n}.`;
    run.fail('unknown-data-stream-class', message, offsetBits);
  }
  return selected;
}

function checkLengths(
  visitor: HeadVisitor,
  run: DecodeRun,
  offsetBits: number,
): Pick<PacketHead, 'totalLengthBits' | 'contentLengthBits' | 'lengthFault'> {
  const givenTotal = visitor.valueOf('packet-total-length');
  const givenContent = visitor.valueOf('packet-content-length');
  const total = givenTotal ?? givenContent;
  const content = givenContent ?? givenTotal;
  if (total === undefined || content === undefined) return {};
  if (total % 8n !== 0n) {
    run.fail(
      'packet-total-length-not-in-bytes',
      `The total length of the packet (${total} bits) isn't a multiple of 8 bits.`,
      offsetBits,
    );
  }
  if (content > total) {
    run.fail(
      'packet-content-beyond-total',
      `The content length of the packet (${content} bits) is greater than its total length (${total} bits).`,
      offsetBits,
    );
  }
  if (content < offsetBits) {
    const message = `The content length of the packet (${content} bits) is less than its header and context (${offsetBits} bits).`;
    return { lengthFault: run.fault('packet-content-too-short', message, offsetBits) };
  }
  return { totalLengthBits: Number(total), contentLengthBits: Number(content) };
}

/**
 * The second has its bytes swapped: metadata with the wrong byte order for this one field. Babeltrace reads such traces. Any other
 * number means that these bytes are no packet.
 */
const packetMagics: readonly unknown[] = [0xc1fc1fc1, 0xc11ffcc1];

/** Collects the values of fields with roles. */
class HeadVisitor implements FieldVisitor {
  clockCycles: bigint;
  hasTimestamp = false;
  discardedEventCounterBits = 0;
  readonly #values = new Map<Role, bigint>();
  readonly #traceClass: TraceClass;
  readonly #run: DecodeRun;
  #uuid: Uint8Array | undefined;
  /** Values of the elements of an array with the UUID role, which is being read. */
  #elements: number[] | undefined;

  constructor(traceClass: TraceClass, run: DecodeRun, clockCycles: bigint) {
    this.#traceClass = traceClass;
    this.#run = run;
    this.clockCycles = clockCycles;
  }

  valueOf(role: Role): bigint | undefined {
    return this.#values.get(role);
  }

  integer(fc: IntegerFieldClass, value: number | bigint, lengthBits: number): void {
    if (this.#elements !== undefined) this.#elements.push(Number(value));
    if (fc.roles === undefined) return;
    for (const role of fc.roles) {
      this.#values.set(role, BigInt(value));
      if (role === 'default-clock-timestamp') {
        this.hasTimestamp = true;
        this.clockCycles = updateClock(this.clockCycles, BigInt(value), lengthBits);
      } else if (role === 'discarded-event-record-counter-snapshot') {
        this.discardedEventCounterBits = lengthBits;
      } else if (role === 'packet-magic-number' && !packetMagics.includes(value)) {
        // At once: what follows a wrong magic number is mostly nonsense. The field is always the first one.
        const message = `The magic number of the packet is 0x${value.toString(16)}, not 0xc1fc1fc1.`;
        this.#run.fail('bad-magic-number', message, 0);
      }
    }
  }

  blob(fc: FieldClass, bytes: Uint8Array, begin: number, end: number): void {
    if (fc.type === 'static-length-blob' && fc.roles?.includes('metadata-stream-uuid')) {
      this.#uuid = bytes.slice(begin, end);
    }
  }

  beginArray(fc: FieldClass): void {
    if (fc.type === 'static-length-array' && fc.roles?.includes('metadata-stream-uuid')) {
      this.#elements = [];
    }
  }

  endArray(fc: FieldClass): void {
    if (this.#elements === undefined || fc.type !== 'static-length-array') return;
    if (fc.roles?.includes('metadata-stream-uuid')) {
      this.#uuid = Uint8Array.from(this.#elements);
      this.#elements = undefined;
    }
  }

  /** Whether the packet names another metadata stream than the one it is read with: real traces do, and are read all the same. */
  get uuidDiffers(): boolean {
    const expected = this.#traceClass.metadataStreamUuid;
    const found = this.#uuid;
    if (expected === undefined || found === undefined) return false;
    return found.length !== expected.length || found.some((byte, i) => byte !== expected[i]);
  }
}
