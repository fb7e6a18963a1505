/** How programs begin operations, find those that are pending, and forget them: in tasks, in slots, or in a hash map. */
import type { Assembler } from '@sonde/ebpf';
import { emitNewest, emitPutDuplicate } from './emit-duplicates.ts';
import type { ExpressionWriter } from './emit-expression.ts';
import { emitTakeStack } from './emit-record.ts';
import { emitFindInSlot, emitLeaveSlot, emitTakeSlot } from './emit-slots.ts';
import { type CounterName, frame, pending } from './layout.ts';
import { labelSlotName, type PlannedPoint, type PlannedProgram, slotsBytes } from './plan-types.ts';
import { type ProgramContext, ProgramParts } from './program-parts.ts';
import type { SharedValues } from './shared-values.ts';

const storageCreate = 1;
const updateAny = 0;
const updateIfAbsent = 1;
const alreadyThere = -17;

/** The operation that was found is in `r7`. */
export class PendingWriter extends ProgramParts {
  readonly program: PlannedProgram;
  /** Read once where several points need it, at the point where one does. */
  readonly readsTimeFirst: boolean;

  constructor(
    context: ProgramContext,
    program: PlannedProgram,
    code: Assembler,
    shared: SharedValues,
  ) {
    super(context, code, shared);
    this.program = program;
    const timed = program.points.filter(({ role }) => role !== 'abort');
    const begins = timed.some(({ role }) => role === 'begin');
    this.readsTimeFirst = timed.length > 1 && begins && !shared.sharesTime;
  }

  /** What a thread does not begin, it does not end: at such an end, only one without begin has to be looked at. */
  isLeftOutAtBegin({ role }: PlannedPoint): boolean {
    const { keepsInTask, programs } = this.context.plan;
    const begins = programs.flatMap(({ points }) => points.filter((one) => one.role === 'begin'));
    return role === 'end' && keepsInTask && begins.every(({ process }) => process !== undefined);
  }

  /** `r8` = the event's own time, or that of the clock. */
  time(planned: PlannedPoint, expressions: ExpressionWriter): void {
    const { time } = planned.point;
    if (time === undefined) {
      if (!this.readsTimeFirst) this.shared.readTime();
      return;
    }
    expressions.number(time);
    this.code.move('r8', 'r0');
  }

  /** `r0` = what this task keeps, or 0. */
  #taskStorage({ task }: PlannedPoint, flags: number): void {
    this.shared.taskStorage(this.context.maps.place.memory, task!, flags);
  }

  /** `r7` = the pending operation; jumps away, and perhaps counts, where there is none. */
  find(
    planned: PlannedPoint,
    expressions: ExpressionWriter,
    next: string,
    missing?: CounterName,
  ): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const none = missing === undefined ? next : code.freshLabel('none');
    if (plan.keepsInTask) {
      this.#taskStorage(planned, 0);
      code.jumpIf('r0', '==', 0, none).move('r7', 'r0').add('r7', maps.place.pendingAt);
      code.load('r1', 'r7', pending.beginNs, 'u64').jumpIf('r1', '==', 0, none);
    } else {
      this.key(planned.point.key, expressions);
      if (plan.keepsInSlots) this.#findByKey(none);
      else {
        if (plan.keepsAll) emitNewest(code, maps, none);
        this.#findInMap(none);
      }
    }
    if (missing === undefined) return;
    code.rare(() => {
      code.label(none);
      if (this.isLeftOutAtBegin(planned)) this.leaveOutOwn(planned.process, expressions, next);
      this.count(missing);
      code.jump(next);
    });
  }

  /** `r7` = the operation with the key in the frame. */
  #findInMap(none: string): void {
    const { code } = this;
    code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', this.context.maps.pending);
    code.call('map_lookup_elem').jumpIf('r0', '==', 0, none).move('r7', 'r0');
  }

  /** The same, in its slot or where it went instead. */
  #findByKey(none: string): void {
    const { code } = this;
    const [found, elsewhere] = [code.freshLabel('found'), code.freshLabel('elsewhere')];
    emitFindInSlot(code, this.context.maps.place, elsewhere);
    code.label(found);
    code.rare(() => {
      code.label(elsewhere);
      this.loadSetting('r1', 'hasSpilled');
      code.jumpIf('r1', '==', 0, none);
      this.#findInMap(none);
      code.store('r10', frame.isInSlot, 0, 'u64').jump(found);
    });
  }

  /** Kept with the operation in `r7`, if its plan has room for it. */
  takeStack(which: 'wakerStack' | 'waitStack', planned: PlannedPoint): void {
    const { plan, maps } = this.context;
    emitTakeStack(this.code, plan, maps.place, which, planned);
  }

  remove(): void {
    const { code } = this;
    const { keepsInTask, keepsInSlots } = this.context.plan;
    if (keepsInTask) {
      code.store('r7', pending.beginNs, 0, 'u64');
      return;
    }
    const [elsewhere, done] = [code.freshLabel('elsewhere'), code.freshLabel('removed')];
    if (keepsInSlots) {
      code.load('r1', 'r10', frame.isInSlot, 'u64').jumpIf('r1', '==', 0, elsewhere);
      emitLeaveSlot(code);
      code.jump(done).label(elsewhere);
    }
    code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', this.context.maps.pending);
    code.call('map_delete_elem').label(done);
  }

  begin(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    this.count('begins');
    const { keepsInTask, keepsInSlots } = this.context.plan;
    if (keepsInTask) {
      this.#beginInTask(planned, expressions, next);
      return;
    }
    this.key(planned.point.key, expressions);
    this.time(planned, expressions);
    if (keepsInSlots) this.#beginInSlot(planned, expressions, next);
    else this.#beginInMap(planned, expressions, next);
  }

  #beginInTask(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const full = code.freshLabel('full');
    const fresh = code.freshLabel('fresh');
    this.#taskStorage(planned, storageCreate);
    code.rare(() => {
      code.label(full);
      this.count('full');
      code.jump(next);
    });
    code.jumpIf('r0', '==', 0, full).move('r7', 'r0').add('r7', this.context.maps.place.pendingAt);
    code.load('r1', 'r7', pending.beginNs, 'u64').jumpIf('r1', '==', 0, fresh);
    this.count('overwritten');
    if (this.context.plan.tracker.keep === 'first') this.#keepFirst(next);
    code.label(fresh);
    this.time(planned, expressions);
    this.save(planned, expressions, 'r7', 0);
    if (this.context.plan.wakerStack?.takenAt === 'begin') this.takeStack('wakerStack', planned);
    code.store('r7', pending.beginNs, 'r8', 'u64');
  }

  /** The first one counts, unless it is from before a pause. Its begin is in `r1`. */
  #keepFirst(next: string): void {
    const { code } = this;
    this.loadSetting('r2', 'onSinceNs');
    code.load('r1', 'r7', pending.beginNs, 'u64');
    code.jumpIf('r1', '>=', 'r2', next);
  }

  #beginInSlot(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const [take, taken, same, other] = ['take', 'taken', 'same', 'other'].map((name) =>
      code.freshLabel(name),
    );
    this.loadSetting('r1', 'hasSpilled');
    const spilled = code.freshLabel('spilled');
    code.jumpIf('r1', '!=', 0, spilled).label(take!);
    emitTakeSlot(code, maps.place, { same: same!, other: other! });
    code.label(taken!);
    this.#clear('r7', 0);
    this.save(planned, expressions, 'r7', 0);
    code.store('r7', pending.beginNs, 'r8', 'u64');
    code.rare(() => {
      code.label(same!);
      this.count('overwritten');
      if (plan.tracker.keep === 'first') this.#keepFirst(next);
      code.jump(taken!).label(spilled);
      // It may be there from when its slot was taken.
      code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', maps.pending);
      code.call('map_lookup_elem').jumpIf('r0', '==', 0, take!).label(other!);
      code.moveMapValue('r1', maps.place.memory.settings, maps.place.settingAt('hasSpilled'));
      code.store('r1', 0, 1, 'u64');
      this.#beginInMap(planned, expressions, next);
      code.jump(next);
    });
  }

  /** Zeros for what other begin points save. */
  #clear(base: 'r7' | 'r10', at: number): void {
    const savedBytes = slotsBytes(this.context.plan.saved);
    for (let offset = 0; offset < savedBytes; offset += 8) {
      this.code.store(base, at + pending.savedAt + offset, 0, 'u64');
    }
  }

  /** Key and time are known. */
  #beginInMap(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const valueAt = frame.valueEnd - (pending.savedAt + slotsBytes(plan.saved));
    this.#clear('r10', valueAt);
    this.save(planned, expressions, 'r10', valueAt);
    code.store('r10', valueAt + pending.beginNs, 'r8', 'u64');
    const update = (flags: number): void => {
      code.move('r2', 'r10').add('r2', frame.key).move('r3', 'r10').add('r3', valueAt);
      code.moveMap('r1', maps.pending).move('r4', flags).call('map_update_elem');
      code.jumpIf('r0', '==', 0, next);
    };
    const full = code.freshLabel('full');
    if (plan.keepsAll) {
      emitPutDuplicate(code, () => update(updateIfAbsent), alreadyThere, full);
      code.label(full);
      this.count('full');
      return;
    }
    update(updateIfAbsent);
    code.jumpIf('r0', '!=', alreadyThere, full);
    this.count('overwritten');
    if (plan.tracker.keep === 'first') code.jump(next);
    else update(updateAny);
    code.label(full);
    this.count('full');
  }

  /** What the begin or peek point adds to the pending operation at `base + at`. */
  save(planned: PlannedPoint, expressions: ExpressionWriter, base: 'r7' | 'r10', at: number): void {
    const { code } = this;
    const { plan } = this.context;
    const { point, role } = planned;
    for (const slot of planned.slots) {
      const offset = at + pending.savedAt + slot.offsetBytes;
      expressions.words(point.info.get(slot.name)!, base, offset);
    }
    if (role !== 'begin') return;
    code.store(base, at + pending.state, planned.index << 8, 'u64');
    if (plan.keepsTicks) code.call('jiffies64').store(base, at + pending.ticks, 'r0', 'u32');
    if (plan.labels.role !== 'begin') return;
    for (const name of plan.labels.names) {
      const slot = plan.saved.find((candidate) => candidate.name === labelSlotName(name))!;
      const offset = at + pending.savedAt + slot.offsetBytes;
      expressions.words(point.labels.get(name)!, base, offset);
    }
  }
}
