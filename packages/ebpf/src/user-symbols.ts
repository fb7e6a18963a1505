/** Names for addresses in processes: from the files they have mapped, and from the map that a JIT writes for perf (`node --perf-basic-prof`). */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { cxxNameOf } from './cxx-name.ts';
import { type ElfSymbols, readElfSymbols } from './elf-symbols.ts';
import { SymbolTable } from './symbol-table.ts';

/** Bigger files are not read for a name. */
const maxFileBytes = 256 << 20;
const maxProcesses = 256;

interface Mapping {
  readonly begin: number;
  readonly end: number;
  readonly offsetBytes: number;
  /** Empty: memory of no file. */
  readonly path: string;
}

/** Executable parts of `/proc/PID/maps`. */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ *(.*)$/.exec(line);
    if (match === null) continue;
    const [begin, end, offset] = [1, 2, 3].map((i) => Number.parseInt(match[i]!, 16));
    const path = match[4]!.replace(/ \(deleted\)$/, '');
    mappings.push({ begin: begin!, end: end!, offsetBytes: offset!, path });
  }
  return mappings;
}

/** Lines like `3ef414c0 398 LazyCompile:~f file.js:1`: address and length in hexadecimal, name. */
export function parsePerfMap(bytes: Buffer): SymbolTable {
  const table = new SymbolTable(bytes);
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline === -1 ? bytes.length : newline;
    const match = /^([0-9a-f]{1,16}) [0-9a-f]+ /i.exec(
      bytes.toString('latin1', at, Math.min(end, at + 40)),
    );
    if (match !== null) {
      const address = BigInt(`0x${match[1]}`);
      const nameAt = at + match[0].length;
      table.add(Number(address >> 32n), Number(address & 0xffff_ffffn), nameAt, end - nameAt);
    }
    at = end + 1;
  }
  table.finish();
  return table;
}

/** Names of user-space functions. Files are read when a name in them is asked for, and kept. */
export class UserSymbols {
  readonly #files = new Map<string, ElfSymbols | undefined>();
  readonly #processes = new Map<number, readonly Mapping[]>();
  readonly #jits = new Map<number, SymbolTable | undefined>();

  /** `memcpy+0x1c (libc.so.6)`, `node::Start+0x2e (node)`; undefined: no name is known. The process may be gone already. */
  find(pid: number, address: bigint): string | undefined {
    const at = Number(address);
    const mapping = this.#mappings(pid).find(({ begin, end }) => at >= begin && at < end);
    if (mapping === undefined) return undefined;
    if (!mapping.path.startsWith('/')) return this.#jit(pid)?.find(address);
    const file = this.#file(pid, mapping.path);
    const inFile = file?.addressOf(at - mapping.begin + mapping.offsetBytes);
    const name = inFile === undefined ? undefined : file!.table.find(BigInt(inFile));
    const where = basename(mapping.path);
    return name === undefined ? `[${where}]` : `${readableName(name)} (${where})`;
  }

  /** Forgets what it knows of processes: they may have mapped other files since. */
  forgetProcesses(): void {
    this.#processes.clear();
    this.#jits.clear();
  }

  #mappings(pid: number): readonly Mapping[] {
    let mappings = this.#processes.get(pid);
    if (mappings === undefined) {
      if (this.#processes.size >= maxProcesses) this.forgetProcesses();
      mappings = parseMaps(readOrUndefined(`/proc/${pid}/maps`)?.toString('utf8') ?? '');
      this.#processes.set(pid, mappings);
    }
    return mappings;
  }

  #file(pid: number, path: string): ElfSymbols | undefined {
    if (!this.#files.has(path)) {
      // As the process sees it: it may live in another mount namespace.
      const bytes = readOrUndefined(`/proc/${pid}/root${path}`) ?? readOrUndefined(path);
      this.#files.set(path, bytes && readElfSymbols(bytes));
    }
    return this.#files.get(path);
  }

  #jit(pid: number): SymbolTable | undefined {
    if (!this.#jits.has(pid)) {
      const bytes = readOrUndefined(`/proc/${pid}/root/tmp/perf-${pid}.map`);
      this.#jits.set(pid, bytes && parsePerfMap(bytes));
    }
    return this.#jits.get(pid);
  }
}

/** `_ZN4node5StartEiPPc+0x2e` as `node::Start+0x2e`. */
export function readableName(name: string): string {
  const plus = name.lastIndexOf('+');
  const cxx = cxxNameOf(plus === -1 ? name : name.slice(0, plus));
  if (cxx === undefined) return name;
  return plus === -1 ? cxx : cxx + name.slice(plus);
}

function readOrUndefined(path: string): Buffer | undefined {
  try {
    if (statSync(path).size > maxFileBytes) return undefined;
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
