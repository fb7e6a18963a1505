import type { EventFormat } from '../format/event-format.ts';
import type { EventField } from '../format/field-declaration.ts';
import type { Computation } from '../layout/record-plan.ts';
import type { RecordState } from '../layout/record-state.ts';

/** Bits of LTTng's `rwbs` fields for the letters of the kernel's (blk_fill_rwbs, kernel/trace/blktrace.c, v6.12). */
const rwbsBits: Readonly<Record<string, number>> = {
  W: 1,
  D: 2,
  R: 4,
  A: 8,
  B: 16,
  S: 32,
  M: 64,
  E: 128,
  F: 512,
};
const preflushBit = 1024;
const flushBit = 256;
const letterF = 'F'.charCodeAt(0);
const rwbsBitOfByte = Uint16Array.from(
  { length: 256 },
  (_, byte) => rwbsBits[String.fromCharCode(byte)] ?? 0,
);

/**
 * The letters as LTTng's mask. F first: a flush precedes the data (of a request without data: the flush itself); F after the
 * direction: forced unit access; DE, secure discard; N: nothing.
 */
export function rwbsMask(view: DataView, at: number, lengthBytes: number): number {
  let mask = 0;
  for (let i = 0; i < lengthBytes; i++) {
    const letter = view.getUint8(at + i);
    if (letter === 0) break;
    if (letter === letterF && i === 0) {
      const isAlone = lengthBytes < 2 || view.getUint8(at + 1) === 0;
      mask |= isAlone ? flushBit : preflushBit;
    } else mask |= rwbsBitOfByte[letter]!;
  }
  return mask;
}

/** Makes the value of a field; `field` is its source in the kernel's format, where the rule names one. */
type ConversionOf = (format: EventFormat, field: EventField | undefined) => Computation;

/** Reads a 32-bit field of the format by its name; -1 where the kernel has none. */
function numberOf(format: EventFormat, name: string): Computation {
  const field = format.fields.find((candidate) => candidate.name === name);
  if (field === undefined || field.lengthBytes !== 4) return () => -1;
  const { offsetBytes } = field;
  return (state, at) => state.view.getInt32(at + offsetBytes, state.littleEndian);
}

const known = (pid: number, otherwise: number): number => (pid < 0 ? otherwise : pid);

export const conversions = {
  /** The thread that the event happened in. */
  commonPid: () => (state: RecordState) => state.tid,
  rwbs: (_format, field) => {
    const { offsetBytes = 0, lengthBytes = 0 } = field ?? {};
    return (state, at) => rwbsMask(state.view, at + offsetBytes, lengthBytes);
  },
  /** Thread group of the parent of a fork. */
  forkParentPid: (format) => {
    const parentTid = numberOf(format, 'parent_pid');
    return (state, at, length) => {
      const tid = parentTid(state, at, length);
      return known(state.processes.get(tid).pid, tid);
    };
  },
  /** Thread group of the child: entered by the fork itself, which the table sees first. */
  forkChildPid: (format) => {
    const childTid = numberOf(format, 'child_pid');
    return (state, at, length) => {
      const tid = childTid(state, at, length);
      return known(state.processes.get(tid).pid, tid);
    };
  },
  forkParentNamespace: (format) => {
    const parentTid = numberOf(format, 'parent_pid');
    return (state, at, length) =>
      state.processes.get(parentTid(state, at, length)).pidNamespace | 0;
  },
  forkChildNamespace: (format) => {
    const childTid = numberOf(format, 'child_pid');
    return (state, at, length) => state.processes.get(childTid(state, at, length)).pidNamespace | 0;
  },
} satisfies Readonly<Record<string, ConversionOf>>;

export type ConversionName = keyof typeof conversions | 'forkVtids';

/** Ids of the child of a fork in its namespaces, the innermost first. We know those of the root and the innermost one. */
export function forkVtids(
  format: EventFormat,
): (state: RecordState, at: number, target: Int32Array) => number {
  const childTid = numberOf(format, 'child_pid');
  return (state, at, target) => {
    const tid = childTid(state, at, 0);
    const { vtid } = state.processes.get(tid);
    let count = 0;
    if (vtid >= 0 && vtid !== tid) target[count++] = vtid;
    target[count++] = tid;
    return count;
  };
}
