import type { StringEncoding } from '@sonde/trace-model';

// A byte order mark is a character like others here: the encoding says the byte order.
const decoders = {
  'utf-8': new TextDecoder('utf-8', { ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { ignoreBOM: true }),
} as const;

/**
 * The text of `bytes[begin…end)`. What is no text in `encoding` (bad sequences, lone surrogates, a part of a code unit at the end)
 * becomes U+FFFD.
 */
export function decodeText(
  encoding: StringEncoding,
  bytes: Uint8Array,
  begin: number,
  end: number,
): string {
  switch (encoding) {
    case 'utf-8':
    case 'utf-16le':
    case 'utf-16be':
      return decoders[encoding].decode(bytes.subarray(begin, end));
    case 'utf-32le':
    case 'utf-32be':
      return decodeUtf32(bytes, begin, end, encoding === 'utf-32le');
  }
}

function decodeUtf32(bytes: Uint8Array, begin: number, end: number, isLittle: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let i = begin; i < end; i += 4) {
    const code = i + 4 <= end ? view.getUint32(i, isLittle) : 0xfffd;
    const isScalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    text += String.fromCodePoint(isScalar ? code : 0xfffd);
  }
  return text;
}
