import { describe, expect, it } from 'vitest';
import { failureOf, member, parseField, struct, uint } from './json-support.ts';

const layout = { length: 12, 'byte-order': 'big-endian' };
const parsedLayout = {
  lengthBits: 12,
  byteOrder: 'big-endian',
  bitOrder: 'last-to-first',
  alignmentBits: 1,
};

describe('every field class', () => {
  it.each([
    [
      { type: 'fixed-length-bit-array', ...layout, alignment: 4 },
      { type: 'fixed-length-bit-array', ...parsedLayout, alignmentBits: 4 },
    ],
    [
      { type: 'fixed-length-bit-map', ...layout, flags: { a: [[0, 3]], '1': [[11, 11]] } },
      {
        type: 'fixed-length-bit-map',
        ...parsedLayout,
        flags: [
          { label: '1', ranges: [{ lower: 11n, upper: 11n }] },
          { label: 'a', ranges: [{ lower: 0n, upper: 3n }] },
        ],
      },
    ],
    [
      { type: 'fixed-length-boolean', ...layout },
      { type: 'fixed-length-boolean', ...parsedLayout },
    ],
    [
      {
        type: 'fixed-length-signed-integer',
        ...layout,
        'bit-order': 'first-to-last',
        'preferred-display-base': 16,
        mappings: { low: [[-5, -1]] },
      },
      {
        type: 'fixed-length-signed-integer',
        ...parsedLayout,
        bitOrder: 'first-to-last',
        preferredDisplayBase: 16,
        mappings: [{ label: 'low', ranges: [{ lower: -5n, upper: -1n }] }],
      },
    ],
    [
      { type: 'variable-length-unsigned-integer', mappings: {} },
      { type: 'variable-length-unsigned-integer', preferredDisplayBase: 10, mappings: [] },
    ],
    [
      { type: 'variable-length-signed-integer' },
      { type: 'variable-length-signed-integer', preferredDisplayBase: 10 },
    ],
    [
      { type: 'fixed-length-floating-point-number', ...layout, length: 64 },
      { type: 'fixed-length-floating-point-number', ...parsedLayout, lengthBits: 64 },
    ],
    [{ type: 'null-terminated-string' }, { type: 'null-terminated-string', encoding: 'utf-8' }],
    [
      { type: 'static-length-string', length: 0, encoding: 'utf-32be' },
      { type: 'static-length-string', lengthBytes: 0, encoding: 'utf-32be' },
    ],
    [
      { type: 'static-length-blob', length: 5 },
      { type: 'static-length-blob', lengthBytes: 5, mediaType: 'application/octet-stream' },
    ],
    [
      {
        type: 'static-length-array',
        length: 2,
        'minimum-alignment': 64,
        'element-field-class': { type: 'null-terminated-string' },
      },
      {
        type: 'static-length-array',
        length: 2,
        minimumAlignmentBits: 64,
        elementFieldClass: { type: 'null-terminated-string', encoding: 'utf-8' },
      },
    ],
    [{ type: 'structure' }, { type: 'structure', members: [], minimumAlignmentBits: 1 }],
    [
      { type: 'null-terminated-string', attributes: { a: [1, 2.5, { b: null }] }, extensions: {} },
      {
        type: 'null-terminated-string',
        encoding: 'utf-8',
        attributes: { a: [1n, 2.5, { b: null }] },
      },
    ],
  ])('%j', (json, expected) => {
    expect(parseField(json)).toEqual(expected);
  });
});

describe('refused with a path', () => {
  const path = 'fragments[2].payload-field-class.member-classes[0].field-class';

  it.each([
    ['', {}, 'Missing mandatory object property `type`.'],
    ['.type', { type: 'integer' }, /^Unexpected value `integer`: expecting `dynamic-length-array`/],
    ['.length', uint(0), 'Integer 0 is too small: expecting at least 1.'],
    ['.length', uint(65), 'Integer 65 is too large: expecting at most 64.'],
    ['.alignment', uint(8, { alignment: 12 }), 'Invalid alignment: 12 is not a power of two.'],
    ['.alignment', uint(8, { alignment: 2 ** 40 }), 'Alignment 1099511627776 is too large.'],
    ['.bit-order', uint(8, { 'bit-order': 'x' }), /^Unexpected value `x`/],
    ['.covid', uint(8, { covid: 19 }), 'Unknown object property `covid`.'],
    ['.extensions', uint(8, { extensions: { x: 1 } }), 'No extension of CTF 2 is supported.'],
    ['.mappings["a b"][0]', uint(8, { mappings: { 'a b': [[2, 1]] } }), '2 is greater than 1.'],
    [
      '.mappings.a[0]',
      uint(8, { mappings: { a: [[1]] } }),
      'Size of array (1) is wrong: expecting 2 elements.',
    ],
    [
      '.flags',
      { type: 'fixed-length-bit-map', ...layout, flags: { a: [[0, 12]] } },
      'Flag `a` has a bit beyond the length (12).',
    ],
    [
      '.flags',
      { type: 'fixed-length-bit-map', ...layout, flags: {} },
      'Expecting at least one flag.',
    ],
    [
      '.length',
      { type: 'fixed-length-floating-point-number', ...layout, length: 16 },
      'Unexpected value 16: expecting 32 or 64.',
    ],
    [
      '.length',
      { type: 'static-length-string', length: 2 ** 50 },
      /^Integer 1125899906842624 is too large/,
    ],
    [
      '.member-classes[1]',
      struct(member('a', uint(8)), member('a', uint(8))),
      'Duplicate name `a`.',
    ],
    [
      '.roles[0]',
      { type: 'static-length-blob', length: 16, roles: ['data-stream-id'] },
      'Unexpected value `data-stream-id`: expecting `metadata-stream-uuid`.',
    ],
  ])('%s', (suffix, json, message) => {
    const error = failureOf(() => parseField(json));
    expect(error.message).toMatch(message);
    expect(error.place.jsonPath).toBe(path + suffix);
    expect(error.place).toMatchObject({ line: 3, offsetBytes: expect.any(Number) });
  });
});
