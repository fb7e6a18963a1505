/**
 * The program for the steps of a chain at one event. A chain that waits is the times of its steps so far; the next step takes them along
 * in the frame.
 */
import type { Assembler } from '@sonde/ebpf';
import { ExpressionWriter } from './emit-expression.ts';
import { emitAddDelay } from './emit-series.ts';
import { frame, pending } from './layout.ts';
import type { ChainAction } from './plan-types.ts';
import { type PlannedProgram, slotsBytes } from './plan-types.ts';
import { type ProgramContext, ProgramParts, type ProgramPiece } from './program-parts.ts';
import type { SharedValues } from './shared-values.ts';

const updateAny = 0;
const updateIfAbsent = 1;
const alreadyThere = -17;

export const chainPiece = (
  context: ProgramContext,
  { target }: PlannedProgram,
  actions: readonly ChainAction[],
): ProgramPiece => ({
  target,
  memory: context.maps.place.memory,
  tasks: [],
  write(code, shared) {
    const writer = new ChainWriter(context, code, shared);
    writer.open();
    // 0: the time is not read yet.
    code.move('r8', 0);
    for (const action of actions) writer.action(action);
    writer.close();
  },
});

class ChainWriter extends ProgramParts {
  readonly #valueBytes: number;
  readonly #valueAt: number;

  constructor(context: ProgramContext, code: Assembler, shared: SharedValues) {
    super(context, code, shared);
    this.#valueBytes = pending.savedAt + slotsBytes(context.plan.saved);
    this.#valueAt = frame.valueEnd - this.#valueBytes;
  }

  action(action: ChainAction): void {
    const { code } = this;
    const next = code.freshLabel('next');
    const expressions = new ExpressionWriter(code, action.access, action.event);
    const { guard } = action.access;
    for (const when of guard ? [guard, ...action.when] : action.when) {
      expressions.condition(when, next);
    }
    this.leaveOutOwn(action.process, expressions, next);
    if (action.drop !== undefined) {
      this.key(action.drop.key, expressions);
      this.#forget(action.drop.step);
    } else this.#step(action, action.step!, expressions, next);
    code.label(next);
  }

  #step(action: ChainAction, step: number, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    if (action.from.length === 0) this.#begin();
    else this.#goOn(action, expressions, next);
    this.#time();
    const at = this.#valueAt;
    const offset = this.context.plan.saved[step]!.offsetBytes;
    code.store('r10', at + pending.savedAt + offset, 'r8', 'u64');
    if (action.from.length === 0) code.store('r10', at + pending.beginNs, 'r8', 'u64');
    if (action.end === undefined) this.#wait(action, step, expressions, next);
    else this.#end(action, expressions);
  }

  #begin(): void {
    for (let at = 0; at < this.#valueBytes; at += 8) {
      this.code.store('r10', this.#valueAt + at, 0, 'u64');
    }
    this.count('begins');
  }

  /** Takes the chain of the first of the earlier steps that has one. */
  #goOn({ from }: ChainAction, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const found = code.freshLabel('found');
    for (const [i, { step, key, stays }] of from.entries()) {
      const other = i === from.length - 1 ? next : code.freshLabel('other');
      this.key(key, expressions);
      this.#keyAsArgument(step);
      code.call('map_lookup_elem').jumpIf('r0', '==', 0, other);
      for (let at = 0; at < this.#valueBytes; at += 8) {
        code.load('r1', 'r0', at, 'u64').store('r10', this.#valueAt + at, 'r1', 'u64');
      }
      if (!stays) this.#forget(step);
      code.jump(found);
      if (other !== next) code.label(other);
    }
    code.label(found);
  }

  #keyAsArgument(step: number): void {
    this.code
      .move('r2', 'r10')
      .add('r2', frame.key)
      .moveMap('r1', this.context.maps.waiting[step]!);
  }

  #forget(step: number): void {
    const { code } = this;
    const absent = code.freshLabel('absent');
    this.#keyAsArgument(step);
    code.call('map_delete_elem').jumpIf('r0', '!=', 0, absent);
    this.count('goneOn');
    code.label(absent);
  }

  /** One time for all that happens at the event. */
  #time(): void {
    const { code } = this;
    const known = code.freshLabel('known');
    code.jumpIf('r8', '!=', 0, known);
    this.shared.readTime();
    code.label(known);
  }

  #wait(action: ChainAction, step: number, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const full = code.freshLabel('full');
    const waits = code.freshLabel('waits');
    const update = (flags: number): void => {
      this.#keyAsArgument(step);
      code.move('r3', 'r10').add('r3', this.#valueAt).move('r4', flags).call('map_update_elem');
    };
    this.key(action.key!, expressions);
    update(updateIfAbsent);
    code.jumpIf('r0', '==', 0, waits).jumpIf('r0', '!=', alreadyThere, full);
    this.count('overwritten');
    // A thread that is woken again still waits since the first time; a new interrupt is a new beginning.
    if (action.from.length === 0) update(updateAny);
    code.jump(next).label(waits);
    this.count('waits');
    code.jump(next).label(full);
    this.count('full');
  }

  #end({ end }: ChainAction, expressions: ExpressionWriter): void {
    const { code } = this;
    const { plan, maps } = this.context;
    code.move('r7', 'r10').add('r7', this.#valueAt);
    code.load('r2', 'r7', pending.beginNs, 'u64').move('r1', 'r8').alu('sub', 'r1', 'r2');
    code.store('r10', frame.delayNs, 'r1', 'u64');
    this.count('ends');
    emitAddDelay(code, plan, maps, end!, expressions);
    this.alert(end!, expressions);
  }
}
