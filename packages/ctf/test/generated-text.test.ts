import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextMemory } from '../src/decoder/generated/text-memory.ts';
import { decodeText } from '../src/decoder/text.ts';
import { findText } from '../src/decoder/text-cache.ts';

/** Few different bytes, so that texts come again; some are no UTF-8. */
const byte = fc.constantFrom(0, 65, 65, 66, 0xc3, 0xa9, 0xff);
const field = fc.oneof(
  fc.array(byte, { maxLength: 20 }),
  fc.array(byte, { minLength: 60, maxLength: 70 }),
  fc.array(fc.constantFrom(65, 65, 65, 66), { minLength: 60, maxLength: 70 }),
);

function inPacket(field: readonly number[], after: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(3 + field.length + 20).fill(after);
  bytes.set(field, 3);
  bytes.fill(0, bytes.length - 16);
  return { bytes, view: new DataView(bytes.buffer) };
}

function expectedOf(field: readonly number[]): { text: string; lengthBytes: number } {
  const zero = field.indexOf(0);
  const lengthBytes = zero < 0 ? field.length : zero;
  return { text: decodeText('utf-8', Uint8Array.from(field), 0, lengthBytes), lengthBytes };
}

test('findText finds what decodeText decodes, up to the first zero byte', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), fc.constantFrom(0, 65), (fields, after) => {
      for (const each of fields) {
        const { bytes, view } = inPacket(each, after);
        const { text, lengthBytes } = findText(bytes, view, 3, 3 + each.length);
        expect({ text, lengthBytes }).toEqual(expectedOf(each));
      }
    }),
    { numRuns: 500 },
  );
});

test('a memory knows equal texts only', () => {
  const small = fc.array(fc.constantFrom(0, 65, 66), { maxLength: 18 });
  fc.assert(
    fc.property(
      fc.array(small, { minLength: 2, maxLength: 30 }),
      fc.boolean(),
      fc.constantFrom(0, 65),
      fc.integer({ min: 0, max: 18 }),
      (fields, isStatic, after, length) => {
        const memory = new TextMemory();
        for (const each of fields) {
          const content = isStatic ? Array.from({ length }, (_, i) => each[i] ?? 0) : [...each, 0];
          const { bytes, view } = inPacket(content, after);
          const limit = 3 + content.length;
          const { last } = memory;
          const isLast = last.matches(view, 3);
          const { text, lengthBytes } = isLast
            ? last
            : memory.find(bytes, view, 3, limit, isStatic);
          expect({ text, lengthBytes }).toEqual(expectedOf(content));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('a text that is cut by the end of the content is not remembered', () => {
  const { bytes, view } = inPacket([65, 66, 67, 0], 0);
  const memory = new TextMemory();
  expect(memory.find(bytes, view, 3, 4, false)).toMatchObject({ text: 'A', lengthBytes: 1 });
  expect(memory.last.matches(view, 3)).toBe(false);
  expect(memory.find(bytes, view, 3, 7, false)).toMatchObject({ text: 'ABC', lengthBytes: 3 });
  expect(memory.last.matches(view, 3)).toBe(true);
});
