import * as b from '@sonde/testkit';
import type { FieldClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import {
  backEndFor,
  compileLength,
  compileProjection,
  compileView,
  compileWalk,
} from '../src/index.ts';
import { recordingSink } from './support/recording.ts';

function classOf(payload: Record<string, FieldClass>) {
  const traceClass = b.traceClass({
    streams: [{ header: b.struct({ id: b.uint(8) }), events: [{ payload: b.struct(payload) }] }],
  });
  return traceClass.dataStreamClasses.get(0n)!.eventRecordClasses.get(0n)!;
}
function nested(depth: number, wrap: (inner: FieldClass, level: number) => FieldClass): FieldClass {
  let fc: FieldClass = b.uint(3);
  for (let i = 0; i < depth; i++) fc = wrap(fc, i);
  return fc;
}
const cases: Record<string, Record<string, FieldClass>> = {
  'dynamic arrays': {
    f: nested(64, (inner, i) => b.struct({ n: b.key(i, b.uint(5)), a: b.dynamicArray(inner, i) })),
  },
  'static arrays': { f: nested(64, (inner) => b.array(b.struct({ x: b.uint(1), inner }), 64)) },
  variants: {
    f: nested(64, (inner, i) =>
      b.struct({
        n: b.key(i, b.uint(5)),
        a: b.variant(i, { x: [[0], inner], y: [[1], b.str()], z: [[2], b.uint(1)] }),
      }),
    ),
  },
  optionals: {
    f: nested(64, (inner, i) => b.struct({ n: b.key(i, b.uint(5)), a: b.optional(inner, i) })),
  },
  'many members': Object.fromEntries(
    Array.from({ length: 20000 }, (_, i) => [`m${i}`, i % 3 ? b.uint(1 + (i % 64)) : b.str()]),
  ),
  'many options': {
    k: b.key(0, b.uint(16)),
    v: b.variant(
      0,
      Object.fromEntries(
        Array.from({ length: 5000 }, (_, i) => [`o${i}`, [[i], b.uint(1 + (i % 32))] as const]),
      ),
    ),
  },
  'many keys': Object.fromEntries(
    Array.from({ length: 3000 }, (_, i) => [
      [`n${i}`, b.key(i, b.uint(8))],
      [`s${i}`, b.dynamicStr(i)],
    ]).flat() as [string, FieldClass][],
  ),
};
test.each(Object.keys(cases))('%s are compiled at once', (name) => {
  const eventRecordClass = classOf(cases[name]!);
  const began = performance.now();
  compileLength(eventRecordClass, 'generated');
  compileWalk(eventRecordClass, recordingSink([]));
  const projection = compileProjection(eventRecordClass, [{ path: [] }]);
  compileView(eventRecordClass, 'generated');
  expect(projection.present).toEqual([true]);
  expect(performance.now() - began).toBeLessThan(20_000);
});

describe('closures are for classes that are too much for one generated function', () => {
  const options = (count: number, inner = b.uint(8) as FieldClass) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`o${i}`, [[i], inner] as const]));

  test.each<[string, Record<string, FieldClass>]>([
    ['variables', Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`s${i}`, b.str()]))],
    ['blocks', { k: b.key(0, b.uint(16)), v: b.variant(0, options(600)) }],
    [
      'blocks in blocks',
      {
        k: b.key(0, b.uint(16)),
        v: b.variant(0, options(300, b.variant(0, options(300)))),
      },
    ],
    [
      'conditions',
      {
        k: b.key(0, b.uint(64)),
        v: b.variant(0, { a: [Array.from({ length: 10_000 }, (_, i) => i * 2), b.uint(8)] }),
      },
    ],
  ])('too many %s', (_name, payload) => {
    expect(backEndFor(classOf(payload), 'generated')).toBe('closures');
  });

  test('others are generated', () => {
    const payload = { k: b.key(0, b.uint(16)), v: b.variant(0, options(400)) };
    expect(backEndFor(classOf(payload), 'generated')).toBe('generated');
    expect(backEndFor(classOf(payload), 'closures')).toBe('closures');
  });
});
