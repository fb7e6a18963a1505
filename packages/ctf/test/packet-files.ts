import type { ByteSource } from '@sonde/ctf';
import { memorySource } from '@sonde/ctf';
import { type PacketText, packetOf } from '@sonde/testkit';

/** LTTng's index (version 1.1) of a file that holds `packets`. */
export function idxOf(packets: readonly PacketText[]): Uint8Array {
  const bytes = new Uint8Array(16 + 72 * packets.length);
  const view = new DataView(bytes.buffer);
  [0xc1f1dcc1, 1, 1, 72].forEach((word, i) => {
    view.setUint32(i * 4, word);
  });
  let offsetBytes = 0;
  packets.forEach((packet, i) => {
    const length = packetOf(packet).length;
    const words = [
      offsetBytes,
      length * 8,
      (length - (packet.paddingBytes ?? 0)) * 8,
      packet.begin,
      packet.end,
      packet.discarded ?? 0,
      0,
      packet.id ?? 0,
      packet.sequenceNumber ?? 0,
    ];
    words.forEach((word, position) => {
      view.setBigUint64(16 + i * 72 + position * 8, BigInt(word));
    });
    offsetBytes += length;
  });
  return bytes;
}

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
