import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { TextKey } from './text-store.ts';

/**
 * The text that an argument of a system call points to, as long as the thread waits in such a call.
 * @param maxBytes - With the terminator.
 * @returns undefined: it does not, or the text can't be read
 */
export function readTextOfCall(
  { tid, number, argument }: TextKey,
  maxBytes: number,
): Uint8Array | undefined {
  try {
    // `NUMBER ARGUMENT×6 STACK INSTRUCTION`; `running`, or another number: it does not wait in it.
    const call = (): string => readFileSync(`/proc/${tid}/syscall`, 'latin1');
    const before = call();
    const [current, ...registers] = before.split(' ');
    if (Number(current) !== number) return undefined;
    const text = readText(tid, BigInt(registers[argument]!), maxBytes);
    return call() === before ? text : undefined;
  } catch {
    // It has ended, or its memory has no such address.
    return undefined;
  }
}

function readText(tid: number, address: bigint, maxBytes: number): Uint8Array {
  const fd = openSync(`/proc/${tid}/mem`, 'r');
  try {
    const bytes = new Uint8Array(maxBytes);
    const count = readSync(fd, bytes, 0, maxBytes, address);
    const end = bytes.subarray(0, count).indexOf(0);
    return bytes.subarray(0, end < 0 ? Math.min(count, maxBytes - 1) : end);
  } finally {
    closeSync(fd);
  }
}
