/**
 * A record that waits for its call stacks. ftrace puts them behind the event, as records of their own; LTTng's contexts stand before
 * the payload.
 */
import type { ContextPlan } from '../layout/contexts.ts';
import type { KernelEvent } from '../layout/kernel-trace-layout.ts';
import type { RecordState } from '../layout/record-state.ts';
import type { SubBufferReader } from '../raw/sub-buffer-reader.ts';

/** Deeper stacks are cut. The kernel's own limit is lower. */
const maxCallers = 512;
const addressBytes = 8;
/** Where addresses begin in the records: `size` or `tgid`, and padding, precede them. */
const callersOffset = 16;
const kernelSizeOffset = 8;

/** Addresses of one stack, low and high words as they are in the record. */
class CallStack {
  readonly view = new DataView(new ArrayBuffer(maxCallers * addressBytes));
  count = 0;

  read(from: DataView, at: number, count: number): void {
    this.count = Math.min(count, maxCallers);
    for (let i = 0; i < this.count * addressBytes; i += 4) {
      this.view.setUint32(i, from.getUint32(at + i));
    }
  }

  write(to: DataView, position: number, littleEndian: boolean): number {
    to.setUint32(position, this.count, littleEndian);
    const bytes = this.count * addressBytes;
    for (let i = 0; i < bytes; i += 4) {
      to.setUint32(position + 4 + i, this.view.getUint32(i));
    }
    return position + 4 + bytes;
  }
}

export class PendingRecord {
  readonly #contexts: ContextPlan;
  readonly #littleEndian: boolean;
  readonly #kernel = new CallStack();
  readonly #user = new CallStack();
  #bytes = new Uint8Array(4096);
  /** The payload, at its beginning. */
  view = new DataView(this.#bytes.buffer);
  lengthBytes = 0;
  /** Undefined: nothing waits. */
  event: KernelEvent | undefined;
  tid = -1;
  timeLow = 0;
  timeHigh = 0;

  constructor(contexts: ContextPlan, littleEndian: boolean) {
    this.#contexts = contexts;
    this.#littleEndian = littleEndian;
  }

  hold(
    event: KernelEvent,
    { timeLow, timeHigh }: SubBufferReader,
    { view, tid }: RecordState,
    at: number,
    lengthBytes: number,
  ): void {
    if (lengthBytes > this.#bytes.length) {
      this.#bytes = new Uint8Array(lengthBytes);
      this.view = new DataView(this.#bytes.buffer);
    }
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, lengthBytes));
    this.event = event;
    this.tid = tid;
    this.timeLow = timeLow;
    this.timeHigh = timeHigh;
    this.lengthBytes = lengthBytes;
  }

  /** False: no record of that thread waits for one. */
  addKernelStack(view: DataView, tid: number, at: number, lengthBytes: number): boolean {
    if (!this.#waits(tid, this.#kernel)) return false;
    const said = view.getInt32(at + kernelSizeOffset, this.#littleEndian);
    const room = Math.floor((lengthBytes - callersOffset) / addressBytes);
    this.#kernel.read(view, at + callersOffset, Math.max(0, Math.min(said, room)));
    return true;
  }

  /** The kernel always writes eight addresses: the first 0 ends the stack. */
  addUserStack(view: DataView, tid: number, at: number, lengthBytes: number): boolean {
    if (!this.#waits(tid, this.#user)) return false;
    const room = Math.floor((lengthBytes - callersOffset) / addressBytes);
    let count = 0;
    for (; count < room; count++) {
      const position = at + callersOffset + count * addressBytes;
      if (view.getUint32(position) === 0 && view.getUint32(position + 4) === 0) break;
    }
    this.#user.read(view, at + callersOffset, count);
    return true;
  }

  #waits(tid: number, stack: CallStack): boolean {
    return this.event !== undefined && this.tid === tid && stack.count === 0;
  }

  /** Room that the stacks need. */
  get stackBytes(): number {
    return 8 + (this.#kernel.count + this.#user.count) * addressBytes;
  }

  writeStacks(target: DataView, position: number): number {
    const le = this.#littleEndian;
    let end = position;
    if (this.#contexts.hasKernelStack) end = this.#kernel.write(target, end, le);
    if (this.#contexts.hasUserStack) end = this.#user.write(target, end, le);
    return end;
  }

  clearStacks(): void {
    this.#kernel.count = 0;
    this.#user.count = 0;
  }
}
