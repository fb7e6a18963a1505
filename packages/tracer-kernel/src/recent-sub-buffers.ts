import { endianness } from 'node:os';

/** Takes one sub-buffer of a CPU; not kept. */
export type PushSubBuffer = (cpuIndex: number, subBuffer: Uint8Array) => void;

/**
 * Lets only the last sub-buffers through: those that begin after `sinceNs`, and the one before, whose end is as recent. For what a flight
 * recorder's ring holds beyond the time that is wanted. `end` lets through what is held back.
 */
export function recentSubBuffers(
  push: PushSubBuffer,
  cpuCount: number,
  sinceNs: bigint,
): { readonly push: PushSubBuffer; end(): void } {
  const held = new Array<Uint8Array | undefined>(cpuCount).fill(undefined);
  const littleEndian = endianness() === 'LE';
  const release = (cpuIndex: number): void => {
    const before = held[cpuIndex];
    held[cpuIndex] = undefined;
    if (before !== undefined) push(cpuIndex, before);
  };
  return {
    push(cpuIndex, subBuffer) {
      const { buffer, byteOffset } = subBuffer;
      const begin = new DataView(buffer, byteOffset, 8).getBigUint64(0, littleEndian);
      if (begin < sinceNs) {
        held[cpuIndex] = subBuffer.slice();
        return;
      }
      release(cpuIndex);
      push(cpuIndex, subBuffer);
    },
    end() {
      for (const cpuIndex of held.keys()) release(cpuIndex);
    },
  };
}
