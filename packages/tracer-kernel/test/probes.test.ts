import { describe, expect, test } from 'vitest';
import { parseStats } from '../src/instance.ts';
import { ownerIsAlive, ownerOf } from '../src/ownership.ts';
import { parseProbe } from '../src/uprobes.ts';

const node = process.execPath;

describe('probes', () => {
  test.each([
    [`${node}:uv_run`, { name: 'uv_run', function: 'uv_run', offsetBytes: 0, fetch: '' }],
    [`loop=${node}:uv_run+0x10`, { name: 'loop', offsetBytes: 16 }],
    [`${node}:uv_run mode=%si:u32`, { name: 'uv_run', fetch: 'mode=%si:u32' }],
    [`${node}:_ZN4node5StartEv`, { name: '_ZN4node5StartEv' }],
    [`${node}:a::B::operator()`, { function: 'a::B::operator()', name: 'a__B__operator__' }],
    [`${node}:operator+`, { function: 'operator+', offsetBytes: 0 }],
    [`${node}:operator+++4`, { function: 'operator++', offsetBytes: 4 }],
    [`${node}:B::operator+=+0x8 n=%si:u32`, { function: 'B::operator+=', offsetBytes: 8 }],
    [`${node}:B::operator new[] size=%di:u64`, { function: 'B::operator new[]' }],
    [`${node}:B::operator bool`, { function: 'B::operator bool', fetch: '' }],
    [`${node}:B::operator<< n=%si:u32`, { function: 'B::operator<<', fetch: 'n=%si:u32' }],
    [`${node}:cooperator n=%si:u32`, { function: 'cooperator', fetch: 'n=%si:u32' }],
    [`${node}:${'f'.repeat(100)}`, { name: 'f'.repeat(63) }],
  ])('%s', (text, expected) => {
    expect(parseProbe(text, false)).toMatchObject({ isReturn: false, ...expected });
  });

  test('a return tells what is returned', () => {
    expect(parseProbe(`${node}:uv_run`, true)).toMatchObject({
      name: 'uv_run_return',
      fetch: 'ret=$retval',
    });
  });

  test.each(['uv_run', `${node}:`, '/no/such/file:f', `${node}:f\nx`, `a;b=${node}:f`])(
    '%j is refused',
    (text) => {
      expect(() => parseProbe(text, false)).toThrow(expect.objectContaining({ code: 'bad-probe' }));
    },
  );

  test('a return has no offset', () => {
    expect(() => parseProbe(`${node}:uv_run+4`, true)).toThrow('no offset');
  });
});

describe('whose an instance is', () => {
  test.each([
    ['sonde_12_345', { pid: 12, startTicks: 345 }],
    ['sonde_12_345_1', { pid: 12, startTicks: 345 }],
    ['sonde_12', undefined],
    ['sonde_x_y', undefined],
    ['my_sonde_12_345', undefined],
    ['trace-cmd', undefined],
  ])('%s', (name, owner) => {
    expect(ownerOf(name)).toEqual(owner);
  });

  test('a process with another start is another one', () => {
    expect(ownerIsAlive({ pid: process.pid, startTicks: 0 })).toBe(false);
  });
});

test('counters of a buffer', () => {
  const text = `entries: 12\noverrun: 3\ncommit overrun: 1\nbytes: 480\noldest event ts:  1.2\nnow ts: 2.0\ndropped events: 7\nread events: 99\n`;
  expect(parseStats(text)).toEqual({ entries: 12, bytes: 480, overrun: 3, dropped: 8, read: 99 });
});
