/** Finding, taking and leaving the slot of a key. The key is in the frame; the slot's operation is in `r7` afterwards. */
import type { Assembler } from '@sonde/ebpf';
import type { TrackerPlace } from './common-memory.ts';
import { frame, pending, slotCountBits, slotKeyBytes } from './layout.ts';

/** Spreads keys that differ in few bits: 2^64 divided by the golden ratio. */
const spread = 0x9e37_79b9_7f4a_7c15n;

/** `r1` = the key, `r7` = what its slot holds. */
function emitLocate(code: Assembler, place: TrackerPlace): void {
  const { memory, slotAt } = place;
  const { map, strideBytes } = memory.slots!;
  // The key may be an address, with which the verifier lets nobody calculate: it is made to forget that.
  const scratchAt = place.counterAt('scratch');
  code.load('r1', 'r10', frame.key, 'u64').store('r9', scratchAt, 'r1', 'u64');
  code.load('r1', 'r9', scratchAt, 'u64').store('r10', frame.key, 'r1', 'u64');
  code.moveConstant('r2', spread).alu('mul', 'r2', 'r1');
  code.shiftRight('r2', 64 - slotCountBits).alu('mul', 'r2', strideBytes);
  code.moveMapValue('r7', map, slotAt + slotKeyBytes).alu('add', 'r7', 'r2');
}

/** Goes to `elsewhere` where the key's operation is not in its slot. */
export function emitFindInSlot(code: Assembler, place: TrackerPlace, elsewhere: string): void {
  emitLocate(code, place);
  code.load('r2', 'r7', -slotKeyBytes, 'u64').jumpIf('r2', '!=', 'r1', elsewhere);
  // A free slot has the key 0, and an operation may have it.
  code.load('r2', 'r7', pending.beginNs, 'u64').jumpIf('r2', '==', 0, elsewhere);
  code.store('r10', frame.isInSlot, 1, 'u64');
}

export interface TakenSlot {
  /** An operation with the same key is in it. */
  readonly same: string;
  /** It can't be had. */
  readonly other: string;
}

/** Goes on with the slot taken. */
export function emitTakeSlot(
  code: Assembler,
  place: TrackerPlace,
  { same, other }: TakenSlot,
): void {
  emitLocate(code, place);
  code.jumpIf('r1', '==', 0, other).move('r0', 0).compareExchange('r7', -slotKeyBytes, 'r1');
  const taken = code.freshLabel('taken');
  code.jumpIf('r0', '==', 0, taken).load('r1', 'r10', frame.key, 'u64');
  code.jumpIf('r0', '==', 'r1', same).jump(other).label(taken);
}

/** What others find in it from then on is theirs. */
export function emitLeaveSlot(code: Assembler): void {
  code.store('r7', pending.beginNs, 0, 'u64').move('r1', 0).exchange('r7', -slotKeyBytes, 'r1');
}
