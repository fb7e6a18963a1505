import { UsageError } from '@sonde/base';
import { parseJsonMetadata, parseTsdl, toCtf1, writeJsonMetadata, writeTsdl } from '@sonde/ctf';
import type { TraceClass } from '@sonde/trace-model';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataStream, event, member, parse, preamble, struct } from './json-support.ts';
import { asCtf2, firstDifference, mapShape, shapeOf } from './trace-class-shape.ts';

type Json = { readonly [name: string]: unknown };

const identifiers = fc.constantFrom('a', 'b', 'int', 'event', '_x', '__y', 'len', 'Z9', 'string');

const layout = fc.record({
  length: fc.integer({ min: 1, max: 64 }),
  'byte-order': fc.constantFrom('little-endian', 'big-endian'),
  alignment: fc.constantFrom(1, 2, 8, 32),
});

const mappings = fc.option(
  fc.dictionary(fc.constantFrom('low', 'high', 'a b', '"', 'int', '1'), fc.constant([[0, 1]]), {
    noNullPrototype: true,
    minKeys: 1,
  }),
  { nil: undefined },
);

const scalar: Arbitrary<Json> = fc.oneof(
  fc
    .tuple(layout, mappings, fc.constantFrom(2, 8, 10, 16), fc.boolean())
    .map(([l, m, base, s]) => ({
      type: `fixed-length-${s ? '' : 'un'}signed-integer`,
      ...l,
      mappings: m,
      'preferred-display-base': base,
    })),
  layout.map((l) => ({ type: 'fixed-length-boolean', ...l })),
  layout.map((l) => ({ type: 'fixed-length-bit-array', ...l, 'bit-order': 'first-to-last' })),
  layout.map((l) => ({ type: 'fixed-length-floating-point-number', ...l, length: 32 })),
  fc.constant({ type: 'null-terminated-string' }),
  fc.constant({ type: 'variable-length-signed-integer' }),
  fc.nat(20).map((length) => ({ type: 'static-length-string', length })),
  fc.nat(20).map((length) => ({ type: 'static-length-blob', length, 'media-type': 'x/y' })),
);

const key = { type: 'fixed-length-unsigned-integer', length: 16, 'byte-order': 'big-endian' };
const flag = { type: 'fixed-length-boolean', length: 8, 'byte-order': 'big-endian' };

/** A structure which begins with a length and a flag that fields anywhere inside can depend on. */
const structure: Arbitrary<Json> = fc.letrec<{ field: Json; structure: Json }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    tie('structure'),
    fc.tuple(tie('field'), fc.nat(3)).map(([element, length]) => ({
      type: 'static-length-array',
      length,
      'element-field-class': element,
    })),
    tie('field').map((element) => ({
      type: 'dynamic-length-array',
      'length-field-location': { path: ['key'] },
      'element-field-class': element,
    })),
    fc.constant({ type: 'dynamic-length-string', 'length-field-location': { path: ['key'] } }),
    fc.constant({ type: 'dynamic-length-blob', 'length-field-location': { path: ['key'] } }),
    tie('field').map((inner) => ({
      type: 'optional',
      'selector-field-location': { path: ['flag'] },
      'field-class': inner,
    })),
    fc
      .uniqueArray(fc.tuple(identifiers, tie('field')), {
        minLength: 1,
        maxLength: 3,
        selector: ([n]) => n,
      })
      .map((options) => ({
        type: 'variant',
        'selector-field-location': { path: ['key'] },
        options: options.map(([name, inner], i) => ({
          name,
          'selector-field-ranges': [[i * 10, i * 10 + 9]],
          'field-class': inner,
        })),
      })),
  ),
  structure: fc
    .tuple(
      fc.uniqueArray(fc.tuple(identifiers, tie('field')), { maxLength: 4, selector: ([n]) => n }),
      fc.constantFrom(1, 8, 64),
    )
    .map(([members, alignment]) => ({
      ...struct(
        member('key', key),
        member('flag', flag),
        ...members.map(([name, inner]) => member(name, inner)),
      ),
      'minimum-alignment': alignment,
    })),
})).structure;

const traceClasses = fc
  .tuple(structure, structure)
  .map(([context, payload]) =>
    parse([
      preamble,
      { ...dataStream, 'event-record-common-context-field-class': context },
      event(payload, { name: 'e' }),
    ]),
  );

/** Without names in the text, which do not count. */
function plainShape(traceClass: TraceClass): unknown {
  return mapShape(shapeOf(traceClass), ({ originalName: _, ...rest }) => rest);
}

describe('any trace class', () => {
  it('is the same after writing it as CTF 2', () => {
    fc.assert(
      fc.property(traceClasses, (source) => {
        const again = parseJsonMetadata(writeJsonMetadata(source));
        expect(firstDifference(shapeOf(again), shapeOf(source))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('is the same after writing it as CTF 1.8, as far as that can be', () => {
    let refusals = 0;
    fc.assert(
      fc.property(traceClasses, (source) => {
        let target: TraceClass;
        try {
          target = toCtf1(source, { approximate: true });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          refusals++;
          return;
        }
        const again = parseTsdl(writeTsdl(target));
        expect(firstDifference(plainShape(again), plainShape(target))).toBeUndefined();
        // And on to CTF 2.
        const third = parseJsonMetadata(writeJsonMetadata(again));
        expect(firstDifference(asCtf2(shapeOf(third)), asCtf2(shapeOf(again)))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
    expect(refusals).toBe(0);
  });
});
