/** Where the programs that fetch what system calls point to, and the recorder, meet. */
import type { BpfMap, RingBuffer } from '@sonde/ebpf';

/** A record in the ring: one text or address. What follows the head is the text, without terminator, or the address. */
export const contentsRecord = {
  tid: 0,
  number: 4,
  timeNs: 8,
  argument: 16,
  headBytes: 24,
} as const;
/** Longest text with its terminator: a power of two (bytes). */
export const maxTextBytes = 256;
/** Longest socket address: `struct sockaddr_storage` (bytes). */
export const maxAddressBytes = 128;
/** Of a record in the ring (bytes). */
export const maxRecordBytes = contentsRecord.headBytes + maxTextBytes;
/** Of addresses that the call gives, in the head: these have another number than those that it takes. */
export const givenArgument = 16;
/** In the argument of a head alone: there is nothing, or it could not be read (yet). */
export const absentBit = 0x100;

/** Where a system call may have a socket address. */
export interface AddressPlace {
  readonly argument: number;
  /**
   * The argument points to a `struct msghdr` with the address and its length. Else it points to the address, and the next argument is the
   * length, or points to it where the call gives the address.
   */
  readonly isMessage: boolean;
}

export const addressPlaces: readonly AddressPlace[] = [
  { argument: 1, isMessage: false },
  { argument: 4, isMessage: false },
  { argument: 1, isMessage: true },
];

function placeNumber({ argument, isMessage }: AddressPlace): number {
  return addressPlaces.findIndex((p) => p.argument === argument && p.isMessage === isMessage);
}

/** Bits of the map `wanted`, below its `toldShift`. */
export const wantedBit = {
  text: (argument: number): number => 1 << argument,
  takenAddress: (place: AddressPlace): number => 1 << (8 + placeNumber(place)),
  givenAddress: (place: AddressPlace): number => 1 << (16 + placeNumber(place)),
} as const;

/** Most calls with such an address have none: no record tells so, but the first one after a record with an address (`told`). */
export function isOftenAbsent(place: AddressPlace, which: 'taken' | 'given'): boolean {
  return place.isMessage || which === 'given';
}

/** From here on, `wanted` has the call's own bit among the `told` of a thread, if its address is often absent. */
export const toldShift = 32;

/** Value of the map `threads`. */
export const threadValue = {
  /** When the call began of which there is something still to be fetched. */
  timeNs: 0,
  /** What that is: bits of `wanted`. 0: nothing. */
  late: 8,
  /** Calls of which the last record had an address. */
  told: 16,
  /** Of the call. */
  number: 20,
  /** So much of the address that it gives fits where the call wants it (bytes). */
  roomBytes: 24,
  lengthBytes: 32,
} as const;

export interface ContentsMaps {
  /** Array by number of the system call: see `wantedBit`. */
  readonly wanted: BpfMap;
  /** By thread. */
  readonly threads: BpfMap;
  /** One value, of one word: texts for which the ring or `threads` had no room. */
  readonly lost: BpfMap;
  readonly ring: RingBuffer;
  /** Empty, but when the other one fills up: poll(2) tells of rings that have anything in them. */
  readonly alarm: RingBuffer;
  /** So much in the ring raises the alarm. */
  readonly alarmBytes: number;
}
