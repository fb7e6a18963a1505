import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MetadataError } from '@sonde/base';
import { readMetadata } from '@sonde/ctf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, fragmentBytes, preamble } from './json-support.ts';
import { loadMetadataCases, needsCorpus } from './metadata-corpus.ts';

const text = 'trace { major = 1; minor = 8; byte_order = le; }; /* é */\n';

interface PacketParts {
  readonly text?: string;
  readonly littleEndian?: boolean;
  readonly paddingBytes?: number;
  /** Changes bytes of the header by offset. */
  readonly patch?: Readonly<Record<number, number>>;
}

/** One packet of packetised metadata. */
function packet(parts: PacketParts = {}): Uint8Array {
  const content = new TextEncoder().encode(parts.text ?? text);
  const contentBytes = 37 + content.length;
  const bytes = new Uint8Array(contentBytes + (parts.paddingBytes ?? 0));
  const view = new DataView(bytes.buffer);
  const littleEndian = parts.littleEndian ?? true;
  view.setUint32(0, 0x75d11d57, littleEndian);
  for (let i = 0; i < 16; i++) bytes[4 + i] = i;
  view.setUint32(24, contentBytes * 8, littleEndian);
  view.setUint32(28, bytes.length * 8, littleEndian);
  bytes.set([0, 0, 0, 1, 8], 32);
  for (const [at, byte] of Object.entries(parts.patch ?? {})) bytes[Number(at)] = byte;
  bytes.set(content, 37);
  return bytes;
}

function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('the form', () => {
  it('is plain text', () => {
    const metadata = readMetadata(new TextEncoder().encode(text), 'metadata');
    expect(metadata).toMatchObject({ text, isPacketised: false, warnings: [] });
    expect(metadata.traceClass.ctfVersion).toBe('1.8');
    expect(metadata.byteOrder).toBeUndefined();
  });

  it('is a JSON text sequence', () => {
    const bytes = fragmentBytes(preamble, { type: 'trace-class' });
    const metadata = readMetadata(bytes, 'metadata');
    expect(metadata).toMatchObject({ isPacketised: false, traceClass: { ctfVersion: '2.0' } });
    expect(metadata.text).toBe(new TextDecoder().decode(bytes));
    expect(metadata.warnings).toEqual([expect.stringMatching(/no data stream class/)]);
  });

  it.each([true, false])('is packets, little-endian: %s', (littleEndian) => {
    const [first, second] = [text.slice(0, 20), text.slice(20)];
    const bytes = joinBytes(
      packet({ text: first, littleEndian, paddingBytes: 100 }),
      packet({ text: '', littleEndian }),
      packet({ text: second, littleEndian }),
    );
    expect(readMetadata(bytes, 'metadata')).toMatchObject({
      text,
      isPacketised: true,
      byteOrder: littleEndian ? 'little-endian' : 'big-endian',
    });
  });
});

describe('packets are refused', () => {
  it.each<[string, PacketParts, RegExp]>([
    ['with compression', { patch: { 32: 1 } }, /compression/],
    ['with encryption', { patch: { 33: 1 } }, /encryption/],
    ['with a checksum scheme', { patch: { 34: 1 } }, /checksum/],
    ['with a checksum', { patch: { 20: 1 } }, /checksum/],
    ['of another version', { patch: { 35: 2 } }, /version 2\.8/],
    [
      'with a content smaller than the header',
      { patch: { 24: 0, 25: 1 } },
      /smaller than its header/,
    ],
    ['with a content in bits', { patch: { 24: 0xff } }, /content size is not in whole bytes/],
    ['with a size in bits', { patch: { 28: 0xff } }, /packet size is not in whole bytes/],
    ['smaller than their content', { patch: { 28: 0, 29: 1 } }, /greater than the packet/],
  ])('%s', (_, parts, message) => {
    const error = failureOf(() => readMetadata(joinBytes(packet(), packet(parts)), 'metadata'));
    expect(error.message).toMatch(message);
    expect(error.place).toEqual({ path: 'metadata', offsetBytes: packet().length });
  });

  it('with another magic number or UUID than before', () => {
    for (const at of [0, 4]) {
      const bytes = joinBytes(packet(), packet({ patch: { [at]: 0x77 } }));
      expect(failureOf(() => readMetadata(bytes, 'm')).place.offsetBytes).toBe(packet().length);
    }
  });

  it('when they are not complete, but for a single byte', () => {
    const bytes = joinBytes(packet(), packet());
    for (let end = packet().length + 2; end < bytes.length; end++) {
      expect(failureOf(() => readMetadata(bytes.subarray(0, end), 'm')).code).toBe(
        'bad-metadata-packet',
      );
    }
    const { warnings } = readMetadata(bytes.subarray(0, packet().length + 1), 'm');
    expect(warnings).toEqual([expect.stringMatching(/last byte/)]);
  });
});

it('is never empty, and no longer than the limit', () => {
  expect(failureOf(() => readMetadata(new Uint8Array(), 'm')).code).toBe('empty-metadata');
  const options = { limits: { textLength: 10 } };
  const error = failureOf(() => readMetadata(new TextEncoder().encode(text), 'm', options));
  expect(error).toMatchObject({ code: 'metadata-limit', place: { path: 'm' } });
});

it('is read or refused, whatever the bytes', () => {
  const good = [packet(), packet({ littleEndian: false }), joinBytes(packet(), packet())];
  const change = fc.record({ base: fc.constantFrom(...good), at: fc.nat(60), byte: fc.nat(255) });
  fc.assert(
    fc.property(change, fc.nat(200), ({ base, at, byte }, end) => {
      const bytes = base.slice(0, end);
      if (at < bytes.length) bytes[at] = byte;
      try {
        readMetadata(bytes, 'm');
      } catch (error) {
        if (!(error instanceof MetadataError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

/** Not TSDL, but a test of packets only: its text is a piece out of the middle. */
const notTsdl = /pass-with-signature/;

describe(`yactfr's metadata streams${needsCorpus}`, () => {
  for (const c of loadMetadataCases(/^yactfr-metadata-stream$/)) {
    it(c.name, () => {
      const meta = JSON.parse(readFileSync(join(dirname(dirname(c.file)), 'meta.json'), 'utf8'));
      if (c.expect === 'fail') {
        const { place } = failureOf(() => readMetadata(c.bytes, c.file));
        expect(place.offsetBytes ?? 0).toBe(meta.fail_at_byte);
        return;
      }
      const expected = join(dirname(dirname(c.file)), 'expected.metadata.txt');
      if (notTsdl.test(c.name) || !existsSync(expected)) {
        expect(failureOf(() => readMetadata(c.bytes, c.file)).place.line).toBe(1);
        return;
      }
      // Babeltrace puts a signature in front of texts that have none.
      const signature = /^\/\* CTF 1\.8 \*\/\s*/;
      const plain = (metadata: string) => metadata.replace(signature, '').trimEnd();
      expect(plain(readMetadata(c.bytes, c.file).text)).toBe(plain(readFileSync(expected, 'utf8')));
    });
  }
});
