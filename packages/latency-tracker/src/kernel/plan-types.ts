/** What is decided about a tracker before any instruction is written. */
import { UsageError } from '@sonde/base';
import type { Chain, Point, PointRole, PointSet, Tracker } from '../declaration.ts';
import type { Expression } from '../expression.ts';
import type { EventAccess, Target } from './event-access.ts';
import { pending } from './layout.ts';

/** A value that travels from a begin or peek point to the end, or from an end point into a record. */
export interface Slot {
  readonly name: string;
  readonly kind: 'number' | 'text';
  /** A number without sign: an address, mostly. */
  readonly isUnsigned: boolean;
  /** From the first slot. */
  readonly offsetBytes: number;
}

export interface PlannedPoint {
  readonly role: PointRole;
  /** Within its role. */
  readonly index: number;
  readonly point: Point;
  readonly access: EventAccess;
  /** Must not be this process; undefined: whoever it is. */
  readonly process: Expression | undefined;
  /** The pending task; undefined: the key is a number of its own. */
  readonly task: 'current' | readonly number[] | undefined;
  /** What an end point adds to a record. */
  readonly slots: readonly Slot[];
}

/** What happens at an event: chains go on by a step, or one that waits is forgotten. */
export interface ChainAction {
  readonly access: EventAccess;
  readonly event: string;
  readonly when: readonly Expression[];
  /** A step with no `from` begins a chain. */
  readonly from: Chain['steps'][number]['from'];
  /** Where the time goes and the chain waits; undefined: what waits under `drop` is forgotten. */
  readonly step: number | undefined;
  readonly drop: { readonly step: number; readonly key: readonly Expression[] } | undefined;
  /** Where it waits; undefined: it ends. */
  readonly key: readonly Expression[] | undefined;
  /** Of a step that ends chains. */
  readonly end: PlannedPoint | undefined;
  /** Must not be this process; undefined: whoever it is. */
  readonly process: Expression | undefined;
}

/** All points of a tracker at one target, in the order in which they act: one program. */
export interface PlannedProgram {
  readonly target: Target;
  readonly points: readonly PlannedPoint[];
  /** Of a chain, instead of the points; these are its ends then. */
  readonly actions?: readonly ChainAction[];
}

export interface LabelPlan {
  readonly names: readonly string[];
  readonly kinds: readonly ('number' | 'text')[];
  readonly role: 'begin' | 'end';
  /** Values are 0 … size - 1: an array of distributions; undefined: whatever comes. */
  readonly size: number | undefined;
}

/** A stack that is kept with the pending operation: its length, then its frames. */
export interface KeptStack {
  /** Among the stacks of a task (bytes), which are behind all else that it keeps. */
  readonly at: number;
  /** Of the frames. */
  readonly lengthBytes: number;
  /** At the begin, or by a peek when the threshold (or half of it) is over. */
  readonly takenAt: 'begin' | 'peek';
}

export interface TrackerPlan {
  readonly tracker: Tracker;
  readonly set: PointSet;
  readonly keepsInTask: boolean;
  /** In a place that follows from the key: a page or two of memory, where a hash map has many. */
  readonly keepsInSlots: boolean;
  /** Several operations with one key. */
  readonly keepsAll: boolean;
  readonly keyWords: number;
  readonly keyIsUnsigned: readonly boolean[];
  /** Saved by begin and peek points, behind the state. */
  readonly saved: readonly Slot[];
  readonly labels: LabelPlan;
  /** Undefined: none is. Only what a task keeps has room for stacks. */
  readonly wakerStack: KeptStack | undefined;
  readonly waitStack: KeptStack | undefined;
  /** Begins keep the count of ticks: a peek sees from it that the threshold can't be over. */
  readonly keepsTicks: boolean;
  /** Of the event at which a thread that was switched in runs again: there it gives its user-space stack. */
  readonly userStackTarget: Target | undefined;
  readonly programs: readonly PlannedProgram[];
}

/** Slots get their places in the order in which they are asked for. */
export class SlotTable {
  readonly slots: Slot[] = [];
  #offset = 0;

  add(name: string, kind: 'number' | 'text', event: string, isUnsigned = false): Slot {
    const known = this.slots.find((slot) => slot.name === name);
    if (known === undefined) {
      const slot = { name, kind, isUnsigned, offsetBytes: this.#offset };
      this.#offset += kind === 'text' ? 16 : 8;
      this.slots.push(slot);
      return slot;
    }
    if (known.kind === kind) return known;
    const message = `${name} is a ${kind} at ${event}, and a ${known.kind} at another point.`;
    throw new UsageError('types-differ', message);
  }
}

export const slotsBytes = (slots: readonly Slot[]): number =>
  slots.reduce((sum, { kind }) => sum + (kind === 'text' ? 16 : 8), 0);

/** Length of a pending operation with all that is saved of it, but for its stacks. */
export const pendingBytes = ({ saved }: TrackerPlan): number => pending.savedAt + slotsBytes(saved);

export const keptBytes = (...stacks: readonly (KeptStack | undefined)[]): number =>
  stacks.reduce((sum, stack) => sum + (stack === undefined ? 0 : 8 + stack.lengthBytes), 0);

/** Labels of begin points are saved under this name, apart from `info`. */
export const labelSlotName = (label: string): string => `label ${label}`;
