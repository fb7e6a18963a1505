import type { DataStreamClass, IntegerFieldClass, RecordCursor } from '@sonde/trace-model';
import { walkBody } from '../decoder/body-walk.ts';
import { updateClock } from '../decoder/clock-update.ts';
import type { DecodeRun, DecodeSource } from '../decoder/decode-state.ts';
import type { FieldVisitor } from '../decoder/field-visitor.ts';
import { scopeReader } from '../decoder/visit-scope.ts';

/** Value of a clock without bigint: `high + low`, unsigned 64 bits; `high` is a multiple of 2^32, 0 ≤ `low` < 2^32. */
export interface ClockState {
  clockHigh: number;
  clockLow: number;
}

export function cyclesOf(clock: ClockState): bigint {
  return BigInt(clock.clockHigh) + BigInt(clock.clockLow);
}

export function setCycles(clock: ClockState, cycles: bigint): void {
  clock.clockLow = Number(cycles & 0xffff_ffffn);
  clock.clockHigh = Number(cycles >> 32n) * 2 ** 32;
}

/** Where `RecordHeaderReader` finds the bytes and leaves the clock. */
export interface HeaderCursor extends DecodeSource, ClockState {}

/**
 * Decodes event record headers of one data stream class with closures: any header, not fast. Also finds clock updates in the
 * bodies.
 */
export class RecordHeaderReader {
  /** The last `event-record-class-id` of the header, as a number where exact. Undefined: the header has none. */
  classId: number | bigint | undefined;
  readonly #dataStreamClass: DataStreamClass;
  readonly #visitor: FieldVisitor;
  #clock: ClockState = { clockHigh: 0, clockLow: 0 };

  constructor(dataStreamClass: DataStreamClass) {
    this.#dataStreamClass = dataStreamClass;
    this.#visitor = { integer: (fc, value, lengthBits) => this.#integer(fc, value, lengthBits) };
  }

  /** Decodes the header at `offsetBits`: sets `classId` and the cursor's clock. The run's end is the body's beginning. */
  readHeader(cursor: HeaderCursor, run: DecodeRun, offsetBits: number): number {
    this.classId = undefined;
    this.#clock = cursor;
    const { eventRecordHeader } = this.#dataStreamClass;
    if (eventRecordHeader === undefined) return offsetBits;
    return scopeReader(eventRecordHeader)(run, offsetBits, this.#visitor);
  }

  #integer(fc: IntegerFieldClass, value: number | bigint, lengthBits: number): void {
    if (fc.roles === undefined) return;
    for (const role of fc.roles) {
      if (role === 'event-record-class-id') {
        this.classId = value;
      } else if (role === 'default-clock-timestamp') {
        setCycles(this.#clock, updateClock(cyclesOf(this.#clock), BigInt(value), lengthBits));
      }
    }
  }

  /** Updates the cursor's clock with the timestamps in the body of its record (CTF 1.8 only). */
  readBodyTimestamps(cursor: HeaderCursor & RecordCursor): void {
    this.#clock = cursor;
    walkBody(cursor.eventRecordClass, cursor, this.#visitor);
  }
}
