/** bpf(2): the commands, and the union of their attributes as bytes. Numbers are those of linux/bpf.h. */
import type { Native, NativeMemory } from './native.ts';

export const command = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  mapNextKey: 4,
  programLoad: 5,
  programNextId: 11,
  mapNextId: 12,
  programById: 13,
  mapById: 14,
  objectInfo: 15,
  rawTracepointOpen: 17,
  btfLoad: 18,
  mapLookupBatch: 24,
  linkCreate: 28,
  enableStatistics: 32,
  iteratorCreate: 33,
} as const;

/** Longer than any union of attributes that we fill in; the kernel accepts zeros behind what it knows. */
const attributeBytes = 152;

/** One call of bpf(2). Attributes are written at their offsets; what is not written is 0. */
export class BpfAttributes {
  readonly memory: NativeMemory;
  readonly #native: Native;

  constructor(native: Native) {
    this.#native = native;
    this.memory = native.allocate(attributeBytes);
  }

  clear(): this {
    this.memory.bytes.fill(0);
    return this;
  }

  u32(offset: number, value: number): this {
    this.memory.view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: number | bigint): this {
    this.memory.view.setBigUint64(offset, BigInt(value), true);
    return this;
  }

  /** At most 15 characters: names of objects, for `bpftool` and others. */
  name(offset: number, text: string): this {
    const name = text.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15);
    for (let i = 0; i < name.length; i++) this.memory.bytes[offset + i] = name.charCodeAt(i);
    return this;
  }

  /** @throws SystemCallError */
  call(number: number, lengthBytes: number, what: string): number {
    return this.#native.call('bpf', what, number, this.memory.address, lengthBytes);
  }

  [Symbol.dispose](): void {
    this.memory.free();
  }
}
