/** Places of pending operations: which one follows from the key. */
import { BpfMap, type Native, type NativeMemory } from '@sonde/ebpf';
import { pending, slotCountBits, slotKeyBytes } from './layout.ts';
import { pendingBytes, type TrackerPlan } from './plan-types.ts';

const slotCount = 1 << slotCountBits;

export class Slots {
  /** One value: all slots. */
  readonly map: BpfMap;
  /** Those of all trackers for one key, side by side. */
  readonly strideBytes: number;
  readonly #offsets: ReadonlyMap<TrackerPlan, number>;
  readonly #memory: NativeMemory;
  readonly #words: BigUint64Array;

  constructor(native: Native, name: string, plans: readonly TrackerPlan[]) {
    const offsets = new Map<TrackerPlan, number>();
    let strideBytes = 0;
    for (const plan of plans.filter(({ keepsInSlots }) => keepsInSlots)) {
      offsets.set(plan, strideBytes);
      strideBytes += slotKeyBytes + pendingBytes(plan);
    }
    this.#offsets = offsets;
    this.strideBytes = strideBytes;
    this.map = new BpfMap(native, {
      type: 'array',
      name: `${name}_slot`,
      keyBytes: 4,
      valueBytes: strideBytes * slotCount,
      maxEntries: 1,
      isMappable: true,
    });
    this.#memory = this.map.mapIntoMemory();
    this.#words = new BigUint64Array(this.#memory.bytes.buffer);
  }

  /** Of a tracker's own slot among those of a key (bytes); undefined: it has none. */
  offsetOf(plan: TrackerPlan): number | undefined {
    return this.#offsets.get(plan);
  }

  get view(): DataView {
    return this.#memory.view;
  }

  /** Where the tracker's operations are in `view` (bytes), in no order, with their keys. They may end meanwhile. */
  *pendingOf(plan: TrackerPlan): Generator<{ readonly key: bigint; readonly at: number }> {
    const first = this.#offsets.get(plan);
    if (first === undefined) return;
    for (let i = 0; i < slotCount; i++) {
      const keyAt = first + i * this.strideBytes;
      const key = Atomics.load(this.#words, keyAt / 8);
      const at = keyAt + slotKeyBytes;
      if (key !== 0n && Atomics.load(this.#words, (at + pending.beginNs) / 8) !== 0n) {
        yield { key, at };
      }
    }
  }

  /** Frees a slot. @returns false: it was freed meanwhile */
  delete(key: bigint, at: number): boolean {
    Atomics.store(this.#words, (at + pending.beginNs) / 8, 0n);
    return Atomics.compareExchange(this.#words, (at - slotKeyBytes) / 8, key, 0n) === key;
  }

  close(): void {
    this.#memory.free();
    this.map.close();
  }
}
