import { type ByteSource, memorySource } from '@sonde/ctf';

/** A source that knows what was read of it. */
export function countingSource(bytes: Uint8Array): {
  readonly source: ByteSource;
  readBytes(): number;
} {
  const inner = memorySource('chan_0', bytes);
  let total = 0;
  const source: ByteSource = {
    ...inner,
    read(offsetBytes, target, targetOffset, lengthBytes) {
      const count = inner.read(offsetBytes, target, targetOffset, lengthBytes);
      total += count;
      return count;
    },
  };
  return { source, readBytes: () => total };
}
