import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readFunctions } from '../src/elf-symbols.ts';

const folder = mkdtempSync(join(tmpdir(), 'elf-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A minimal ELF64 file: one LOAD segment at 0x400000 + its file offset, one symbol table. */
function elf64(symbols: readonly { name: string; address: number; size: number; info: number }[]) {
  const texts = Buffer.from(`\0${symbols.map(({ name }) => `${name}\0`).join('')}`, 'latin1');
  const symbolsAt = 64 + 56;
  const textsAt = symbolsAt + 24 * symbols.length;
  const sectionsAt = textsAt + texts.length;
  const bytes = Buffer.alloc(sectionsAt + 3 * 64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeBigUInt64LE(BigInt(sectionsAt), 40);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  bytes.writeUInt32LE(1, 64);
  bytes.writeBigUInt64LE(0x1000n, 64 + 8);
  bytes.writeBigUInt64LE(0x401000n, 64 + 16);
  bytes.writeBigUInt64LE(0x2000n, 64 + 32);
  let nameAt = 1;
  for (const [i, { name, address, size, info }] of symbols.entries()) {
    const at = symbolsAt + 24 * i;
    bytes.writeUInt32LE(nameAt, at);
    bytes.writeUInt8(info, at + 4);
    bytes.writeUInt16LE(1, at + 6);
    bytes.writeBigUInt64LE(BigInt(address), at + 8);
    bytes.writeBigUInt64LE(BigInt(size), at + 16);
    nameAt += name.length + 1;
  }
  texts.copy(bytes, textsAt);
  const section = (index: number, type: number, offset: number, size: number, link: number) => {
    const at = sectionsAt + 64 * index;
    bytes.writeUInt32LE(type, at + 4);
    bytes.writeBigUInt64LE(BigInt(offset), at + 24);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
    bytes.writeUInt32LE(link, at + 40);
    bytes.writeBigUInt64LE(24n, at + 56);
  };
  section(1, 2, symbolsAt, 24 * symbols.length, 2);
  section(2, 3, textsAt, texts.length, 0);
  return bytes;
}

const path = join(folder, 'file');
const [functionInfo, objectInfo, indirectInfo] = [0x12, 0x11, 0x1a];

describe('functions of an ELF file', () => {
  test('offsets are in the file, not in memory; data and what lies nowhere are left out', () => {
    const file = elf64([
      { name: 'work', address: 0x401234, size: 16, info: functionInfo },
      { name: 'choose', address: 0x401300, size: 8, info: indirectInfo },
      { name: 'table', address: 0x401400, size: 8, info: objectInfo },
      { name: 'elsewhere', address: 0x999999, size: 8, info: functionInfo },
    ]);
    writeFileSync(path, file);
    expect(readFunctions(path)).toEqual([
      { name: 'choose', offsetBytes: 0x1300, lengthBytes: 8 },
      { name: 'work', offsetBytes: 0x1234, lengthBytes: 16 },
    ]);
  });

  test('a file cut anywhere gives an error of ours or fewer functions, never another error', () => {
    const file = elf64([{ name: 'work', address: 0x401234, size: 16, info: functionInfo }]);
    for (let length = 0; length < file.length; length++) {
      writeFileSync(path, file.subarray(0, length));
      try {
        expect(readFunctions(path).length).toBeLessThanOrEqual(1);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(not-elf|bad-elf)$/) });
      }
    }
  });

  const nm = spawnSync('nm', ['--version']).error === undefined;
  test.skipIf(!nm)('those of the running node are those that nm tells', () => {
    const found = new Map(readFunctions(process.execPath).map((f) => [f.name, f]));
    const lines = execFileSync('nm', ['-D', '--defined-only', process.execPath], {
      encoding: 'utf8',
      maxBuffer: 2 ** 27,
    }).split('\n');
    const names = lines.flatMap((line) => / [TWi] ([^@\s]+)/.exec(line)?.[1] ?? []).slice(0, 500);
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});
