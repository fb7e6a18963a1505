/** From records of the ring buffer to alerts, whose stacks are addresses. */
import { systemCallOfNumber } from '@sonde/linux-model';
import type { Alert, Point, StackFrame } from '../declaration.ts';
import type { Expression } from '../expression.ts';
import { layoutRecord, type RecordLayout } from './emit-record.ts';
import { maxFrames, noTid, record, recordKinds, stateFlags } from './layout.ts';
import { labelSlotName, type PlannedPoint, type Slot, type TrackerPlan } from './plan-types.ts';
import { givesUserStackLater, userStackAt } from './user-stacks.ts';

export type Value = number | string;

/** A word of the kernel's memory as a value; what no number holds, such as addresses, as text. */
export function valueOfWord(word: bigint, isUnsigned = false): Value {
  const value = Number(isUnsigned ? word : BigInt.asIntN(64, word));
  return Number.isSafeInteger(value) ? value : `0x${word.toString(16)}`;
}

/** What a label or key means to people: numbers of system calls get their names. */
export function namedValue(expression: Expression | undefined, value: Value): Value {
  if (typeof value === 'string' || process.arch !== 'x64') return value;
  const isCall = expression?.type === 'builtin' && expression.name === 'syscall';
  return (isCall && systemCallOfNumber(value)) || value;
}

export function textAt(view: DataView, offset: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, 16);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end === -1 ? 16 : end));
}

/** An alert, or what belongs to one that came before. */
export type ReadRecord =
  | {
      readonly type: 'alert';
      readonly alert: Alert;
      /** Its user-space stack comes in a record of its own. */
      readonly isPartial: boolean;
    }
  | {
      readonly type: 'user-stack';
      readonly tracker: string;
      readonly endNs: bigint;
      /** Undefined: the thread has none. */
      readonly stack: readonly StackFrame[] | undefined;
    };

export class RecordReader {
  readonly #plan: TrackerPlan;
  readonly #layout: RecordLayout;

  constructor(plan: TrackerPlan) {
    this.#plan = plan;
    this.#layout = layoutRecord(plan);
  }

  read(view: DataView, at: number): ReadRecord {
    const kind = view.getUint32(at + record.kind, true);
    const ofTid = Number(view.getBigUint64(at + record.tid, true));
    const tracker = this.#plan.tracker.name;
    if (kind === recordKinds.userStack) {
      return {
        type: 'user-stack',
        tracker,
        endNs: view.getBigUint64(at + record.endNs, true),
        stack: this.#stack(view, at, record.userStackBytes, userStackAt),
      };
    }
    const userStack = this.#stack(view, at, record.userStackBytes, this.#layout.userStackAt);
    const point = view.getUint32(at + record.point, true);
    const end = kind === recordKinds.alert ? this.#plan.set.end[point] : undefined;
    const { tid, comm, ...info } = this.#info(view, at, end, point);
    const ownTid = typeof tid === 'number' ? tid : undefined;
    const whose = ofTid === noTid ? ownTid : ofTid;
    const endNs = view.getBigUint64(at + record.endNs, true);
    const delayNs = Number(view.getBigUint64(at + record.delayNs, true));
    const wakerStack = this.#wakerStack(view, at);
    return {
      type: 'alert',
      isPartial: kind === recordKinds.alert && this.#isPartial(point),
      alert: {
        tracker,
        kind: kindNames[kind] ?? 'alert',
        beginNs: endNs - BigInt(delayNs),
        endNs,
        delayNs,
        outId: end?.outId ?? 0,
        key: this.#key(view, at, whose),
        cpuId: view.getUint32(at + record.cpu, true),
        tid: whose,
        comm: typeof comm === 'string' ? comm : textAt(view, at + record.comm) || undefined,
        info,
        kernelStack: this.#stack(view, at, record.kernelStackBytes, this.#layout.kernelStackAt),
        // Without a thread it is that of whom the interrupt came upon.
        userStack: whose === undefined ? undefined : userStack,
        ...(wakerStack && { wakerStack }),
      },
    };
  }

  #wakerStack(view: DataView, at: number): StackFrame[] | undefined {
    if (this.#plan.wakerStack === undefined) return undefined;
    const lengthAt = this.#layout.wakerStackAt;
    return this.#stack(view, at, lengthAt, lengthAt + 8);
  }

  #isPartial(point: number): boolean {
    const planned = this.#endPoint(point);
    return planned !== undefined && givesUserStackLater(this.#plan, planned);
  }

  #key(view: DataView, at: number, tid: number | undefined): Value[] {
    if (this.#plan.keepsInTask || this.#plan.tracker.chain) return [tid ?? 0];
    return Array.from({ length: this.#plan.keyWords }, (_, i) =>
      valueOfWord(view.getBigUint64(at + record.key + 8 * i, true), this.#plan.keyIsUnsigned[i]),
    );
  }

  #info(
    view: DataView,
    at: number,
    end: Point | undefined,
    pointIndex: number,
  ): Record<string, Value> {
    const state = view.getUint32(at + record.state, true);
    const { chain } = this.#plan.tracker;
    const info = chain ? {} : savedInfo(this.#plan, view, at + record.savedAt, state);
    if (end === undefined) return info;
    for (const slot of this.#endPoint(pointIndex)?.slots ?? []) {
      info[slot.name] = readSlot(view, at + this.#layout.pointAt, slot);
    }
    return chain ? { ...info, breakdown: this.#breakdown(view, at) } : info;
  }

  /** The steps of a chain, with their times since the first (ns). */
  #breakdown(view: DataView, at: number): string {
    const timeOf = (slot: Slot): bigint =>
      view.getBigUint64(at + record.savedAt + slot.offsetBytes, true);
    const steps = this.#plan.saved.filter((slot) => timeOf(slot) > 0n);
    const beginNs = steps.length === 0 ? 0n : timeOf(steps[0]!);
    return steps.map((slot) => `${slot.name} = ${timeOf(slot) - beginNs}`).join(', to ');
  }

  #endPoint(index: number): PlannedPoint | undefined {
    for (const { points } of this.#plan.programs) {
      for (const planned of points) {
        if (planned.role === 'end' && planned.index === index) return planned;
      }
    }
    return undefined;
  }

  #stack(view: DataView, at: number, lengthAt: number, stackAt: number): StackFrame[] | undefined {
    const lengthBytes = Number(view.getBigInt64(at + lengthAt, true));
    if (lengthBytes <= 0) return undefined;
    const count = Math.min(lengthBytes >>> 3, maxFrames);
    const frames = Array.from({ length: count }, (_, i) =>
      view.getBigUint64(at + stackAt + 8 * i, true),
    );
    return frames.filter((address) => address !== 0n).map((address) => ({ address }));
  }
}

const kindNames: readonly Alert['kind'][] = ['alert', 'waiting', 'timeout'];

/** What begin and peek points saved of an operation. @param state - word of the operation that tells which did */
export function savedInfo(
  plan: TrackerPlan,
  view: DataView,
  savedAt: number,
  state: number,
): Record<string, Value> {
  const begin = plan.set.begin[state >> 8];
  const names = new Set(begin?.info.keys());
  const { labels } = plan;
  if (labels.role === 'begin') for (const name of labels.names) names.add(labelSlotName(name));
  if ((state & stateFlags.isPeeked) !== 0) {
    for (const peek of plan.set.peek) for (const name of peek.info.keys()) names.add(name);
  }
  const info: Record<string, Value> = {};
  for (const slot of plan.saved) {
    if (!names.has(slot.name)) continue;
    const name = slot.name.replace(/^label /, '');
    const expression = slot.name === name ? undefined : begin?.labels.get(name);
    info[name] = namedValue(expression, readSlot(view, savedAt, slot));
  }
  return info;
}

function readSlot(view: DataView, at: number, slot: Slot): Value {
  const offset = at + slot.offsetBytes;
  if (slot.kind === 'text') return textAt(view, offset);
  return valueOfWord(view.getBigUint64(offset, true), slot.isUnsigned);
}
