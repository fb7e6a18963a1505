import type { RandomAccess } from './recording.ts';

/** Read at once. */
const chunkBytes = 256 * 1024;

/** Whole sub-buffers of a part of a file; what a killed recorder left of a last one is left out. */
export function* fileChunks(
  source: RandomAccess,
  offsetBytes: number,
  lengthBytes: number,
  subBufferBytes: number,
): Generator<Uint8Array> {
  const end = lengthBytes - (lengthBytes % subBufferBytes);
  const step = Math.max(subBufferBytes, chunkBytes - (chunkBytes % subBufferBytes));
  for (let at = 0; at < end; at += step) {
    yield source.read(offsetBytes + at, Math.min(step, end - at));
  }
}
