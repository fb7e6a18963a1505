/**
 * Where bytes come from: a file, memory, an archive member, a socket's buffer. Random access, synchronous; the caller who
 * opened it closes it.
 */
export interface ByteSource {
  /** As the user knows it: a path or URL. */
  readonly name: string;
  /** Bytes available now; a growing source may say more later. */
  readonly lengthBytes: number;
  /**
   * Copies up to `lengthBytes` bytes from `offsetBytes` to `target[targetOffset…]`.
   * @returns the number of bytes copied; less than asked for only at the end of what is available.
   */
  read(offsetBytes: number, target: Uint8Array, targetOffset: number, lengthBytes: number): number;
  close(): void;
}

/** A source in memory. `bytes` must not change while it is in use. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    lengthBytes: bytes.length,
    read(offsetBytes, target, targetOffset, lengthBytes) {
      const part = bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
      target.set(part, targetOffset);
      return part.length;
    },
    close() {},
  };
}
