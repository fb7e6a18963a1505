/**
 * Programs of several trackers at the same event become one: the kernel enters it once, and it reads the clock once. What each tracker
 * does stays what it was; each has its own switch, maps and counters.
 */

import { SondeError } from '@sonde/base';
import { type Attachment, attachRaw, attachTracepoint, BpfProgram, type Native } from '@sonde/ebpf';
import { assemble, type ProgramPiece } from './program-parts.ts';

/** A piece that the verifier has taken as a program of its own. */
export interface LoadedPiece {
  readonly piece: ProgramPiece;
  /** Of its tracker. */
  readonly tracker: string;
  /** Begins operations: such programs are attached last. */
  readonly rank: number;
  program: BpfProgram;
}

export function loadProgram(
  native: Native,
  tracker: string,
  pieces: readonly ProgramPiece[],
): BpfProgram {
  const { programType, name, btfId } = pieces[0]!.target;
  return new BpfProgram(native, {
    type: programType,
    name: `${tracker}_${name}`.replace(/_(sched|block_rq|irq)_/, '_'),
    code: assemble(pieces),
    btfId,
  });
}

export function attachProgram(
  native: Native,
  program: BpfProgram,
  piece: ProgramPiece,
): Attachment {
  const { programType, name, eventId } = piece.target;
  if (programType === 'tracepoint') return attachTracepoint(native, program, eventId);
  return attachRaw(native, program, programType === 'raw-tracepoint' ? name : '');
}

/** Whether a piece may wait for those of other trackers: what is refused is refused when it is loaded, not when it is attached. */
export const canBeShared = ({ target }: ProgramPiece): boolean =>
  target.programType === 'typed-tracepoint';

export function groupBy<K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

/**
 * Attaches all, as few programs as possible; pieces then have the program that they are part of.
 * @returns in the order of attachment
 */
export function attachShared(native: Native, pieces: readonly LoadedPiece[]): Attachment[] {
  const groups = [...groupBy(pieces, ({ piece }) => piece.target.id).values()];
  const rank = (group: readonly LoadedPiece[]): number => Math.max(...group.map((one) => one.rank));
  const attachments: Attachment[] = [];
  try {
    for (const group of groups.sort((a, b) => rank(a) - rank(b))) {
      for (const [program, { piece }] of joined(native, group)) {
        attachments.push(attachProgram(native, program, piece));
      }
    }
    return attachments;
  } catch (error) {
    for (const attachment of attachments) attachment.close();
    throw error;
  }
}

/** One program for all, where the verifier takes it; else each its own. */
function joined(native: Native, group: readonly LoadedPiece[]): Map<BpfProgram, LoadedPiece> {
  const ranked = [...group].sort((a, b) => a.rank - b.rank);
  if (group.length > 1) {
    try {
      const pieces = ranked.map(({ piece }) => piece);
      const program = loadProgram(native, 'shared', pieces);
      for (const one of ranked) {
        one.program.close();
        one.program = program;
      }
    } catch (error) {
      if (!(error instanceof SondeError)) throw error;
    }
  }
  return new Map(ranked.map((one) => [one.program, one]));
}
