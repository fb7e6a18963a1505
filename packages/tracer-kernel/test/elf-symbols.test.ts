import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readFunctions } from '../src/elf-symbols.ts';
import { findFunction } from '../src/function-lookup.ts';

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

describe('what a probe names', () => {
  const path = join(folder, 'cxx');
  const symbols = [
    ['plain', 0x401100],
    ['_ZN4shop6Basket3addERKNSt7__cxx1112basic_stringIcEEi', 0x401200],
    ['_ZN4shop6Basket3addERKNSt7__cxx1112basic_stringIcEEi.cold', 0x401280],
    ['_ZNK4shop6Basket4sizeEv', 0x401300],
    ['_ZN4shop6BasketC1Ev', 0x401400],
    ['_ZN4shop6BasketC2Ev', 0x401400],
    ['_ZN4shop4openEi', 0x401500],
    ['_ZN4shop4openEd', 0x401600],
    ['_Z4freei', 0x401700],
    ['_ZSt4moveIiE', 0x401800],
    ['_ZN4shop7addressEv', 0x401900],
    ['_ZN4shop6vectorIiLi3EE2atEm', 0x401a00],
    ['_ZN4shop5PriceclEi', 0x401b00],
    ['_ZN4shoplsERSoRKNS_5PriceE', 0x401b10],
    ['_ZNK4shop5PriceltERKS0_', 0x401b20],
    ['_ZN4shop5PricepLERKS0_', 0x401b30],
    ['_ZN4shop5PricenwEm', 0x401b40],
    ['_ZNK4shop5PricecvbEv', 0x401b50],
    ['_ZN4shop6BasketD1Ev', 0x401c00],
    ['_ZN4shop6BasketD2Ev', 0x401c00],
    ['_ZN4shop12_GLOBAL__N_15countEv', 0x401c10],
    ['_ZL5quietv', 0x401c20],
    ['_ZN4shop5label5printB5cxx11Ev', 0x401c30],
    ['_ZN4shop3mapIiE3getEv', 0x401d00],
    ['_ZN4shop3mapIdE3getEv', 0x401d10],
  ] as const;
  writeFileSync(
    path,
    elf64(symbols.map(([name, address]) => ({ name, address, size: 16, info: 2 }))),
  );

  test.each([
    ['plain', 0x1100],
    ['shop::Basket::add', 0x1200],
    ['shop::Basket::size', 0x1300],
    ['shop::Basket::Basket', 0x1400],
    ['free', 0x1700],
    ['std::move', 0x1800],
    ['0x401105', 0x1105],
    ['shop::vector::at', 0x1a00],
    ['shop::Price::operator()', 0x1b00],
    ['shop::Price::operator ()', 0x1b00],
    ['shop::operator<<', 0x1b10],
    ['shop::Price::operator<', 0x1b20],
    ['shop::Price::operator+=', 0x1b30],
    ['shop::Price::operator new', 0x1b40],
    ['shop::Price::operator bool', 0x1b50],
    ['shop::Basket::~Basket', 0x1c00],
    ['shop::count', 0x1c10],
    ['quiet', 0x1c20],
    ['shop::label::print', 0x1c30],
    ['_ZN4shop3mapIdE3getEv', 0x1d10],
  ])('%s', (name, expected) => {
    expect(findFunction(path, name).offsetBytes).toBe(expected);
  });

  test.each([
    ['shop::open', 'Name one of them: _ZN4shop4openEd, _ZN4shop4openEi.'],
    ['shop::map::get', 'Name one of them: _ZN4shop3mapIdE3getEv, _ZN4shop3mapIiE3getEv.'],
    ['shop::map<int>::get', 'Name one of them: _ZN4shop3mapIdE3getEv, _ZN4shop3mapIiE3getEv.'],
    [
      'shop::vector<int>::at',
      'Name `shop::vector::at` instead of `shop::vector<int>::at`, or the symbol: _ZN4shop6vectorIiLi3EE2atEm.',
    ],
    ['shop::Basket::add(int)', 'Name `shop::Basket::add` instead'],
    ['shop::Basket::ad', 'has no function `shop::Basket::ad`. Near are: shop::Basket::add,'],
    ['shop::Price::operator[]', 'Near are: shop::Price::operator'],
    ['plainly', 'Near are: plain.'],
    ['0x1', 'has nothing at the address 0x1'],
  ])('%s is refused', (name, message) => {
    expect(() => findFunction(path, name)).toThrow(message);
  });
});
