import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFixed6, formatGeneral } from '../src/sink-text/float-text.ts';
import {
  binaryText,
  octalText,
  writeHex32,
  writeHex64,
  writeInt32,
  writeInt64,
  writePadded9,
  writeUint32,
  writeUint64,
  writeWhole,
} from '../src/sink-text/number-text.ts';
import { escaped, toUtf8, writeEscapedWords, writeHexBytes } from '../src/sink-text/string-text.ts';
import { slackBytes, TextBuffer, utf8 } from '../src/sink-text/text-buffer.ts';

const scratch = new Uint8Array(200);
const view = new DataView(scratch.buffer);
const decode = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const written = (write: (view: DataView, at: number) => number) =>
  decode(scratch.subarray(3, write(view, 3)));
const halves = (value: bigint) => ({
  high: Number(BigInt.asUintN(32, value >> 32n)),
  low: Number(BigInt.asUintN(32, value)),
});

describe('floats print as C prints them', () => {
  test.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1, '-1'],
    [0.1, '0.1'],
    [100_000, '100000'],
    [999_999, '999999'],
    [1_000_000, '1e+06'],
    [1_234_567, '1.23457e+06'],
    [123_456.5, '123456'], // a tie goes to the even digit
    [123_457.5, '123458'],
    [999_999.5, '1e+06'],
    [2.5e15, '2.5e+15'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.0001234567, '0.000123457'],
    [5e-324, '4.94066e-324'],
    [1e300, '1e+300'],
    [1.7976931348623157e308, '1.79769e+308'],
    [17283.3881, '17283.4'],
    [Math.fround(0.1), '0.1'],
    [0.5, '0.5'],
    [1.0000025, '1'], // below the tie as a double
    [8.5e-7, '8.5e-07'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, 'nan'],
  ])('%%g of %d is %s', (value, expected) => {
    expect(formatGeneral(value)).toBe(expected);
  });

  test.each([
    [0, '0.000000'],
    [-0, '-0.000000'],
    [1e10, '10000000000.000000'],
    [0.0078125, '0.007812'], // a tie goes to the even digit
    [0.0234375, '0.023438'],
    [1e-5, '0.000010'],
    [5e-324, '0.000000'],
    [-1.5, '-1.500000'],
    [2 ** 70, '1180591620717411303424.000000'],
    [Number.NaN, 'nan'],
  ])('%%f of %d is %s', (value, expected) => {
    expect(formatFixed6(value)).toBe(expected);
  });

  test('%g has six digits of the value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatGeneral(value);
        expect(text).toMatch(/^-?(\d{1,6}|\d+\.\d*[1-9]|\d(\.\d*[1-9])?e[+-]\d{2,3})$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(
          Math.max(Math.abs(value) * 5.000001e-6, Number.MIN_VALUE),
        );
      }),
    );
  });
});

describe('integers', () => {
  test('32 bits', () => {
    for (const value of [
      0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 999_999, 1e6, 99_999_999, 1e9, 2147483648,
      4294967295,
    ]) {
      expect(written((v, at) => writeUint32(v, at, value))).toBe(String(value));
      expect(written((v, at) => writeHex32(v, at, value))).toBe(
        `0x${value.toString(16).toUpperCase()}`,
      );
    }
    expect(written((v, at) => writeInt32(v, at, -2147483648))).toBe('-2147483648');
    expect(written((v, at) => writePadded9(v, at, 123_456_789))).toBe('123456789');
    expect(written((v, at) => writeUint32(v, at, -1))).toBe('4294967295');
    expect(written((v, at) => writePadded9(v, at, 5))).toBe('000000005');
  });

  test('64 bits, any value', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        const { high, low } = halves(value);
        const signed = BigInt.asIntN(64, value);
        expect(written((v, at) => writeUint64(v, at, high, low))).toBe(String(value));
        expect(written((v, at) => writeInt64(v, at, high | 0, low))).toBe(String(signed));
        expect(written((v, at) => writeHex64(v, at, high, low))).toBe(
          `0x${value.toString(16).toUpperCase()}`,
        );
      }),
    );
  });

  test.each([0n, 1n << 32n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n, 10n ** 19n, 10n ** 16n])(
    'limits: %d',
    (value) => {
      const { high, low } = halves(value);
      expect(written((v, at) => writeUint64(v, at, high, low))).toBe(String(value));
      expect(written((v, at) => writeInt64(v, at, high | 0, low))).toBe(
        String(BigInt.asIntN(64, value)),
      );
    },
  );

  test('whole numbers up to 2^53', () => {
    for (const value of [4294967296, 99_999_999_999_999, Number.MAX_SAFE_INTEGER]) {
      expect(written((v, at) => writeWhole(v, at, value))).toBe(String(value));
    }
  });

  test('octal and binary', () => {
    expect(octalText(0n)).toBe('00');
    expect(octalText(8n)).toBe('010');
    expect(binaryText(5n, 8)).toBe('0b00000101');
  });
});

describe('strings', () => {
  test('escapes', () => {
    const bytes = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
    const text = decode(escaped(bytes));
    expect(text.slice(0, 60)).toBe(
      '\\x01\\x02\\x03\\x04\\x05\\x06\\a\\b\\t\\n\\v\\f\\r\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14'.slice(
        0,
        60,
      ),
    );
    expect(text).toContain(
      '\\x1a\\e\\x1c\\x1d\\x1e\\x1f !\\"#$%&\\\'()*+,-./0123456789:;<=>\\?@ABC',
    );
    expect(text).toContain('[\\\\]');
    expect(text).toContain('~\\x7f\u0080\u0081');
    expect(text.endsWith('\u00fe\u00ff')).toBe(true);
  });

  test('by words: the same as by bytes', () => {
    const target = { bytes: scratch, view };
    const bytes = fc.uint8Array({ maxLength: 40 });
    const letters = fc.stringMatching(/^[a-z/?"]{0,40}$/).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(bytes, letters), (content) => {
        const padded = new Uint8Array(content.length + 4).fill(34);
        padded.set(content);
        const source = { bytes: padded, view: new DataView(padded.buffer) };
        const end = writeEscapedWords(target, 0, source, 0, content.length);
        expect(decode(scratch.subarray(0, end))).toBe(decode(escaped(content)));
      }),
    );
  });

  test('bytes as hexadecimal digits', () => {
    const end = writeHexBytes(scratch, 0, Uint8Array.of(0, 0x6d, 0xff), 0, 3);
    expect(decode(scratch.subarray(0, end))).toBe('00 6d ff ');
  });

  test.each([
    ['utf-16le', Buffer.from('aé😀', 'utf16le'), 'aé😀'],
    ['utf-16be', Buffer.from('aé😀', 'utf16le').swap16(), 'aé😀'],
    ['utf-32le', Buffer.from([0x61, 0, 0, 0, 0x00, 0xf6, 1, 0]), 'a😀'],
    ['utf-32be', Buffer.from([0, 0, 0, 0x61, 0, 1, 0xf6, 0]), 'a😀'],
    ['utf-16le', Buffer.from([0x00, 0xd8, 0x61, 0x00]), '\ufffda'],
    ['utf-32le', Buffer.from([0, 0, 0, 0x7f]), '\ufffd'],
  ] as const)('%s', (encoding, bytes, expected) => {
    expect(Buffer.from(toUtf8(encoding, bytes, 0, bytes.length)).toString('utf8')).toBe(expected);
  });
});

describe('TextBuffer', () => {
  function collect() {
    const parts: Buffer[] = [];
    const output = {
      isTerminal: false,
      write: (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
    };
    return { buffer: new TextBuffer(output), parts, all: () => Buffer.concat(parts).toString() };
  }

  test('keeps the order of everything', () => {
    const { buffer, all } = collect();
    let expected = '';
    for (let i = 0; i < 20_000; i++) {
      const line = `line ${i} é😀\n`;
      buffer.text(line);
      expected += line;
      buffer.flushIfFull();
    }
    buffer.copy(utf8('end'), 1, 3);
    buffer.flush();
    expect(all()).toBe(`${expected}nd`);
  });

  test('a record in the making is not written before it is complete', () => {
    const { buffer, parts } = collect();
    buffer.text('done\n');
    let at = buffer.length;
    for (let i = 0; i < 300_000; i++) {
      if (at > buffer.limit) at = buffer.room(at);
      buffer.bytes[at++] = 120;
    }
    expect(Buffer.concat(parts).toString()).toBe('done\n');
    buffer.flush();
    expect(Buffer.concat(parts).toString()).toBe('done\n');
    expect(buffer.bytes.length).toBeGreaterThan(300_000);
  });

  test('a record of any length passes in bounded memory', () => {
    const { buffer, parts } = collect();
    let at = buffer.length;
    for (let i = 0; i < 20_000_000; i += 1000) {
      if (at > buffer.limit) at = buffer.room(at);
      expect(buffer.bytes.length - at).toBeGreaterThanOrEqual(slackBytes);
      at += 1000;
    }
    buffer.length = at;
    buffer.flush();
    expect(buffer.bytes.length).toBeLessThan(20_000_000);
    expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(20_000_000);
  });

  test('long texts', () => {
    const { buffer, all } = collect();
    const long = 'é'.repeat(200_000);
    buffer.text('a');
    buffer.text(long);
    buffer.flush();
    expect(all()).toBe(`a${long}`);
  });
});
