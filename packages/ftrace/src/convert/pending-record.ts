/**
 * A record that waits for its call stacks. ftrace puts them behind the event, as records of their own; LTTng's contexts stand before
 * the payload.
 */
import type { ContextPlan } from '../layout/contexts.ts';
import type { KernelEvent, StackPlace } from '../layout/kernel-trace-layout.ts';
import type { RecordState } from '../layout/record-state.ts';
import { copyBytes } from './encoder-runtime.ts';

/** Deeper stacks are cut. The kernel's own limit is lower. */
const maxCallers = 512;
const addressBytes = 8;

/** Addresses of one stack, 64 bits each in the byte order of the trace. */
class CallStack {
  readonly view = new DataView(new ArrayBuffer(maxCallers * addressBytes));
  count = 0;

  /** @param room - Addresses that the record has room for. */
  read(from: DataView, at: number, room: number, place: StackPlace, littleEndian: boolean): void {
    const { countOffsetBytes, callersOffsetBytes } = place;
    const said =
      countOffsetBytes === undefined ? room : from.getInt32(at + countOffsetBytes, littleEndian);
    const most = Math.min(said, room, maxCallers);
    this.count = 0;
    for (let i = 0; i < most; i++) {
      const source = at + callersOffsetBytes + i * place.addressBytes;
      const isWide = place.addressBytes === 8;
      const low = from.getInt32(source + (isWide && !littleEndian ? 4 : 0), littleEndian);
      const high = isWide ? from.getInt32(source + (littleEndian ? 4 : 0), littleEndian) : 0;
      if (countOffsetBytes === undefined && low === 0 && high === 0) break;
      const target = i * addressBytes;
      this.view.setInt32(target + (littleEndian ? 0 : 4), low, littleEndian);
      this.view.setInt32(target + (littleEndian ? 4 : 0), high, littleEndian);
      this.count++;
    }
  }

  write(to: DataView, position: number, littleEndian: boolean): number {
    to.setUint32(position, this.count, littleEndian);
    return copyBytes(this.view, 0, to, position + 4, this.count * addressBytes);
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

  /** Those of the thread as it was when the record happened. */
  readonly contexts: DataView;

  constructor(contexts: ContextPlan, contextBytes: number, littleEndian: boolean) {
    this.#contexts = contexts;
    this.contexts = new DataView(new ArrayBuffer(contextBytes));
    this.#littleEndian = littleEndian;
  }

  hold(
    event: KernelEvent,
    { view, tid, timeLow, timeHigh }: RecordState,
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

  /** False: no record of that thread waits for it. */
  addStack(
    { view, tid }: RecordState,
    place: StackPlace,
    at: number,
    lengthBytes: number,
  ): boolean {
    const stack = place.kind === 'kernel' ? this.#kernel : this.#user;
    if (this.event === undefined || this.tid !== tid || stack.count > 0) return false;
    const room = Math.floor((lengthBytes - place.callersOffsetBytes) / place.addressBytes);
    stack.read(view, at, room, place, this.#littleEndian);
    return true;
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
