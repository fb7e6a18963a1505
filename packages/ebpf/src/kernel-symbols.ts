import { readFileSync } from 'node:fs';
import { SymbolTable } from './symbol-table.ts';

const newline = 10;
const space = 32;
const tab = 9;

/**
 * Functions of the kernel and its modules, from kallsyms. Reading them takes some 100 ms: do it when the first name is asked for.
 * Undefined: the kernel hides its addresses (all are 0), or the file can't be read.
 */
export function readKernelSymbols(path = '/proc/kallsyms'): SymbolTable | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const table = parseKallsyms(bytes);
  return table.isEmpty ? undefined : table;
}

/** Lines like `ffffffff81000000 T _text` or `ffffffffc0000000 t f\t[module]`. */
export function parseKallsyms(bytes: Buffer): SymbolTable {
  const table = new SymbolTable();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(newline, at);
    const lineEnd = end === -1 ? bytes.length : end;
    addLine(table, bytes, at, lineEnd);
    at = lineEnd + 1;
  }
  table.finish();
  return table;
}

function addLine(table: SymbolTable, bytes: Buffer, at: number, end: number): void {
  let high = 0;
  let low = 0;
  let digits = 0;
  // 64 bits as two numbers: a bigint per line would cost more than all the rest.
  while (at + digits < end && bytes[at + digits] !== space) {
    const code = bytes[at + digits]!;
    const digit = code < 58 ? code - 48 : (code | 32) - 87;
    high = ((high << 4) | (low >>> 28)) >>> 0;
    low = ((low << 4) | digit) >>> 0;
    digits++;
  }
  const type = bytes[at + digits + 1]! | 32;
  if (digits === 0 || (high === 0 && low === 0) || (type !== 116 && type !== 119)) return;
  const nameAt = at + digits + 3;
  let nameEnd = nameAt;
  while (nameEnd < end && bytes[nameEnd] !== tab && bytes[nameEnd] !== space) nameEnd++;
  table.add(high, low, bytes, nameAt, nameEnd - nameAt);
}
