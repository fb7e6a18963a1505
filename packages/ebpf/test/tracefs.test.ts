import { expect, test } from 'vitest';
import { parseFormat, readFormat } from '../src/index.ts';

const format = `name: x
ID: 331
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;
\tfield:__data_loc char[] name;\toffset:24;\tsize:4;\tsigned:0;
\tfield:void * lock_addr;\toffset:32;\tsize:8;\tsigned:0;

print fmt: "field:%d;", REC->x
`;

test('reads fields and their places', () => {
  const { id, fields } = parseFormat(format);
  expect(id).toBe(331);
  expect(fields.map((f) => [f.name, f.type, f.offsetBytes, f.lengthBytes, f.isSigned])).toEqual([
    ['common_type', 'unsigned short', 0, 2, false],
    ['common_pid', 'int', 4, 4, true],
    ['prev_comm', 'char', 8, 16, false],
    ['name', '__data_loc char[]', 24, 4, false],
    ['lock_addr', 'void *', 32, 8, false],
  ]);
  expect(fields.map((f) => [f.isArray, f.isDynamic])).toEqual([
    [false, false],
    [false, false],
    [true, false],
    [true, true],
    [false, false],
  ]);
});

test('a text without an ID is no format', () => {
  expect(() => parseFormat('')).toThrow('no ID');
});

test('an event that is not there, or a path instead of a name, is undefined', () => {
  expect(readFormat('sched', 'no_such_event')).toBeUndefined();
  expect(readFormat('..', 'x')).toBeUndefined();
});
