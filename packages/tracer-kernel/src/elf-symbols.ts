/**
 * Where functions are in an ELF file (System V ABI, "Object Files"): what a uprobe needs is their offset in the file, symbols have their
 * address in memory.
 */
import { readFileSync } from 'node:fs';
import { SondeError, UsageError } from '@sonde/base';

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

export interface FunctionSymbol {
  readonly name: string;
  /** In the file (bytes). */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const magic = 0x7f45_4c46;
const loadSegment = 1;
const symbolTableSection = 2;
const dynamicSymbolSection = 11;
const functionType = 2;
const indirectFunctionType = 10;

/** Reads ELF32 and ELF64 in both byte orders. A number beyond 2^53 makes the file a bad one. */
class ElfReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly is64Bit: boolean;
  readonly #littleEndian: boolean;
  readonly #path: string;

  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
    if (bytes.length < 64 || this.#view.getUint32(0) !== magic) {
      throw new UsageError('not-elf', `${path} is no ELF file: functions can't be found in it.`);
    }
    this.is64Bit = bytes[4] === 2;
    this.#littleEndian = bytes[5] === 1;
  }

  #read(at: number, lengthBytes: 2 | 4 | 8): number {
    if (at < 0 || at + lengthBytes > this.#bytes.length) {
      throw new SondeError('bad-elf', 'The ELF file is cut or damaged.', { path: this.#path });
    }
    const le = this.#littleEndian;
    if (lengthBytes === 2) return this.#view.getUint16(at, le);
    if (lengthBytes === 4) return this.#view.getUint32(at, le);
    return Number(this.#view.getBigUint64(at, le));
  }

  /** A field that is 4 bytes in ELF32, at `narrow`, and 8 in ELF64, at `wide`. */
  #word(base: number, narrow: number, wide: number): number {
    return this.is64Bit ? this.#read(base + wide, 8) : this.#read(base + narrow, 4);
  }

  segments(): Segment[] {
    const table = this.#word(0, 28, 32);
    const size = this.#read(this.is64Bit ? 54 : 42, 2);
    const count = this.#read(this.is64Bit ? 56 : 44, 2);
    const segments: Segment[] = [];
    for (let i = 0; i < count; i++) {
      const at = table + i * size;
      if (this.#read(at, 4) !== loadSegment) continue;
      segments.push({
        offset: this.#word(at, 4, 8),
        address: this.#word(at, 8, 16),
        fileSize: this.#word(at, 16, 32),
      });
    }
    return segments;
  }

  sections(): Section[] {
    const table = this.#word(0, 32, 40);
    const size = this.#read(this.is64Bit ? 58 : 46, 2);
    const count = this.#read(this.is64Bit ? 60 : 48, 2);
    return Array.from({ length: table === 0 ? 0 : count }, (_, i) => {
      const at = table + i * size;
      return {
        type: this.#read(at + 4, 4),
        offset: this.#word(at, 16, 24),
        size: this.#word(at, 20, 32),
        link: this.#read(at + (this.is64Bit ? 40 : 24), 4),
        entrySize: this.#word(at, 36, 56),
      };
    });
  }

  /** Functions of a symbol table: name, address and length. */
  *functions(
    table: Section,
    texts: Section,
  ): Generator<{ name: string; address: number; size: number }> {
    const least = this.is64Bit ? 24 : 16;
    const step = Math.max(table.entrySize, least);
    for (let at = table.offset; at + step <= table.offset + table.size; at += step) {
      const info = this.#byte(at + (this.is64Bit ? 4 : 12)) & 0xf;
      const section = this.#read(at + (this.is64Bit ? 6 : 14), 2);
      if ((info !== functionType && info !== indirectFunctionType) || section === 0) continue;
      yield {
        name: this.#text(texts, this.#read(at, 4)),
        address: this.#word(at, 4, 8),
        size: this.#word(at, 8, 16),
      };
    }
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #text({ offset, size }: Section, at: number): string {
    const begin = offset + at;
    const limit = Math.min(offset + size, this.#bytes.length);
    const end = this.#bytes.indexOf(0, begin);
    const last = end < 0 || end > limit ? limit : end;
    return Buffer.from(
      this.#bytes.buffer,
      this.#bytes.byteOffset + begin,
      Math.max(0, last - begin),
    ).toString('latin1');
  }
}

function openElf(path: string): ElfReader {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new UsageError('cannot-read-file', `${path} can't be read.`, {}, { cause });
  }
  return new ElfReader(bytes, path);
}

function offsetIn(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    (candidate) => address >= candidate.address && address < candidate.address + candidate.fileSize,
  );
  return segment && address - segment.address + segment.offset;
}

/** Where in the file an address in memory comes from; undefined: from nowhere. @throws as `readFunctions` */
export function offsetOfAddress(path: string, address: number): number | undefined {
  return offsetIn(openElf(path).segments(), address);
}

/** All functions of a file with a name, sorted by it. @throws UsageError `not-elf`, `cannot-read-file`; SondeError `bad-elf` */
export function readFunctions(path: string): FunctionSymbol[] {
  const elf = openElf(path);
  const segments = elf.segments();
  const sections = elf.sections();
  const found = new Map<string, FunctionSymbol>();
  for (const table of sections) {
    if (table.type !== symbolTableSection && table.type !== dynamicSymbolSection) continue;
    const texts = sections[table.link];
    if (texts === undefined) continue;
    for (const { name, address, size } of elf.functions(table, texts)) {
      const offsetBytes = offsetIn(segments, address);
      if (name === '' || offsetBytes === undefined || found.has(name)) continue;
      found.set(name, { name, offsetBytes, lengthBytes: size });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
