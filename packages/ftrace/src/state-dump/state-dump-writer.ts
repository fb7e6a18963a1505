import { assert } from '@sonde/base';
import { type PacketOutput, PacketWriter } from '../convert/packet-writer.ts';
import { type KernelTraceLayout, stateDumpStreamId } from '../layout/kernel-trace-layout.ts';
import {
  type StateDumpEventName,
  type StateDumpField,
  stateDumpFields,
  stateDumpIds,
} from './state-dump-events.ts';

/** Integers may be numbers or bigints. Absent: 0, or an empty text. */
export type StateDumpValues = Readonly<Record<string, number | bigint | string>>;

const encoder = new TextEncoder();
const maxTextBytes = 4096;

/** Writes the events of the state dump: a data stream of its own, so that nobody has to wait for anybody. */
export class StateDumpWriter {
  readonly #packets: PacketWriter;
  readonly #littleEndian: boolean;

  /** @param beginCycles - When the stream begins; undefined: with its first event. */
  constructor(layout: KernelTraceLayout, output: PacketOutput, beginCycles?: bigint) {
    this.#littleEndian = layout.pageFormat.byteOrder === 'little-endian';
    this.#packets = new PacketWriter(
      { dataStreamClassId: stateDumpStreamId, dataStreamId: 0, cpuId: 0 },
      output,
      {
        uuid: layout.uuid,
        headerKind: layout.stateDumpHeaderKind,
        littleEndian: this.#littleEndian,
        ...(beginCycles !== undefined && { beginCycles }),
      },
    );
  }

  /** @param timeCycles - Of the trace's clock; not before that of the last event. */
  write(name: StateDumpEventName, timeCycles: bigint, values: StateDumpValues = {}): void {
    const id = stateDumpIds.get(name);
    assert(id !== undefined, `an event of the state dump: ${name}`);
    const fields = stateDumpFields[id]!;
    const time = BigInt.asUintN(64, timeCycles);
    const bodyBytes = fields.length * 8 + fields.filter(isText).length * maxTextBytes;
    const low = Number(time & 0xffff_ffffn) | 0;
    let position = this.#packets.begin(id, low, Number(time >> 32n) | 0, bodyBytes);
    for (const field of fields) position = this.#writeField(field, values[field.name], position);
    this.#packets.finish(position);
  }

  /**
   * Ends the packet.
   * @param endCycles - Of the end of the recording: the stream lasts as long, though nothing more is to be told.
   */
  flush(endCycles?: bigint): void {
    if (endCycles === undefined) this.#packets.flush();
    else this.#packets.end(Number(endCycles & 0xffff_ffffn) | 0, Number(endCycles >> 32n) | 0);
  }

  #writeField(
    { type }: StateDumpField,
    value: number | bigint | string | undefined,
    position: number,
  ): number {
    const { view } = this.#packets;
    if (type.kind === 'integer') {
      const number = BigInt(value ?? 0);
      const le = this.#littleEndian;
      switch (type.shape.lengthBits) {
        case 8:
          view.setUint8(position, Number(BigInt.asUintN(8, number)));
          return position + 1;
        case 16:
          view.setUint16(position, Number(BigInt.asUintN(16, number)), le);
          return position + 2;
        case 32:
          view.setUint32(position, Number(BigInt.asUintN(32, number)), le);
          return position + 4;
        default:
          view.setBigUint64(position, BigInt.asUintN(64, number), le);
          return position + 8;
      }
    }
    const bytes = encoder.encode(String(value ?? '')).subarray(0, maxTextBytes - 1);
    const isFixed = type.kind === 'text';
    const length = isFixed ? Math.min(bytes.length, type.lengthBytes) : bytes.length;
    for (let i = 0; i < length; i++) view.setUint8(position + i, bytes[i]!);
    const end = isFixed ? type.lengthBytes : length + 1;
    for (let i = length; i < end; i++) view.setUint8(position + i, 0);
    return position + end;
  }
}

function isText({ type }: StateDumpField): boolean {
  return type.kind !== 'integer';
}
