/**
 * Arguments of raw tracepoints that are the same in every kernel, for those that do not tell their types: numbers, and registers of
 * system calls. More would need to know where structures have their members.
 */
import type { Source } from './event-access.ts';

type Place = Pick<Source, 'lengthBytes' | 'isSigned'> & { readonly index: number };

const number = (index: number, lengthBytes: 4 | 8, isSigned: boolean): Place => ({
  index,
  lengthBytes,
  isSigned,
});
const vector: Readonly<Record<string, Place>> = { vec_nr: number(0, 4, false) };

const places: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  sys_enter: { regs: number(0, 8, false), id: number(1, 8, true) },
  sys_exit: { regs: number(0, 8, false), ret: number(1, 8, true) },
  irq_handler_entry: { irq: number(0, 4, true) },
  irq_handler_exit: { irq: number(0, 4, true), ret: number(2, 4, true) },
  softirq_raise: vector,
  softirq_entry: vector,
  softirq_exit: vector,
};

/** Offsets (bytes) in `pt_regs`, which is part of the interface to user space. */
const registers: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: { orig_ax: 120, di: 112, si: 104, dx: 96, r10: 56, r8: 72, r9: 64 },
};

export const isKnownTracepoint = (name: string): boolean => Object.hasOwn(places, name);

/** Undefined: it is not known. */
export function knownArgument(tracepoint: string, path: readonly string[]): Source | undefined {
  const [name, member, ...others] = path;
  const place = places[tracepoint]?.[name ?? ''];
  if (place === undefined || others.length > 0) return undefined;
  const { index, lengthBytes, isSigned } = place;
  const first = { kind: 'number', steps: [8 * index], lengthBytes, isSigned } as const;
  if (member === undefined) return first;
  const offset = registers[process.arch]?.[member];
  if (name !== 'regs' || offset === undefined) return undefined;
  return { ...first, steps: [8 * index, offset], isSigned: false, isUntyped: true };
}
