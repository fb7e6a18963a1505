import { parseEventFormat } from '@sonde/ftrace';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, SubBufferBuilder } from './sub-buffer-builder.ts';
import { converter } from './support.ts';

/** An event with one number, printed in some way. */
function formatOf(type: string, printFormat: string) {
  const [bits = '32'] = /\d+/.exec(type) ?? [];
  const size = Number(bits) / 8;
  const signed = type.startsWith('s') ? 1 : 0;
  return parseEventFormat(
    'test',
    `name: named
ID: 7
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:${type} n;\toffset:8;\tsize:${size};\tsigned:${signed};

print fmt: ${printFormat}
`,
  );
}

/** `name: value,value; …`, as the field's class has them. */
function mappingsOf(type: string, printFormat: string): string | undefined {
  const field = converter([formatOf(type, printFormat)]).layout.events[0]!.plan.fields[0]!;
  if (field.kind !== 'integer' || field.mappings === undefined) return undefined;
  return field.mappings
    .map(({ label, ranges }) => `${label}: ${ranges.map(({ lower }) => lower).join(',')}`)
    .join('; ');
}

describe('names of values', () => {
  test.each([
    ['u32', '"%s", __print_symbolic(REC->n, { 0, "HI" }, { 1, "TIMER" })', 'HI: 0; TIMER: 1'],
    ['u32', '"%s", __print_symbolic(REC->n, {0,"HI"},{0x1F,"hex"})', 'HI: 0; hex: 31'],
    ['u64', '"%s", __print_symbolic(REC->n, { 1ULL, "one" }, { 2UL, "two" })', 'one: 1; two: 2'],
    ['s32', '"%s", __print_symbolic(REC->n, { -1, "none" }, { 2, "two" })', 'none: -1; two: 2'],
    ['u32', '"%s", __print_symbolic(REC->n, { -1, "all" })', 'all: 4294967295'],
    ['u8', '"%s", __print_symbolic(REC->n, { 255, "in" }, { 256, "out" })', 'in: 255'],
    ['u32', '"%s", __print_symbolic(REC->n, { 1, "same" }, { 2, "same" })', 'same: 1,2'],
    ['u32', '"%s", __print_symbolic(REC->n, { 1, "first" }, { 1, "second" })', 'first: 1'],
    ['u32', '"%s", __print_symbolic(REC->n, { (1 << 3), "bit" }, { 2, "two" })', 'two: 2'],
    ['u32', '"%s", __print_symbolic(REC->n, { A_NAME, "name" })', undefined],
    ['u32', '"%s", __print_symbolic(REC->n & 3, { 1, "one" })', undefined],
    ['u32', '"%s", __print_symbolic(REC->other, { 1, "one" })', undefined],
    ['u32', '"%s", __print_flags(REC->n, "|", { 1, "one" })', undefined],
    ['u32', '"%s", __print_symbolic(REC->n, { 1, "one" }, ', 'one: 1'],
    ['u32', '"%s", __print_symbolic(REC->n, ', undefined],
  ])('%s: %s', (type, printFormat, expected) => {
    expect(mappingsOf(type, printFormat)).toBe(expected);
  });

  test('a record has the number', () => {
    const format = formatOf('u32', '"%s", __print_symbolic(REC->n, { 1, "a \\"b\\" \\\\" })');
    const { cpu, decode } = converter([format]);
    cpu.push(new SubBufferBuilder(0n).event(1, 7, 1, bytesOf([4, 1])).end());
    expect(decode().events[0]!.payload['n']).toBe(1);
  });

  test('any text is read, in time', () => {
    const parts = fc.constantFrom(
      '__print_symbolic(REC->n, ',
      '{ 1, "x" }',
      ', ',
      '{',
      '"',
      '\\',
      ')',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 200 }), (texts) => {
        mappingsOf('u32', texts.join('').replaceAll('\n', ''));
      }),
      { numRuns: 200 },
    );
  });
});
