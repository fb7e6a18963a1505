import { SymbolTable } from './symbol-table.ts';

const maxSections = 65_536;
const sectionTypes = { symbols: 2, dynamicSymbols: 11 };
const segmentLoad = 1;
const symbolBytes = 24;
const functionType = 2;
const indirectFunctionType = 10;

/** Functions of an ELF file of 64 bits, by the address that the file gives them. */
export interface ElfSymbols {
  readonly table: SymbolTable;
  /** The address that the file gives to the byte at an offset; undefined: it is not loaded. */
  addressOf(offsetBytes: number): number | undefined;
}

/** Undefined: this is no such file. Damaged tables are left out. */
export function readElfSymbols(bytes: Buffer): ElfSymbols | undefined {
  const isElf64 = bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2;
  if (!isElf64 || bytes[5] !== 1) return undefined;
  const segments = readSegments(bytes);
  const table = new SymbolTable(bytes);
  for (const section of readSections(bytes)) {
    if (section.type !== sectionTypes.symbols && section.type !== sectionTypes.dynamicSymbols)
      continue;
    addSymbols(bytes, table, section);
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

const number64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

function readSegments(bytes: Buffer): Segment[] {
  const at = number64(bytes, 32);
  const entryBytes = bytes.readUInt16LE(54);
  const segments: Segment[] = [];
  for (let i = 0; i < bytes.readUInt16LE(56); i++) {
    const entry = at + i * entryBytes;
    if (entry + 56 > bytes.length) break;
    if (bytes.readUInt32LE(entry) !== segmentLoad) continue;
    segments.push({
      offset: number64(bytes, entry + 8),
      address: number64(bytes, entry + 16),
      length: number64(bytes, entry + 32),
    });
  }
  return segments;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly stringsOffset: number;
  readonly stringsEnd: number;
}

function readSections(bytes: Buffer): Section[] {
  const at = number64(bytes, 40);
  const entryBytes = bytes.readUInt16LE(58);
  const count = Math.min(bytes.readUInt16LE(60), maxSections);
  const headAt = (index: number): number | undefined => {
    const head = at + index * entryBytes;
    return index < count && entryBytes >= 64 && head + 64 <= bytes.length ? head : undefined;
  };
  const sections: Section[] = [];
  for (let i = 0; i < count; i++) {
    const head = headAt(i);
    if (head === undefined) break;
    const strings = headAt(bytes.readUInt32LE(head + 40));
    if (strings === undefined) continue;
    sections.push({
      type: bytes.readUInt32LE(head + 4),
      offset: number64(bytes, head + 24),
      length: number64(bytes, head + 32),
      stringsOffset: number64(bytes, strings + 24),
      stringsEnd: number64(bytes, strings + 24) + number64(bytes, strings + 32),
    });
  }
  return sections;
}

function addSymbols(bytes: Buffer, table: SymbolTable, section: Section): void {
  const end = Math.min(section.offset + section.length, bytes.length);
  const stringsEnd = Math.min(section.stringsEnd, bytes.length);
  for (let at = section.offset; at + symbolBytes <= end; at += symbolBytes) {
    const type = bytes[at + 4]! & 15;
    const isDefined = bytes.readUInt16LE(at + 6) !== 0;
    if (!isDefined || (type !== functionType && type !== indirectFunctionType)) continue;
    const nameAt = section.stringsOffset + bytes.readUInt32LE(at);
    if (nameAt >= stringsEnd) continue;
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd === -1) continue;
    table.add(bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 8), nameAt, nameEnd - nameAt);
  }
}
