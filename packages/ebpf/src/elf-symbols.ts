import { SymbolTable } from './symbol-table.ts';

const headBytes = 64;
const maxSections = 65_536;
const sectionTypes = { symbols: 2, dynamicSymbols: 11 };
const segmentLoad = 1;
const symbolBytes = 24;
const functionType = 2;
const indirectFunctionType = 10;
/** Longer tables are not read for a name. */
const maxTableBytes = 128 << 20;

/** Bytes of a file; fewer than asked for where it ends. */
export type ByteReader = (offsetBytes: number, lengthBytes: number) => Buffer;

/** Functions of an ELF file of 64 bits, by the address that the file gives them. */
export interface ElfSymbols {
  readonly table: SymbolTable;
  /** The address that the file gives to the byte at an offset; undefined: it is not loaded. */
  addressOf(offsetBytes: number): number | undefined;
}

/**
 * Reads the tables of symbols only: a program may have hundreds of megabytes.
 * @returns undefined: this is no such file. Damaged tables are left out.
 */
export function readElfSymbols(read: ByteReader): ElfSymbols | undefined {
  const head = read(0, headBytes);
  const isElf64 = head.length === headBytes && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2;
  if (!isElf64 || head[5] !== 1) return undefined;
  const segments = readSegments(read, head);
  const sections = readSections(read, head);
  const table = new SymbolTable();
  // What is exported is among all symbols, where these are there.
  for (const type of [sectionTypes.symbols, sectionTypes.dynamicSymbols]) {
    if (!table.isEmpty) break;
    for (const section of sections) if (section.type === type) addSymbols(read, table, section);
  }
  table.finish();
  return {
    table,
    addressOf(offsetBytes) {
      const segment = segments.find(
        ({ offset, length }) => offsetBytes >= offset && offsetBytes < offset + length,
      );
      return segment && offsetBytes - segment.offset + segment.address;
    },
  };
}

interface Segment {
  readonly offset: number;
  readonly length: number;
  readonly address: number;
}

/** Exact up to 2^53: no file is longer. */
const number64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;

function readSegments(read: ByteReader, head: Buffer): Segment[] {
  const entryBytes = head.readUInt16LE(54);
  const entries = read(number64(head, 32), head.readUInt16LE(56) * entryBytes);
  const segments: Segment[] = [];
  for (let at = 0; entryBytes >= 56 && at + entryBytes <= entries.length; at += entryBytes) {
    if (entries.readUInt32LE(at) !== segmentLoad) continue;
    segments.push({
      offset: number64(entries, at + 8),
      address: number64(entries, at + 16),
      length: number64(entries, at + 32),
    });
  }
  return segments;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly stringsOffset: number;
  readonly stringsLength: number;
}

function readSections(read: ByteReader, head: Buffer): Section[] {
  const entryBytes = head.readUInt16LE(58);
  const count = Math.min(head.readUInt16LE(60), maxSections);
  if (entryBytes < 64) return [];
  const entries = read(number64(head, 40), count * entryBytes);
  const sections: Section[] = [];
  for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
    const strings = entries.readUInt32LE(at + 40) * entryBytes;
    if (strings + entryBytes > entries.length) continue;
    sections.push({
      type: entries.readUInt32LE(at + 4),
      offset: number64(entries, at + 24),
      length: number64(entries, at + 32),
      stringsOffset: number64(entries, strings + 24),
      stringsLength: number64(entries, strings + 32),
    });
  }
  return sections;
}

function addSymbols(read: ByteReader, table: SymbolTable, section: Section): void {
  if (section.length > maxTableBytes || section.stringsLength > maxTableBytes) return;
  const symbols = read(section.offset, section.length);
  const strings = read(section.stringsOffset, section.stringsLength);
  for (let at = 0; at + symbolBytes <= symbols.length; at += symbolBytes) {
    const type = symbols[at + 4]! & 15;
    const isDefined = symbols.readUInt16LE(at + 6) !== 0;
    if (!isDefined || (type !== functionType && type !== indirectFunctionType)) continue;
    const nameAt = symbols.readUInt32LE(at);
    const nameEnd = strings.indexOf(0, nameAt);
    if (nameAt >= strings.length || nameEnd === -1) continue;
    const [low, high] = [symbols.readUInt32LE(at + 8), symbols.readUInt32LE(at + 12)];
    table.add(high, low, strings, nameAt, nameEnd - nameAt, number64(symbols, at + 16));
  }
}
