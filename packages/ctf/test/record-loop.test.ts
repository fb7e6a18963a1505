import { explainRecordLoop } from '@sonde/ctf';
import { key, str, struct, traceClass, uint, variant } from '@sonde/testkit';
import type { StructureFieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';

function explain(header?: StructureFieldClass): string {
  const stream = { ...(header && { header }), events: [{ payload: struct({ x: uint(8) }) }] };
  return explainRecordLoop(traceClass({ streams: [stream] }).dataStreamClasses.get(0n)!);
}

const id = (lengthBits: number, alignmentBits = 8) =>
  uint(lengthBits, { roles: ['event-record-class-id'], alignmentBits });

describe('which headers the generated loop reads', () => {
  const generated: readonly [string, StructureFieldClass | undefined][] = [
    ['none', undefined],
    ['whole bytes', struct({ id: id(16), t: uint(64) }, 8)],
    ['bit fields in a word', struct({ id: id(5, 1), t: uint(27) }, 8)],
    ['padding', struct({ id: id(8), t: uint(32, { alignmentBits: 64 }) })],
  ];
  test.each(generated)('generated: %s', (_title, header) => {
    expect(explain(header)).toMatch(/^function \(cursor, budget\) \{\n {2}"use strict";/);
  });

  const closures: readonly [string, StructureFieldClass, string][] = [
    ['a string', struct({ s: str() }), 'a null-terminated-string in the header'],
    ['an end within a byte', struct({ id: id(3, 1) }), 'a part that ends within a byte'],
    [
      'an id in some options only',
      struct({
        k: key(0, uint(8)),
        v: variant(0, { a: [[0], struct({ id: id(8) })], b: [[1], struct({})] }),
      }),
      'an id in some headers only',
    ],
    [
      'a timestamp of 40 bits',
      struct({ t: uint(40, { roles: ['default-clock-timestamp'] }) }),
      'a field of 33 to 63 bits',
    ],
  ];
  test.each(closures)('closures: %s', (_title, header, reason) => {
    expect(explain(header)).toBe(`// Closures find the records: ${reason}.`);
  });
});

test('no name of the metadata gets into generated code', () => {
  const hostile = '");process.exit(1);("';
  const header = struct({
    [hostile]: key(0, id(8)),
    v: variant(0, { [hostile]: [[0], struct({ [hostile]: uint(8) })] }),
  });
  expect(explain(header)).not.toContain('process');
});
