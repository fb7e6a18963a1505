/** Names for addresses in processes: from the files they have mapped, and from the map that a JIT writes for perf (`node --perf-basic-prof`). */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { basename } from 'node:path';
import { cxxNameOf } from './cxx-name.ts';
import { type ByteReader, type ElfSymbols, readElfSymbols } from './elf-symbols.ts';
import { SymbolTable } from './symbol-table.ts';

/** Longer maps of a JIT are not read for a name. */
const maxMapBytes = 64 << 20;
const maxProcesses = 256;
/** Of names that are kept, besides those that were read last. */
const maxKeptBytes = 48 << 20;

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
  const table = new SymbolTable();
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline === -1 ? bytes.length : newline;
    const match = /^([0-9a-f]{1,16}) ([0-9a-f]+) /i.exec(
      bytes.toString('latin1', at, Math.min(end, at + 40)),
    );
    if (match !== null) {
      const address = BigInt(`0x${match[1]}`);
      const nameAt = at + match[0].length;
      const [high, low] = [Number(address >> 32n), Number(address & 0xffff_ffffn)];
      table.add(high, low, bytes, nameAt, end - nameAt, Number.parseInt(match[2]!, 16));
    }
    at = end + 1;
  }
  table.finish();
  return table;
}

/** What is mapped, and what has been found out about it. */
interface KnownMapping extends Mapping {
  file?: ElfSymbols | undefined;
}

/** Names of user-space functions. Tables are read when a name in them is asked for; those not used for longest go when they are too many. */
export class UserSymbols {
  /** By what tells a file, and one version of it, from all others; the one that was used last comes last. */
  readonly #files = new Map<string, ElfSymbols | undefined>();
  readonly #processes = new Map<number, readonly KnownMapping[]>();
  readonly #jits = new Map<number, SymbolTable | undefined>();
  #keptBytes = 0;

  /**
   * `memcpy+0x1c (libc.so.6)`, `node::Start+0x2e (node)`; `[libc.so.6+0x2b7f0]` for a function without a name, as addr2line takes it;
   * undefined: it is in no file, or the process is gone already.
   */
  find(pid: number, address: bigint): string | undefined {
    const at = Number(address);
    const mapping = this.#mappings(pid).find(({ begin, end }) => at >= begin && at < end);
    if (mapping === undefined) return undefined;
    if (!mapping.path.startsWith('/')) return this.#jit(pid)?.find(address);
    if (!('file' in mapping)) mapping.file = this.#file(pid, mapping.path);
    const { file } = mapping;
    const inFile = file?.addressOf(at - mapping.begin + mapping.offsetBytes);
    const where = basename(mapping.path);
    if (inFile === undefined) return `[${where}]`;
    const name = file!.table.find(BigInt(inFile));
    return name === undefined
      ? `[${where}+0x${inFile.toString(16)}]`
      : `${readableName(name)} (${where})`;
  }

  /** Forgets what it knows of processes: they may have mapped other files since. */
  forgetProcesses(): void {
    this.#processes.clear();
    for (const table of this.#jits.values()) this.#keptBytes -= table?.bytes ?? 0;
    this.#jits.clear();
  }

  /** What the names take in memory. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  #mappings(pid: number): readonly KnownMapping[] {
    let mappings = this.#processes.get(pid);
    if (mappings === undefined) {
      if (this.#processes.size >= maxProcesses) this.forgetProcesses();
      mappings = parseMaps(readOrUndefined(`/proc/${pid}/maps`)?.toString('utf8') ?? '');
      this.#processes.set(pid, mappings);
    }
    return mappings;
  }

  #file(pid: number, path: string): ElfSymbols | undefined {
    // As the process sees it: it may live in another mount namespace.
    const opened = openFile(`/proc/${pid}/root${path}`) ?? openFile(path);
    if (opened === undefined) return undefined;
    try {
      const { key, read } = opened;
      if (!this.#files.has(key)) this.#keep(key, readElfSymbols(read));
      const file = this.#files.get(key);
      this.#files.delete(key);
      this.#files.set(key, file);
      return file;
    } finally {
      closeSync(opened.descriptor);
    }
  }

  #keep(key: string, file: ElfSymbols | undefined): void {
    this.#files.set(key, file);
    this.#keptBytes += file?.table.bytes ?? 0;
    for (const [other, forgotten] of this.#files) {
      if (this.#keptBytes <= maxKeptBytes || other === key) break;
      this.#files.delete(other);
      this.#keptBytes -= forgotten?.table.bytes ?? 0;
      // Their mappings know it, too.
      this.forgetProcesses();
    }
  }

  #jit(pid: number): SymbolTable | undefined {
    if (!this.#jits.has(pid)) {
      if (this.#keptBytes > maxKeptBytes) this.forgetProcesses();
      const bytes = readOrUndefined(`/proc/${pid}/root/tmp/perf-${pid}.map`);
      const table = bytes && parsePerfMap(bytes);
      this.#jits.set(pid, table);
      this.#keptBytes += table?.bytes ?? 0;
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
    if (statSync(path).size > maxMapBytes) return undefined;
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

interface OpenFile {
  readonly descriptor: number;
  readonly key: string;
  readonly read: ByteReader;
}

/** Undefined: it can't be opened, or is no regular file. */
function openFile(path: string): OpenFile | undefined {
  try {
    if (!statSync(path).isFile()) return undefined;
    // Had a pipe come to its place, it would wait for the other end.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { dev, ino, size, mtimeMs } = fstatSync(descriptor);
    return {
      descriptor,
      key: `${dev} ${ino} ${size} ${mtimeMs}`,
      read: (offsetBytes, lengthBytes) =>
        readAt(descriptor, offsetBytes, Math.min(lengthBytes, size - offsetBytes)),
    };
  } catch {
    return undefined;
  }
}

function readAt(descriptor: number, offsetBytes: number, lengthBytes: number): Buffer {
  if (lengthBytes <= 0) return Buffer.alloc(0);
  const bytes = Buffer.allocUnsafe(lengthBytes);
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, lengthBytes, offsetBytes));
  } catch {
    // As if the file ended here.
    return Buffer.alloc(0);
  }
}
