import type { DecodeSource } from '@sonde/ctf';

/** Bytes from hexadecimal digits (spaces allowed), followed by the 16 zero bytes that decoders may rely on. */
export function packetBytes(content: string | Uint8Array): Uint8Array {
  const bytes =
    typeof content === 'string'
      ? Uint8Array.from(Buffer.from(content.replace(/\s/g, ''), 'hex'))
      : content;
  const padded = new Uint8Array(bytes.length + 16);
  padded.set(bytes);
  return padded;
}

/** A packet's content of stream `stream`, packet 3. */
export function decodeSource(
  content: string | Uint8Array,
  parts: Partial<DecodeSource> = {},
): DecodeSource {
  const bytes = packetBytes(content);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    contentEndBits: (bytes.length - 16) * 8,
    keys: [],
    stream: { name: 'stream' },
    packet: { index: 3 },
    ...parts,
  };
}
