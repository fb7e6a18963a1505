import {
  alignmentBitsOf,
  bodyScopes,
  type DataStream,
  type DataStreamClass,
  type EventHandler,
  type EventRecordClass,
  type Packet,
  type RecordCursor,
  type Scope,
  type StructureFieldClass,
  type StructureMember,
  scopeFieldClass,
  type TraceClass,
} from '@sonde/trace-model';
import { isReversed } from '../decoder/bits.ts';
import { walkBody } from '../decoder/body-walk.ts';
import { defaultBackEnd } from '../decoder/compile-walk.ts';
import type { BackEnd } from '../decoder/contract.ts';
import type { FieldVisitor } from '../decoder/field-visitor.ts';
import { visitScope } from '../decoder/visit-scope.ts';
import { BitWriter } from './bit-writer.ts';
import { type ClassMap, CopyVisitor, encodeValue, type PlainValue } from './field-encoder.ts';
import {
  keptHeaderMembers,
  type PacketFacts,
  packetFactsOf,
  plainMembers,
  rolesOf,
} from './output-classes.ts';
import { bodyCopier } from './record-copier.ts';

const packetMagic = 0xc1fc1fc1;

/** Times and counters of a packet that are known when it ends. */
export interface PacketEnd {
  readonly endCycles?: bigint;
}

/** Byte offsets, in the packet under construction, of fields that are known at its end; -1: the class has none. */
interface Patches {
  totalLength: number;
  contentLength: number;
  end: number;
  discarded: number;
}

/**
 * Writes the packets of one data stream, in the class that `outputTraceClass` makes. Events are copied from decoded records or given as
 * plain values. Each finished packet goes to `write` at once.
 */
export class DataStreamWriter {
  readonly #stream: DataStream;
  readonly #target: DataStreamClass;
  readonly #facts: PacketFacts;
  readonly #out = new BitWriter();
  readonly #copy: CopyVisitor;
  readonly #pairs: ClassMap;
  readonly #uuid: Uint8Array | undefined;
  readonly #write: (packet: Uint8Array) => void;
  readonly #patches: Patches = { totalLength: -1, contentLength: -1, end: -1, discarded: -1 };
  #discardedEvents = 0n;
  #sequenceNumber = 0n;
  #isOpen = false;

  /**
   * @param traceClass - As written: from `outputTraceClass`, perhaps through `toCtf1`.
   * @param pairs - From the source's field classes to those of `traceClass`.
   * @param write - Gets the bytes of each packet; they are valid during the call.
   */
  constructor(
    stream: DataStream,
    traceClass: TraceClass,
    pairs: ClassMap,
    write: (packet: Uint8Array) => void,
  ) {
    this.#stream = stream;
    this.#target = traceClass.dataStreamClasses.get(stream.dataStreamClass.id)!;
    this.#facts = packetFactsOf(this.#target);
    this.#copy = new CopyVisitor(this.#out, pairs);
    this.#pairs = pairs;
    this.#uuid = traceClass.metadataStreamUuid;
    this.#write = write;
  }

  /** Packets that the source lost before the next one. */
  skipPackets(count: bigint): void {
    this.#sequenceNumber += count;
  }

  /** Events that were discarded until the end of the current packet. */
  addDiscardedEvents(count: bigint): void {
    this.#discardedEvents += count;
  }

  /** Starts a packet. `cursor` gives the other fields of the packet context. */
  beginPacket(packet: Packet, cursor: RecordCursor): void {
    const beginCycles = packet.begin?.cycles ?? 0n;
    const { traceClass, packetContext } = this.#stream.dataStreamClass;
    this.#beginHeader(beginCycles);
    this.#copyMembers(traceClass.packetHeader, keptHeaderMembers, cursor, 0);
    this.#beginContext(beginCycles);
    this.#copyMembers(packetContext, plainMembers, cursor, cursor.packetContextOffsetBits);
  }

  /** Copies some root members of a scope that begins at `offsetBits`. */
  #copyMembers(
    root: StructureFieldClass | undefined,
    choose: (root: StructureFieldClass) => readonly StructureMember[],
    cursor: RecordCursor,
    offsetBits: number,
  ): void {
    if (root === undefined) return;
    const members = choose(root);
    if (members.length > 0) visitScope(root, cursor, offsetBits, membersOnly(this.#copy, members));
  }

  /** Starts a packet; `context` has the values of the members of the packet context that are not ours. */
  beginPacketWith(beginCycles: bigint, context: PlainValue): void {
    this.#beginHeader(beginCycles);
    this.#beginContext(beginCycles);
    const { packetContext } = this.#target;
    if (packetContext === undefined) return;
    const members = packetContext.members.filter((m) => rolesOf(m.fieldClass).size === 0);
    encodeValue(this.#out, { ...packetContext, members }, context, []);
  }

  /**
   * Makes the handler that copies records of the class: as they are where they are laid out as before, else field by field. When it
   * throws a DecodeError, nothing was written of the record.
   */
  eventCopier(
    eventRecordClass: EventRecordClass,
    backEnd: BackEnd = defaultBackEnd(),
  ): EventHandler {
    const out = this.#out;
    const { eventRecordHeader } = this.#stream.dataStreamClass;
    const keepsHeader = keptHeaderMembers(eventRecordHeader).length > 0;
    const copyBody = bodyCopier(eventRecordClass, out, this.#pairs, backEnd);
    const beginCopy = this.#recordBeginner(eventRecordClass);
    return (cursor) => {
      const { offsetBits } = out;
      try {
        beginCopy(cursor);
        if (keepsHeader) {
          const begin = cursor.recordOffsetBits ?? 0;
          this.#copyMembers(eventRecordHeader, keptHeaderMembers, cursor, begin);
        }
        const endBits = copyBody === undefined ? -1 : copyBody(cursor);
        return endBits >= 0 ? endBits : this.#copyFields(eventRecordClass, cursor);
      } catch (error) {
        out.rewind(offsetBits);
        throw error;
      }
    };
  }

  /** What writes the header for a copy of the cursor's record. */
  #recordBeginner(eventRecordClass: EventRecordClass): (cursor: RecordCursor) => void {
    const out = this.#out;
    const [id, timestamp] = this.#target.eventRecordHeader!.members;
    const idClass = id?.fieldClass;
    const timeClass = timestamp?.fieldClass;
    const isPlain =
      this.#facts.hasTimestamps &&
      idClass?.type === 'fixed-length-unsigned-integer' &&
      timeClass?.type === 'fixed-length-unsigned-integer' &&
      timeClass.lengthBits === 64 &&
      timeClass.alignmentBits <= 8 &&
      !isReversed(timeClass);
    if (!isPlain) {
      return (cursor) => {
        this.#beginEvent(eventRecordClass, cursor.clockSnapshot()?.cycles ?? 0n);
      };
    }
    const alignmentBits = alignmentBitsOf(this.#target.eventRecordHeader!);
    const isLittle = timeClass.byteOrder === 'little-endian';
    const idValue = eventRecordClass.id < 2n ** 32n ? Number(eventRecordClass.id) : undefined;
    return (cursor) => {
      const { clockHigh, clockLow } = cursor;
      if (clockHigh === undefined || clockLow === undefined || idValue === undefined) {
        this.#beginEvent(eventRecordClass, cursor.clockSnapshot()?.cycles ?? 0n);
        return;
      }
      out.align(alignmentBits);
      out.integer(idValue, idClass);
      out.halves(clockHigh / 2 ** 32, clockLow, isLittle);
    };
  }

  /** @returns the end of the record in the source (bits) */
  #copyFields(eventRecordClass: EventRecordClass, cursor: RecordCursor): number {
    return walkBody(eventRecordClass, cursor, this.#copy).offsetBits;
  }

  /** Writes a record from plain values. */
  writeEvent(
    eventRecordClass: EventRecordClass,
    cycles: bigint,
    values: { readonly [S in Scope]?: PlainValue },
  ): void {
    this.#beginEvent(eventRecordClass, cycles);
    const keys: (number | bigint)[] = [];
    for (const scope of bodyScopes) {
      const fieldClass = scopeFieldClass(eventRecordClass, scope);
      if (fieldClass !== undefined) encodeValue(this.#out, fieldClass, values[scope], keys);
    }
  }

  /** Finishes the packet and hands it out. */
  endPacket(end: PacketEnd = {}): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const contentBits = this.#out.offsetBits;
    this.#out.align(8);
    const totalBits = this.#out.offsetBits;
    this.#patch(this.#patches.contentLength, BigInt(contentBits));
    this.#patch(this.#patches.totalLength, BigInt(totalBits));
    this.#patch(this.#patches.end, end.endCycles ?? 0n);
    this.#patch(this.#patches.discarded, this.#discardedEvents);
    this.#write(this.#out.bytes);
    this.#sequenceNumber++;
  }

  #patch(offsetBytes: number, value: bigint): void {
    if (offsetBytes >= 0) this.#out.patch64(offsetBytes, value, true);
  }

  /** Our part of the packet header. */
  #beginHeader(beginCycles: bigint): void {
    this.#out.reset();
    this.#isOpen = true;
    const { packetHeader } = this.#target.traceClass;
    if (packetHeader !== undefined) this.#roleMembers(packetHeader, beginCycles);
  }

  /** Our part of the packet context. */
  #beginContext(beginCycles: bigint): void {
    const { packetContext } = this.#target;
    if (packetContext !== undefined) this.#roleMembers(packetContext, beginCycles);
  }

  /** Members with roles come first in our classes; each is one field. */
  #roleMembers(root: StructureFieldClass, beginCycles: bigint): void {
    const out = this.#out;
    // Members that were kept may want more than ours.
    out.align(alignmentBitsOf(root));
    for (const { fieldClass } of root.members) {
      const [role] = rolesOf(fieldClass);
      if (role === undefined) break;
      if (fieldClass.type !== 'fixed-length-unsigned-integer') {
        out.raw(this.#uuid ?? new Uint8Array(16));
        continue;
      }
      out.align(fieldClass.alignmentBits);
      const at = out.offsetBits / 8;
      if (role === 'packet-total-length') this.#patches.totalLength = at;
      else if (role === 'packet-content-length') this.#patches.contentLength = at;
      else if (role === 'packet-end-default-clock-timestamp') this.#patches.end = at;
      else if (role === 'discarded-event-record-counter-snapshot') this.#patches.discarded = at;
      out.integer(this.#roleValue(role, beginCycles), fieldClass);
    }
  }

  #roleValue(role: string, beginCycles: bigint): number | bigint {
    switch (role) {
      case 'packet-magic-number':
        return packetMagic;
      case 'data-stream-class-id':
        return this.#target.id;
      case 'data-stream-id':
        return this.#stream.id;
      case 'default-clock-timestamp':
        return beginCycles;
      case 'packet-sequence-number':
        return this.#sequenceNumber;
      default:
        return 0;
    }
  }

  #beginEvent(eventRecordClass: EventRecordClass, cycles: bigint): void {
    const header = this.#target.eventRecordHeader!;
    const out = this.#out;
    out.align(alignmentBitsOf(header));
    const [id, timestamp] = header.members;
    if (id?.fieldClass.type === 'fixed-length-unsigned-integer') {
      out.integer(eventRecordClass.id, id.fieldClass);
    }
    if (
      this.#facts.hasTimestamps &&
      timestamp?.fieldClass.type === 'fixed-length-unsigned-integer'
    ) {
      out.integer(cycles, timestamp.fieldClass);
    }
  }
}

/** Calls the visitor for some root members only. */
function membersOnly(visitor: FieldVisitor, members: readonly StructureMember[]): FieldVisitor {
  const kept = new Set(members);
  let isKept = false;
  let depth = 0;
  const guard =
    <A extends unknown[]>(method: ((...args: A) => void) | undefined) =>
    (...args: A): void => {
      if (isKept) method?.apply(visitor, args);
    };
  return {
    integer: guard(visitor.integer),
    boolean: guard(visitor.boolean),
    bitArray: guard(visitor.bitArray),
    float: guard(visitor.float),
    string: guard(visitor.string),
    blob: guard(visitor.blob),
    beginStructure: (fc) => {
      if (depth++ > 0 && isKept) visitor.beginStructure?.(fc);
    },
    endStructure: () => {
      depth--;
    },
    beginArray: guard(visitor.beginArray),
    beginMember: (member) => {
      if (depth === 1) isKept = kept.has(member);
    },
  };
}
