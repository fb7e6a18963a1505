/**
 * The programs that fetch what system calls point to. At the entry, memory that is not present can't be read (programs must not wait
 * for a page); the kernel itself brings it in when it executes the call, so what failed is fetched at the exit.
 */
import {
  Assembler,
  type BpfMap,
  type Register,
  type RingBuffer,
  ringAvailableData,
  ringNoWakeup,
} from '@sonde/ebpf';

/** Offsets in the x86-64 `struct pt_regs` (bytes): arguments of a system call, and its number. */
const argumentOffsets = [112, 104, 96, 56, 72, 64] as const;
const numberOffset = 120;

/** A record in the ring: one text or address. What follows the head is the text, without terminator, or the address. */
export const contentsRecord = {
  tid: 0,
  number: 4,
  timeNs: 8,
  argument: 16,
  headBytes: 24,
} as const;
/** Longest text with its terminator: a power of two (bytes). */
const maxTextBytes = 256;

/** Longest socket address: `struct sockaddr_storage` (bytes). */
const maxAddressBytes = 128;
/** Arguments that may be socket addresses, of any call; the argument behind is the length. */
const addressArguments = [1, 4] as const;
/** Of addresses that the call gives, in the head: these have another number than those that it takes. */
export const givenArgument = 16;
/** In the argument of a head alone: there is nothing, or it could not be read (yet). So every call that is wanted has its record. */
export const absentBit = 0x100;
/** Of a record in the ring (bytes). */
export const maxRecordBytes = contentsRecord.headBytes + maxTextBytes;

/** Bits of the map `wanted`. */
export const wantedBit = {
  text: (argument: number): number => 1 << argument,
  takenAddress: (argument: number): number => 1 << (8 + argument),
  givenAddress: (argument: number): number => 1 << (16 + argument),
} as const;
const givenAddresses = addressArguments.reduce((bits, i) => bits | wantedBit.givenAddress(i), 0);

/** Value of the map `late`: what is still to be fetched of a thread's system call. */
const late = { timeNs: 0, arguments: 8, valueBytes: 16 } as const;
export const lateValueBytes = late.valueBytes;

export interface ContentsMaps {
  /** Array by number of the system call: see `wantedBit`. */
  readonly wanted: BpfMap;
  /** By thread. */
  readonly late: BpfMap;
  /** One value, of one word: texts for which the ring had no room. */
  readonly lost: BpfMap;
  readonly ring: RingBuffer;
  /** Empty, but when the other one fills up: poll(2) tells of rings that have anything in them. */
  readonly alarm: RingBuffer;
  /** So much in the ring raises the alarm. */
  readonly alarmBytes: number;
}

/** The stack, from its top down: the text lies behind the head of its record. */
const textAt = -maxTextBytes;
const headAt = textAt - contentsRecord.headBytes;
const missingAt = headAt - 8;
const registerAt = missingAt - 8;
const keyAt = registerAt - 8;
const lateAt = keyAt - late.valueBytes;
const lengthAt = lateAt - 8;
const resultAt = lengthAt - 8;

/** Whether a record says that nothing could be read: the first attempt's does. */
type Absence = 'tells-absent' | 'is-silent';

/** Raw tracepoint `sys_enter`: r1 points to the address of the registers and the number. */
export function entryProgram(maps: ContentsMaps): Assembler {
  const code = new Assembler();
  code.load('r6', 'r1', 0, 'u64').load('r8', 'r1', 8, 'u64');
  code.store('r10', keyAt, 'r8', 'u32');
  code.moveMap('r1', maps.wanted).move('r2', 'r10').add('r2', keyAt).call('map_lookup_elem');
  code.jumpIf('r0', '==', 0, 'done').load('r7', 'r0', 0, 'u64').jumpIf('r7', '==', 0, 'done');
  code.call('ktime_get_ns').store('r10', headAt + contentsRecord.timeNs, 'r0', 'u64');
  emitThread(code);
  code.store('r10', missingAt, 0, 'u64');
  emitTexts(code, maps, 'tells-absent');
  emitAddresses(code, maps, 'taken', 'tells-absent');
  code.load('r1', 'r10', missingAt, 'u64').and('r7', givenAddresses).alu('or', 'r7', 'r1');
  code.jumpIf('r7', '==', 0, 'fetched');
  code.store('r10', lateAt + late.arguments, 'r7', 'u64');
  code.load('r1', 'r10', headAt + contentsRecord.timeNs, 'u64');
  code.store('r10', lateAt + late.timeNs, 'r1', 'u64');
  emitLateArguments(code, maps).move('r3', 'r10').add('r3', lateAt).move('r4', 0);
  code.call('map_update_elem').jumpIf('r0', '==', 0, 'fetched');
  // The exit does not know of it then.
  emitLost(code, maps);
  return emitEnd(code, maps);
}

/** Raw tracepoint `sys_exit`: the registers still hold the arguments. */
export function exitProgram(maps: ContentsMaps): Assembler {
  const code = new Assembler();
  code.load('r6', 'r1', 0, 'u64').load('r9', 'r1', 8, 'u64');
  emitThread(code);
  emitLateArguments(code, maps).call('map_lookup_elem');
  code.jumpIf('r0', '==', 0, 'done').load('r7', 'r0', late.arguments, 'u64');
  code.load('r1', 'r0', late.timeNs, 'u64');
  code.store('r10', headAt + contentsRecord.timeNs, 'r1', 'u64');
  emitLateArguments(code, maps).call('map_delete_elem');
  code.store('r10', resultAt, 'r9', 'u64');
  emitRegister(code, numberOffset);
  code.load('r8', 'r10', registerAt, 'u64');
  code.store('r10', missingAt, 0, 'u64');
  emitTexts(code, maps, 'is-silent');
  emitAddresses(code, maps, 'taken', 'is-silent');
  // These belong to the event of the exit.
  code.call('ktime_get_ns').store('r10', headAt + contentsRecord.timeNs, 'r0', 'u64');
  emitAddresses(code, maps, 'given', 'tells-absent');
  return emitEnd(code, maps);
}

/** From `fetched`: raises the alarm when the ring fills up. It wakes whoever waits for it once, until it is taken notice of. */
function emitEnd(code: Assembler, maps: ContentsMaps): Assembler {
  code.label('fetched').moveMap('r1', maps.ring.map).move('r2', ringAvailableData);
  code.call('ringbuf_query').jumpIf('r0', '<', maps.alarmBytes, 'done');
  // Any bytes will do.
  code.moveMap('r1', maps.alarm.map).move('r2', 'r10').add('r2', headAt);
  code.move('r3', 8).move('r4', 0).call('ringbuf_output');
  return code.label('done').move('r0', 0).exit();
}

/** The thread: key of `late`, and in the head. */
function emitThread(code: Assembler): void {
  code.call('get_current_pid_tgid').store('r10', keyAt, 'r0', 'u32');
  code.store('r10', headAt + contentsRecord.tid, 'r0', 'u32');
}

function emitLateArguments(code: Assembler, maps: ContentsMaps): Assembler {
  return code.moveMap('r1', maps.late).move('r2', 'r10').add('r2', keyAt);
}

/** Reads one of the registers that r6 points to. */
function emitRegister(code: Assembler, offsetBytes: number): void {
  code.move('r1', 'r10').add('r1', registerAt).move('r2', 8).move('r3', 'r6');
  code.add('r3', offsetBytes).call('probe_read_kernel');
}

/** Registers: r6 the registers' address, r7 bits of what is wanted, r8 the system call's number. Adds the bits that could not be read. */
function emitTexts(code: Assembler, maps: ContentsMaps, absence: Absence): void {
  code.store('r10', headAt + contentsRecord.number, 'r8', 'u32');
  for (const [argument, offset] of argumentOffsets.entries()) {
    const next = code.freshLabel('next');
    const missing = code.freshLabel('missing');
    code.move('r1', 'r7').and('r1', wantedBit.text(argument)).jumpIf('r1', '==', 0, next);
    emitRegister(code, offset);
    code.store('r10', headAt + contentsRecord.argument, argument, 'u64');
    code.move('r1', 'r10').add('r1', textAt).move('r2', maxTextBytes);
    code.load('r3', 'r10', registerAt, 'u64').call('probe_read_user_str');
    // Its length with the terminator.
    code.jumpIf('r0', 's<', 1, missing).jumpIf('r0', 's>', maxTextBytes, missing);
    code.move('r9', 'r0').add('r9', contentsRecord.headBytes - 1);
    emitOutput(code, maps, 'r9', next);
    emitMissing(code, missing, wantedBit.text(argument));
    if (absence === 'tells-absent') emitAbsent(code, maps, argument, next);
    code.label(next);
  }
}

function emitMissing(code: Assembler, label: string, bit: number): void {
  code.label(label).load('r1', 'r10', missingAt, 'u64');
  code.alu('or', 'r1', bit).store('r10', missingAt, 'r1', 'u64');
}

/** A record without contents. */
function emitAbsent(code: Assembler, maps: ContentsMaps, argument: number, next: string): void {
  code.store('r10', headAt + contentsRecord.argument, argument | absentBit, 'u64');
  code.move('r9', contentsRecord.headBytes);
  emitOutput(code, maps, 'r9', next);
}

/** Socket addresses that the call takes, or those that it has given. Registers as above; needs the number in the head. */
function emitAddresses(
  code: Assembler,
  maps: ContentsMaps,
  which: 'taken' | 'given',
  absence: Absence,
): void {
  for (const argument of addressArguments) {
    const isTaken = which === 'taken';
    const bit = isTaken ? wantedBit.takenAddress(argument) : wantedBit.givenAddress(argument);
    const next = code.freshLabel('next');
    const missing = code.freshLabel('missing');
    const absent = code.freshLabel('absent');
    code.move('r1', 'r7').and('r1', bit).jumpIf('r1', '==', 0, next);
    // A call that failed gives nothing.
    if (!isTaken) code.load('r1', 'r10', resultAt, 'u64').jumpIf('r1', 's<', 0, absent);
    emitRegister(code, argumentOffsets[argument + 1]!);
    if (isTaken) code.load('r9', 'r10', registerAt, 'u32');
    else emitGivenLength(code, absent);
    code.jumpIf('r9', '==', 0, absent);
    const fits = code.freshLabel('fits');
    code.jumpIf('r9', '<=', maxAddressBytes, fits).move('r9', maxAddressBytes).label(fits);
    emitRegister(code, argumentOffsets[argument]!);
    const number = isTaken ? argument : argument + givenArgument;
    code.store('r10', headAt + contentsRecord.argument, number, 'u64');
    // The stack must be known to hold something, whatever the length.
    for (let i = 0; i < maxAddressBytes; i += 8) code.store('r10', textAt + i, 0, 'u64');
    code.load('r3', 'r10', registerAt, 'u64').jumpIf('r3', '==', 0, absent);
    code.move('r1', 'r10').add('r1', textAt).move('r2', 'r9').call('probe_read_user');
    code.jumpIf('r0', '!=', 0, missing).add('r9', contentsRecord.headBytes);
    emitOutput(code, maps, 'r9', next);
    emitMissing(code, missing, bit);
    code.label(absent);
    if (absence === 'tells-absent') emitAbsent(code, maps, number, next);
    code.label(next);
  }
}

/** r9: the length that the register points to. */
function emitGivenLength(code: Assembler, none: string): void {
  code.load('r3', 'r10', registerAt, 'u64').jumpIf('r3', '==', 0, none);
  code.move('r1', 'r10').add('r1', lengthAt).move('r2', 4).call('probe_read_user');
  code.jumpIf('r0', '!=', 0, none).load('r9', 'r10', lengthAt, 'u32');
}

function emitOutput(code: Assembler, maps: ContentsMaps, length: Register, next: string): void {
  code.moveMap('r1', maps.ring.map).move('r2', 'r10').add('r2', headAt).move('r3', length);
  code.move('r4', ringNoWakeup).call('ringbuf_output').jumpIf('r0', '==', 0, next);
  emitLost(code, maps);
  code.jump(next);
}

function emitLost(code: Assembler, maps: ContentsMaps): void {
  code.moveMapValue('r1', maps.lost).move('r2', 1).atomicAdd('r1', 0, 'r2');
}
