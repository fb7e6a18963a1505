import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  parseKallsyms,
  parseMaps,
  parsePerfMap,
  readableName,
  readElfSymbols,
  UserSymbols,
} from '../src/index.ts';

const kallsyms = Buffer.from(`ffffffff81000000 T _text
ffffffff81000100 t first
ffffffff81000200 D some_data
ffffffff81000300 W weak
ffffffffc0001000 t of_module\t[module]
0000000000000000 A percpu
ffffffff81000080 t before
`);

test.each([
  [0xffffffff81000000n, '_text+0x0'],
  [0xffffffff8100007fn, '_text+0x7f'],
  [0xffffffff81000080n, 'before+0x0'],
  [0xffffffff81000201n, 'first+0x101'],
  [0xffffffff81000310n, 'weak+0x10'],
  [0xffffffffc0001004n, 'of_module+0x4'],
  [0xffffffff80000000n, undefined],
])('kallsyms: %d is %s', (address, name) => {
  expect(parseKallsyms(kallsyms).find(address)).toBe(name);
});

test('kallsyms that hides its addresses is empty', () => {
  expect(parseKallsyms(Buffer.from('0000000000000000 T _text\n')).isEmpty).toBe(true);
});

test('many symbols: the table grows, and finds each', () => {
  const line = (i: number): string =>
    `${(0x1000 + i * 16).toString(16).padStart(16, '0')} T f${i}\n`;
  const count = 70_000;
  const table = parseKallsyms(
    Buffer.from(Array.from({ length: count }, (_, i) => line(i)).join('')),
  );
  for (const i of [0, 1, 65_535, 65_536, count - 1]) {
    expect(table.find(BigInt(0x1003 + i * 16))).toBe(`f${i}+0x3`);
  }
});

test('a map of a JIT: names with spaces, lines that are none', () => {
  const table = parsePerfMap(
    Buffer.from('3ef414c0 398 LazyCompile:~f file.js:1\nnonsense\n3ef41900 10 g'),
  );
  expect(table.find(0x3ef414c4n)).toBe('LazyCompile:~f file.js:1+0x4');
  expect(table.find(0x3ef41900n)).toBe('g+0x0');
  expect(table.find(0x3ef41910n)).toBeUndefined();
});

test('maps: executable parts only, with file and offset', () => {
  const text = `00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/dbus daemon (deleted)
00651000-00652000 r--p 00051000 08:02 173521      /usr/bin/dbus
7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n`;
  expect(parseMaps(text)).toEqual([
    { begin: 0x400000, end: 0x452000, offsetBytes: 0x1000, path: '/usr/bin/dbus daemon' },
    { begin: 0x7f0000000000, end: 0x7f0000001000, offsetBytes: 0, path: '' },
  ]);
});

test('of names of one address, the first wins, as the kernel has it', () => {
  const table = parseKallsyms(
    Buffer.from('ffffffff81000010 T a\nffffffff81000010 T b\nffffffff81000000 T z\n'),
  );
  expect(table.find(0xffffffff81000012n)).toBe('a+0x2');
});

const isElf = process.platform === 'linux';
const readerOf =
  (bytes: Buffer) =>
  (at: number, length: number): Buffer =>
    bytes.subarray(at, at + length);

test.runIf(isElf)('names of this very process: a function of node', () => {
  const executable = readElfSymbols(readerOf(readFileSync(process.execPath)))!;
  const mapping = parseMaps(readFileSync('/proc/self/maps', 'utf8')).find(
    ({ path }) => path === process.execPath,
  )!;
  const symbols = new UserSymbols();
  const name = symbols.find(process.pid, BigInt(mapping.begin + 0x1000));
  expect(name).toMatch(/\+0x[0-9a-f]+ \(node\w*\)$/);
  // The names, not the program, which has a hundred megabytes.
  expect(symbols.keptBytes).toBeGreaterThan(0);
  expect(symbols.keptBytes).toBeLessThan(40 << 20);
  expect(executable.addressOf(mapping.offsetBytes)).toBeTypeOf('number');
});

test.runIf(isElf)('another file at the same path has names of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-symbols-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'program');
  const symbols = new UserSymbols();
  const nameIn = async (source: string, args: readonly string[]): Promise<string | undefined> => {
    rmSync(program, { force: true });
    copyFileSync(source, program);
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    // It runs when it has answered.
    child.stdin.write('\n');
    await once(child.stdout, 'data');
    const mapping = parseMaps(readFileSync(`/proc/${child.pid}/maps`, 'utf8')).find(
      ({ path }) => path === program,
    )!;
    const name = symbols.find(child.pid!, BigInt(mapping.begin + 0x1000));
    child.kill();
    await once(child, 'close');
    return name;
  };
  const first = await nameIn('/bin/cat', []);
  const second = await nameIn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)']);
  expect(second).toMatch(/\+0x[0-9a-f]+ \(program\)$/);
  // cat tells no names: those of the first pages are no function's.
  expect(first).toMatch(/^\[program\+0x[0-9a-f]+\]$/);
  expect(second).not.toBe(first);
});

test('what is no ELF file, or is damaged, gives no names and no error', () => {
  expect(readElfSymbols(readerOf(Buffer.from('#!/bin/sh\n')))).toBeUndefined();
  if (!isElf) return;
  const head = readFileSync(process.execPath).subarray(0, 4096);
  for (let i = 0; i < 64; i++) {
    const damaged = Buffer.from(head);
    damaged[i]! ^= 0xff;
    expect(readElfSymbols(readerOf(damaged))?.table.find(0x1000n)).toBeUndefined();
  }
});

test.each([
  ['_ZN4node5StartEiPPc+0x2e', 'node::Start+0x2e'],
  ['_ZN3toppLERKNS_4TypeE+0x10', 'top::operator+=+0x10'],
  ['_ZN3top5ScopeC1Ev', 'top::Scope::Scope'],
  ['main+0x1', 'main+0x1'],
  ['operator+', 'operator+'],
])('%s is shown as %s', (name, shown) => {
  expect(readableName(name)).toBe(shown);
});
