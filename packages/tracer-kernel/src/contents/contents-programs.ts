/**
 * The programs that fetch what system calls point to. At the entry, memory that is not present can't be read (programs must not wait
 * for a page); the kernel itself brings it in when it executes the call, so what failed is fetched at the exit.
 */
import { Assembler, type Register, ringAvailableData, ringNoWakeup } from '@sonde/ebpf';
import {
  type AddressPlace,
  absentBit,
  addressPlaces,
  type ContentsMaps,
  contentsRecord,
  givenArgument,
  isOftenAbsent,
  maxAddressBytes,
  maxTextBytes,
  threadValue,
  toldShift,
  wantedBit,
} from './contents-maps.ts';

/** Offsets in the x86-64 `struct pt_regs` (bytes): arguments of a system call, and its number. */
const argumentOffsets = [112, 104, 96, 56, 72, 64] as const;
const numberOffset = 120;
/** Offsets in the 64-bit `struct msghdr` (bytes). */
const message = { address: 0, lengthBytes: 8, readBytes: 16 } as const;

const givenAddresses = addressPlaces.reduce((bits, i) => bits | wantedBit.givenAddress(i), 0);

/** The stack, from its top down: the text lies behind the head of its record. */
const textAt = -maxTextBytes;
const headAt = textAt - contentsRecord.headBytes;
const missingAt = headAt - 8;
const registerAt = missingAt - 8;
const keyAt = registerAt - 8;
const newThreadAt = keyAt - threadValue.lengthBytes;
const lengthAt = newThreadAt - 8;
const resultAt = lengthAt - 8;
const messageAt = resultAt - message.readBytes;
/** Pointer to the thread's value; 0: not looked up, for it is not needed. */
const threadAt = messageAt - 8;
const wantedAt = threadAt - 8;
/** The call's own bit among the `told`. */
const toldAt = wantedAt - 8;

type Side = 'entry' | 'exit';

/** Raw tracepoint `sys_enter`: r1 points to the address of the registers and the number. */
export function entryProgram(maps: ContentsMaps): Assembler {
  const code = new Assembler();
  code.load('r6', 'r1', 0, 'u64').load('r8', 'r1', 8, 'u64');
  emitWanted(code, maps).jumpIf('r0', '==', 0, 'done').load('r7', 'r0', 0, 'u64');
  code.jumpIf('r7', '==', 0, 'done');
  emitNullPointers(code);
  code
    .move('r1', 'r7')
    .shiftLeft('r1', 64 - toldShift)
    .jumpIf('r1', '==', 0, 'done');
  code.call('ktime_get_ns').store('r10', headAt + contentsRecord.timeNs, 'r0', 'u64');
  emitThread(code);
  // Nothing is missing yet. The verifier must not know that it is 0: it would go through all combinations of bits, for a quarter of a second.
  code.move('r1', 'r0').alu('sub', 'r1', 'r0').store('r10', missingAt, 'r1', 'u64');
  code.move('r1', 'r7').shiftRight('r1', toldShift).store('r10', toldAt, 'r1', 'u64');
  code.store('r10', threadAt, 0, 'u64').jumpIf('r1', '==', 0, 'required');
  emitThreadValue(code, maps, 'no room');
  code.label('required');
  emitTexts(code, maps, 'entry');
  emitAddresses(code, maps, 'taken', 'entry');
  code.load('r1', 'r10', missingAt, 'u64').and('r7', givenAddresses).alu('or', 'r7', 'r1');
  code.jumpIf('r7', '==', 0, 'fetched');
  emitThreadValue(code, maps, 'no room');
  code.load('r1', 'r10', headAt + contentsRecord.timeNs, 'u64');
  code.store('r0', threadValue.timeNs, 'r1', 'u64').store('r0', threadValue.late, 'r7', 'u64');
  code.store('r0', threadValue.number, 'r8', 'u32');
  emitRoom(code);
  code.jump('fetched');
  // The exit does not know of it then.
  code.label('no room');
  emitLost(code, maps);
  return emitEnd(code, maps);
}

/** Raw tracepoint `sys_exit`: the registers still hold the arguments. */
export function exitProgram(maps: ContentsMaps): Assembler {
  const code = new Assembler();
  code.load('r6', 'r1', 0, 'u64').load('r9', 'r1', 8, 'u64');
  emitThread(code);
  emitThreadKey(code, maps).call('map_lookup_elem').jumpIf('r0', '==', 0, 'done');
  code.load('r7', 'r0', threadValue.late, 'u64').load('r1', 'r0', threadValue.told, 'u32');
  code.alu('or', 'r1', 'r7').jumpIf('r1', '==', 0, 'done');
  code.store('r10', threadAt, 'r0', 'u64').store('r10', resultAt, 'r9', 'u64');
  code.load('r1', 'r0', threadValue.timeNs, 'u64');
  code.store('r10', headAt + contentsRecord.timeNs, 'r1', 'u64');
  code.load('r9', 'r0', threadValue.number, 'u32').store('r0', threadValue.late, 0, 'u64');
  emitRegister(code, numberOffset);
  code.load('r8', 'r10', registerAt, 'u32');
  // Of a call without an exit: it is another one's.
  code.jumpIf('r8', '==', 'r9', 'own').move('r7', 0).label('own');
  emitWanted(code, maps).jumpIf('r0', '==', 0, 'done').load('r9', 'r0', 0, 'u64');
  code
    .store('r10', wantedAt, 'r9', 'u64')
    .shiftRight('r9', toldShift)
    .store('r10', toldAt, 'r9', 'u64');
  code.load('r1', 'r10', threadAt, 'u64').load('r1', 'r1', threadValue.told, 'u32');
  code.alu('and', 'r1', 'r9').alu('or', 'r1', 'r7').jumpIf('r1', '==', 0, 'done');
  code.store('r10', missingAt, 0, 'u64');
  emitTexts(code, maps, 'exit');
  emitAddresses(code, maps, 'taken', 'exit');
  // These belong to the event of the exit.
  code.call('ktime_get_ns').store('r10', headAt + contentsRecord.timeNs, 'r0', 'u64');
  emitAddresses(code, maps, 'given', 'exit');
  return emitEnd(code, maps);
}

/** Raw tracepoint `sched_process_exit`: another thread may have the same number. */
export function threadEndProgram(maps: ContentsMaps): Assembler {
  const code = new Assembler();
  emitThread(code);
  return emitThreadKey(code, maps).call('map_delete_elem').move('r0', 0).exit();
}

/** From `fetched`: raises the alarm when the ring fills up. It wakes whoever waits for it once, until it is taken notice of. */
function emitEnd(code: Assembler, maps: ContentsMaps): Assembler {
  code.label('fetched').moveMap('r1', maps.ring.map).move('r2', ringAvailableData);
  code.call('ringbuf_query').jumpIf('r0', '<', maps.alarmBytes, 'done');
  // Any bytes will do.
  code.moveMap('r1', maps.alarm.map).move('r2', 'r10').add('r2', headAt);
  code.move('r3', 8).move('r4', 0).call('ringbuf_output');
  return code.label('done').move('r0', 0).exit().writeRare();
}

/** r0: what is wanted of the call of the number r8. */
function emitWanted(code: Assembler, maps: ContentsMaps): Assembler {
  code.store('r10', keyAt, 'r8', 'u32');
  return code.moveMap('r1', maps.wanted).move('r2', 'r10').add('r2', keyAt).call('map_lookup_elem');
}

/** The thread: in the head, where it is the key of `threads`, too. */
function emitThread(code: Assembler): void {
  code.call('get_current_pid_tgid').store('r10', headAt + contentsRecord.tid, 'r0', 'u32');
}

function emitThreadKey(code: Assembler, maps: ContentsMaps): Assembler {
  return code
    .moveMap('r1', maps.threads)
    .move('r2', 'r10')
    .add('r2', headAt + contentsRecord.tid);
}

/** r0, and on the stack: the thread's value, a new one if there is none. */
function emitThreadValue(code: Assembler, maps: ContentsMaps, noRoom: string): void {
  const found = code.freshLabel('found');
  emitThreadKey(code, maps).call('map_lookup_elem').jumpIf('r0', '!=', 0, found);
  for (let i = 0; i < threadValue.lengthBytes; i += 8) code.store('r10', newThreadAt + i, 0, 'u64');
  emitThreadKey(code, maps).move('r3', 'r10').add('r3', newThreadAt).move('r4', 0);
  code.call('map_update_elem');
  emitThreadKey(code, maps).call('map_lookup_elem').jumpIf('r0', '==', 0, noRoom);
  code.label(found).store('r10', threadAt, 'r0', 'u64');
}

/** Reads one of the registers that r6 points to. */
function emitRegister(code: Assembler, offsetBytes: number): Assembler {
  code.move('r1', 'r10').add('r1', registerAt).move('r2', 8).move('r3', 'r6');
  return code.add('r3', offsetBytes).call('probe_read_kernel');
}

/** Takes addresses with null pointers off what is wanted: nobody asks for those that are taken, and none are given. */
function emitNullPointers(code: Assembler): void {
  for (const place of addressPlaces) {
    const next = code.freshLabel('next');
    const bits = wantedBit.takenAddress(place) | wantedBit.givenAddress(place);
    code.move('r1', 'r7').and('r1', bits).jumpIf('r1', '==', 0, next);
    emitRegister(code, argumentOffsets[place.argument]!);
    const none = code.freshLabel('none');
    code.load('r1', 'r10', registerAt, 'u64').jumpIf('r1', '==', 0, none).label(next);
    // Behind the rest, the verifier has nothing new to go through then.
    code.rare(() => code.label(none).and('r7', ~bits).jump(next));
  }
}

/** Registers: r6 the registers' address, r7 bits of what is wanted, r8 the system call's number. Adds the bits that could not be read. */
function emitTexts(code: Assembler, maps: ContentsMaps, side: Side): void {
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
    code.jump(next);
    emitMissing(code, missing, wantedBit.text(argument));
    // What could not be read has its record already.
    if (side === 'entry') emitAbsent(code, maps, argument, next);
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
  code.jump(next);
}

/**
 * Socket addresses that the call takes, or those that it has given. Registers and what could not be read as above; needs the number in
 * the head.
 */
function emitAddresses(
  code: Assembler,
  maps: ContentsMaps,
  which: 'taken' | 'given',
  side: Side,
): void {
  for (const place of addressPlaces) {
    const isTaken = which === 'taken';
    const bit = isTaken ? wantedBit.takenAddress(place) : wantedBit.givenAddress(place);
    const [next, missing, absent] = ['next', 'missing', 'absent'].map((l) => code.freshLabel(l));
    if (!isTaken) {
      code.load('r1', 'r10', wantedAt, 'u64').and('r1', bit).jumpIf('r1', '==', 0, next!);
    }
    code
      .move('r1', 'r7')
      .and('r1', bit)
      .jumpIf('r1', '==', 0, isTaken ? next! : absent!);
    const argument = isTaken ? place.argument : place.argument + givenArgument;
    code.store('r10', headAt + contentsRecord.argument, argument, 'u64');
    // A call that failed gives nothing.
    if (!isTaken) code.load('r1', 'r10', resultAt, 'u64').jumpIf('r1', 's<', 0, absent!);
    emitLocation(code, place, isTaken, { missing: missing!, absent: absent! });
    if (!isTaken) emitWithin(code, absent!);
    emitAddressRead(code, missing!);
    emitOutput(code, maps, 'r9', next!);
    if (isOftenAbsent(place, which)) emitTold(code, next!);
    code.jump(next!);
    emitMissing(code, missing!, bit);
    code.label(absent!);
    if (isOftenAbsent(place, which)) emitToldAbsence(code, maps, argument, next!);
    else if (side === 'entry') emitAbsent(code, maps, argument, next!);
    code.label(next!);
  }
}

interface NoAddress {
  /** It could not be read. */
  readonly missing: string;
  readonly absent: string;
}

/** The kernel tells how long an address is, however much of it had room. */
function emitRoom(code: Assembler): void {
  for (const place of addressPlaces) {
    const [next, unknown] = ['next', 'unknown'].map((l) => code.freshLabel(l));
    const bit = wantedBit.givenAddress(place);
    code.move('r1', 'r7').and('r1', bit).jumpIf('r1', '==', 0, next!);
    code.move('r9', maxAddressBytes);
    if (place.isMessage) emitMessage(code, argumentOffsets[place.argument]!, unknown!);
    else emitGivenLength(code, place.argument, unknown!);
    code.label(unknown!).load('r1', 'r10', threadAt, 'u64');
    code.store('r1', threadValue.roomBytes, 'r9', 'u32').label(next!);
  }
}

/** r9: not more than there was room for. */
function emitWithin(code: Assembler, absent: string): void {
  const fits = code.freshLabel('fits');
  code.load('r1', 'r10', threadAt, 'u64').load('r1', 'r1', threadValue.roomBytes, 'u32');
  code.jumpIf('r9', '<=', 'r1', fits).move('r9', 'r1').label(fits).jumpIf('r9', '==', 0, absent);
}

/** r9: how long the address is (bytes); its own address is left where registers are read to. */
function emitLocation(
  code: Assembler,
  { argument, isMessage }: AddressPlace,
  isTaken: boolean,
  { missing, absent }: NoAddress,
): void {
  if (isMessage) emitMessage(code, argumentOffsets[argument]!, missing);
  else {
    if (isTaken)
      emitRegister(code, argumentOffsets[argument + 1]!).load('r9', 'r10', registerAt, 'u32');
    else emitGivenLength(code, argument, absent);
    emitRegister(code, argumentOffsets[argument]!);
  }
  code.jumpIf('r9', '==', 0, absent);
  code.load('r3', 'r10', registerAt, 'u64').jumpIf('r3', '==', 0, absent);
}

function emitMessage(code: Assembler, argumentOffset: number, missing: string): void {
  emitRegister(code, argumentOffset).load('r3', 'r10', registerAt, 'u64');
  code.move('r1', 'r10').add('r1', messageAt).move('r2', message.readBytes);
  code.call('probe_read_user').jumpIf('r0', '!=', 0, missing);
  code.load('r9', 'r10', messageAt + message.lengthBytes, 'u32');
  code.load('r1', 'r10', messageAt + message.address, 'u64');
  code.store('r10', registerAt, 'r1', 'u64');
}

/** r9: the length that the argument behind points to; as it was, if that can't be read. */
function emitGivenLength(code: Assembler, argument: number, absent: string): void {
  emitRegister(code, argumentOffsets[argument + 1]!).load('r3', 'r10', registerAt, 'u64');
  code.move('r1', 'r10').add('r1', lengthAt).move('r2', 4).call('probe_read_user');
  code.jumpIf('r0', '!=', 0, absent).load('r9', 'r10', lengthAt, 'u32');
}

/** Reads r9 bytes of the address, or as many as there is room for. r9: how long the record is. */
function emitAddressRead(code: Assembler, missing: string): void {
  const fits = code.freshLabel('fits');
  code.jumpIf('r9', '<=', maxAddressBytes, fits).move('r9', maxAddressBytes).label(fits);
  // The stack must be known to hold something, whatever the length.
  for (let i = 0; i < maxAddressBytes; i += 8) code.store('r10', textAt + i, 0, 'u64');
  code.load('r3', 'r10', registerAt, 'u64');
  code.move('r1', 'r10').add('r1', textAt).move('r2', 'r9').call('probe_read_user');
  code.jumpIf('r0', '!=', 0, missing).add('r9', contentsRecord.headBytes);
}

/** The thread's last record of this call has an address. */
function emitTold(code: Assembler, next: string): void {
  code.load('r1', 'r10', threadAt, 'u64').jumpIf('r1', '==', 0, next);
  code.load('r2', 'r1', threadValue.told, 'u32');
  code.load('r3', 'r10', toldAt, 'u64').alu('or', 'r2', 'r3');
  code.store('r1', threadValue.told, 'r2', 'u32');
}

/** A record that there is no address, if the thread's last one had one: this event might take it for its own. */
function emitToldAbsence(
  code: Assembler,
  maps: ContentsMaps,
  argument: number,
  next: string,
): void {
  code.load('r1', 'r10', threadAt, 'u64').jumpIf('r1', '==', 0, next);
  code.load('r2', 'r1', threadValue.told, 'u32');
  code.load('r3', 'r10', toldAt, 'u64').move('r4', 'r2').alu('and', 'r4', 'r3');
  code.jumpIf('r4', '==', 0, next).alu('xor', 'r2', 'r3');
  code.store('r1', threadValue.told, 'r2', 'u32');
  emitAbsent(code, maps, argument, next);
}

/** Goes on where there was room; what is lost is counted, and leads to `next`. */
function emitOutput(code: Assembler, maps: ContentsMaps, length: Register, next: string): void {
  code.moveMap('r1', maps.ring.map).move('r2', 'r10').add('r2', headAt).move('r3', length);
  const lost = code.freshLabel('lost');
  code.move('r4', ringNoWakeup).call('ringbuf_output').jumpIf('r0', '!=', 0, lost);
  code.rare(() => {
    code.label(lost);
    emitLost(code, maps);
    code.jump(next);
  });
}

function emitLost(code: Assembler, maps: ContentsMaps): void {
  code.moveMapValue('r1', maps.lost).move('r2', 1).atomicAdd('r1', 0, 'r2');
}
