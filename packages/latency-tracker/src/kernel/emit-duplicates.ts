/**
 * Operations with the same key, with `keep: all`: they are numbered by a word behind the key, from 0 without a gap. Loops over them
 * have an end that the verifier can see.
 */
import type { Assembler } from '@sonde/ebpf';
import { frame, maxDuplicates } from './layout.ts';
import type { TrackerMaps } from './tracker-maps.ts';

function emitLookUp(code: Assembler, { pending }: TrackerMaps): void {
  code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', pending).call('map_lookup_elem');
}

/** `r1`, and the word in the frame = how many there are. */
function emitCount(code: Assembler, maps: TrackerMaps): void {
  const scratchAt = maps.place.counterAt('scratch');
  const more = code.freshLabel('more');
  const counted = code.freshLabel('counted');
  code.store('r10', frame.duplicate, 0, 'u64').label(more);
  emitLookUp(code, maps);
  code.jumpIf('r0', '==', 0, counted).load('r1', 'r10', frame.duplicate, 'u64').add('r1', 1);
  code.store('r10', frame.duplicate, 'r1', 'u64').jumpIf('r1', '<', maxDuplicates, more);
  // The verifier would go through what follows for every number: it is made to forget which it was.
  code.label(counted).load('r1', 'r10', frame.duplicate, 'u64').store('r9', scratchAt, 'r1', 'u64');
  code.load('r1', 'r9', scratchAt, 'u64').store('r10', frame.duplicate, 'r1', 'u64');
}

/** The key in the frame becomes that of the newest one; goes to `none` where there is none. */
export function emitNewest(code: Assembler, maps: TrackerMaps, none: string): void {
  emitCount(code, maps);
  code.jumpIf('r1', '<', 1, none).add('r1', -1).store('r10', frame.duplicate, 'r1', 'u64');
}

/**
 * Goes through all with the key in the frame, the newest first: `each` finds the operation in `r7`, and may go on with the next by
 * jumping to `again`.
 */
export function emitEachDuplicate(
  code: Assembler,
  maps: TrackerMaps,
  {
    none,
    first,
    each,
  }: {
    readonly none: string;
    /** Before the first, where there is one. */
    readonly first?: () => void;
    readonly each: (again: string) => void;
  },
): void {
  const again = code.freshLabel('again');
  const over = code.freshLabel('over');
  emitCount(code, maps);
  code.jumpIf('r1', '<', 1, none).jumpIf('r1', '>', maxDuplicates, none);
  first?.();
  code.label(again).load('r1', 'r10', frame.duplicate, 'u64').jumpIf('r1', '<', 1, over);
  code.add('r1', -1).store('r10', frame.duplicate, 'r1', 'u64');
  emitLookUp(code, maps);
  code.jumpIf('r0', '==', 0, again).move('r7', 'r0');
  each(again);
  code.jump(again).label(over);
}

/** Puts an operation behind the others: `put` jumps away where there was room, and leaves the error in `r0`. */
export function emitPutDuplicate(
  code: Assembler,
  put: () => void,
  alreadyThere: number,
  full: string,
): void {
  const again = code.freshLabel('again');
  code.store('r10', frame.duplicate, 0, 'u64').label(again);
  put();
  code.jumpIf('r0', '!=', alreadyThere, full).load('r1', 'r10', frame.duplicate, 'u64');
  code.add('r1', 1).store('r10', frame.duplicate, 'r1', 'u64');
  code.jumpIf('r1', '<', maxDuplicates, again);
}
