/** What generated encoders call. Every function returns the position after what it wrote. */
import { DecodeError } from '@sonde/base';
import { maxComputedElements } from '../layout/record-plan.ts';
import type { RecordState } from '../layout/record-state.ts';
import { writeSocketAddress } from './socket-address.ts';

/** Where bytes of the current record are, found by `locate`: one record is encoded at a time. */
const found = { offset: 0, length: 0 };

/**
 * Finds the bytes that the location word of a `__data_loc` or `__rel_loc` field names.
 * @throws DecodeError when they are not within the record
 */
function locate(word: number, at: number, fromBytes: number, recordBytes: number): void {
  const offset = (word & 0xffff) + fromBytes;
  const length = word >>> 16;
  if (length > 0 && offset + length > recordBytes) {
    throw new DecodeError(
      'array-beyond-record',
      `An array of ${length} bytes at byte ${offset} goes beyond its record of ${recordBytes} bytes.`,
      { offsetBits: at * 8 },
    );
  }
  found.offset = at + offset;
  found.length = length;
}

export function copyBytes(
  from: DataView,
  at: number,
  to: DataView,
  position: number,
  lengthBytes: number,
): number {
  let i = 0;
  // The machine's own order, most likely: no bytes are swapped then.
  for (; i + 4 <= lengthBytes; i += 4) to.setInt32(position + i, from.getInt32(at + i, true), true);
  for (; i < lengthBytes; i++) to.setUint8(position + i, from.getUint8(at + i));
  return position + lengthBytes;
}

/** The bytes up to the first zero, and a zero. */
function copyString(
  from: DataView,
  at: number,
  to: DataView,
  position: number,
  lengthBytes: number,
): number {
  for (let i = 0; i < lengthBytes; i++) {
    const byte = from.getUint8(at + i);
    if (byte === 0) {
      to.setUint8(position + i, 0);
      return position + i + 1;
    }
    to.setUint8(position + i, byte);
  }
  to.setUint8(position + lengthBytes, 0);
  return position + lengthBytes + 1;
}

/** The bytes up to the first zero, and zeros up to the fixed length. */
function copyText(
  from: DataView,
  at: number,
  to: DataView,
  position: number,
  lengthBytes: number,
  textBytes: number,
): number {
  const limit = Math.min(lengthBytes, textBytes);
  let i = 0;
  for (; i < limit; i++) {
    const byte = from.getUint8(at + i);
    if (byte === 0) break;
    to.setUint8(position + i, byte);
  }
  for (; i < textBytes; i++) to.setUint8(position + i, 0);
  return position + textBytes;
}

/** Longest text in user memory that is taken (bytes): `PATH_MAX`. */
export const maxUserStringBytes = 4096;

function writeUserString(
  state: RecordState,
  eventName: string,
  argument: string,
  to: DataView,
  position: number,
): number {
  const text = state.userStrings?.textOf(state, eventName, argument);
  let end = position;
  if (text !== undefined) {
    const length = Math.min(text.length, maxUserStringBytes - 1);
    for (let i = 0; i < length; i++) {
      const byte = text[i]!;
      if (byte === 0) break;
      to.setUint8(end++, byte);
    }
  }
  to.setUint8(end, 0);
  return end + 1;
}

/** Only texts and addresses that a pointer points to are asked for. */
function writeUserAddress(
  state: RecordState,
  eventName: string,
  hasPointer: boolean,
  to: DataView,
  position: number,
): number {
  const address = hasPointer ? state.userStrings?.addressOf(state, eventName) : undefined;
  return writeSocketAddress(address, to, position, state.littleEndian);
}

export const computedElements = new Int32Array(maxComputedElements);

/** The argument `r` of generated encoders. */
export const encoderRuntime = {
  found,
  locate,
  copyBytes,
  copyString,
  copyText,
  writeUserString,
  writeUserAddress,
  computedElements,
};
