/** The program for the points of a tracker at one event. */
import type { Assembler } from '@sonde/ebpf';
import { emitEachDuplicate, emitNewest, emitPutDuplicate } from './emit-duplicates.ts';
import { ExpressionWriter } from './emit-expression.ts';
import { emitAddDelay } from './emit-series.ts';
import {
  type CounterName,
  frame,
  maxTickNs,
  pending,
  type SettingName,
  stateFlags,
  wakerStackBytes,
} from './layout.ts';
import { labelSlotName, type PlannedPoint, type PlannedProgram, slotsBytes } from './plan-types.ts';
import { type ProgramContext, ProgramParts, type ProgramPiece } from './program-parts.ts';
import type { SharedValues } from './shared-values.ts';

const storageCreate = 1;
const updateAny = 0;
const updateIfAbsent = 1;
const alreadyThere = -17;

export const pointPiece = (context: ProgramContext, program: PlannedProgram): ProgramPiece => ({
  target: program.target,
  memory: context.maps.place.memory,
  tasks: context.plan.keepsInTask ? program.points.map(({ task }) => task!) : [],
  write: (code, shared) => new PointWriter(context, program, code, shared).write(),
});

class PointWriter extends ProgramParts {
  readonly #program: PlannedProgram;
  /** Read once where several points need it, at the point where one does. */
  readonly #readsTimeFirst: boolean;

  constructor(
    context: ProgramContext,
    program: PlannedProgram,
    code: Assembler,
    shared: SharedValues,
  ) {
    super(context, code, shared);
    this.#program = program;
    const timed = program.points.filter(({ role }) => role !== 'abort');
    const begins = timed.some(({ role }) => role === 'begin');
    this.#readsTimeFirst = timed.length > 1 && begins && !shared.sharesTime;
  }

  write(): void {
    this.open();
    if (this.#readsTimeFirst) this.shared.readTime();
    for (const planned of this.#program.points) this.#point(planned);
    this.close();
  }

  #point(planned: PlannedPoint): void {
    const { code } = this;
    const { point, access } = planned;
    const next = code.freshLabel('next');
    const expressions = new ExpressionWriter(code, access, point.event);
    for (const when of access.guard ? [access.guard, ...point.when] : point.when) {
      expressions.condition(when, next);
    }
    if (!this.#isLeftOutAtBegin(planned)) this.leaveOutOwn(planned.process, expressions, next);
    switch (planned.role) {
      case 'begin':
        this.#begin(planned, expressions, next);
        break;
      case 'end':
        this.#end(planned, expressions, next);
        break;
      case 'peek':
        this.#peek(planned, expressions, next);
        break;
      case 'abort':
        this.#abort(planned, expressions, next);
    }
    code.label(next);
  }

  /** What a thread does not begin, it does not end: at such an end, only one without begin has to be looked at. */
  #isLeftOutAtBegin({ role }: PlannedPoint): boolean {
    const { keepsInTask, programs } = this.context.plan;
    const begins = programs.flatMap(({ points }) => points.filter((one) => one.role === 'begin'));
    return role === 'end' && keepsInTask && begins.every(({ process }) => process !== undefined);
  }

  /** `r8` = the event's own time, or that of the clock. */
  #time(planned: PlannedPoint, expressions: ExpressionWriter): void {
    const { time } = planned.point;
    if (time === undefined) {
      if (!this.#readsTimeFirst) this.shared.readTime();
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
  #find(
    planned: PlannedPoint,
    expressions: ExpressionWriter,
    next: string,
    missing?: CounterName,
  ): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const none = missing === undefined ? next : code.freshLabel('none');
    if (plan.keepsInTask) this.#taskStorage(planned, 0);
    else {
      this.key(planned.point.key, expressions);
      if (plan.keepsAll) emitNewest(code, maps, none);
      code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', maps.pending);
      code.call('map_lookup_elem');
    }
    code.jumpIf('r0', '==', 0, none).move('r7', 'r0');
    if (plan.keepsInTask) {
      code.add('r7', maps.place.pendingAt);
      code.load('r1', 'r7', pending.beginNs, 'u64').jumpIf('r1', '==', 0, none);
    }
    if (missing === undefined) return;
    code.rare(() => {
      code.label(none);
      if (this.#isLeftOutAtBegin(planned)) this.leaveOutOwn(planned.process, expressions, next);
      this.count(missing);
      code.jump(next);
    });
  }

  #remove(): void {
    const { code } = this;
    if (this.context.plan.keepsInTask) {
      code.store('r7', pending.beginNs, 0, 'u64');
      return;
    }
    code.move('r2', 'r10').add('r2', frame.key).moveMap('r1', this.context.maps.pending);
    code.call('map_delete_elem');
  }

  #begin(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    this.count('begins');
    if (this.context.plan.keepsInTask) this.#beginInTask(planned, expressions, next);
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
    this.#time(planned, expressions);
    this.#save(planned, expressions, 'r7', 0);
    this.#saveWakerStack();
    code.store('r7', pending.beginNs, 'r8', 'u64');
  }

  #saveWakerStack(): void {
    const { code } = this;
    const { wakerStackAt } = this.context.plan;
    if (wakerStackAt === undefined) return;
    const at = pending.savedAt + wakerStackAt;
    code
      .move('r1', 'r6')
      .move('r2', 'r7')
      .add('r2', at + 8)
      .move('r3', wakerStackBytes);
    code.move('r4', 0).call('get_stack').store('r7', at, 'r0', 'u64');
  }

  /** The first one counts, unless it is from before a pause. Its begin is in `r1`. */
  #keepFirst(next: string): void {
    const { code } = this;
    this.loadSetting('r2', 'onSinceNs');
    code.load('r1', 'r7', pending.beginNs, 'u64');
    code.jumpIf('r1', '>=', 'r2', next);
  }

  #beginInMap(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const valueAt = frame.valueEnd - (pending.savedAt + slotsBytes(plan.saved));
    this.key(planned.point.key, expressions);
    this.#time(planned, expressions);
    // Not all begin points save all there is.
    for (let at = 0; at < slotsBytes(plan.saved); at += 8) {
      code.store('r10', valueAt + pending.savedAt + at, 0, 'u64');
    }
    this.#save(planned, expressions, 'r10', valueAt);
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
  #save(
    planned: PlannedPoint,
    expressions: ExpressionWriter,
    base: 'r7' | 'r10',
    at: number,
  ): void {
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

  #end(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { plan } = this.context;
    if (plan.keepsAll) {
      this.#endAll(planned, expressions, next);
      return;
    }
    this.#find(planned, expressions, next, 'unmatchedEnds');
    this.#time(planned, expressions);
    this.#endOne(planned, expressions, next);
    if (!plan.keepsInTask) this.#remove();
  }

  /** One end closes all operations with the key, the newest first. */
  #endAll(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const none = code.freshLabel('none');
    const hasOwnTime = planned.point.time !== undefined;
    this.key(planned.point.key, expressions);
    emitEachDuplicate(code, this.context.maps, {
      none,
      first: () => !hasOwnTime && this.#time(planned, expressions),
      each: (again) => {
        if (hasOwnTime) this.#time(planned, expressions);
        this.#endOne(planned, expressions, again);
        this.#remove();
      },
    });
    code.jump(next).label(none);
    this.count('unmatchedEnds');
  }

  #abort(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const abortOne = (): void => {
      this.#remove();
      this.count('aborted');
    };
    if (plan.keepsAll) {
      this.key(planned.point.key, expressions);
      emitEachDuplicate(code, maps, { none: next, each: abortOne });
      return;
    }
    this.#find(planned, expressions, next);
    abortOne();
  }

  /** The operation in `r7` ends. Goes to `next` where it is no pair. */
  #endOne(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    this.#delay(next);
    this.count('ends');
    emitAddDelay(code, plan, maps, planned, expressions);
    this.alert(planned, expressions);
  }

  /** Delay into the frame; what began before a pause, or ends before it began, is no pair. */
  #delay(next: string): void {
    const { code } = this;
    const { plan } = this.context;
    code.load('r2', 'r7', pending.beginNs, 'u64');
    const hasOwnTime = plan.set.begin.some(({ time }) => time !== undefined);
    const stale = code.freshLabel('stale');
    const negative = code.freshLabel('negative');
    const good = code.freshLabel('good');
    if (!hasOwnTime) {
      this.loadSetting('r1', 'onSinceNs');
      code.jumpIf('r2', '<', 'r1', stale);
    }
    if (plan.keepsInTask) code.store('r7', pending.beginNs, 0, 'u64');
    code.move('r1', 'r8').alu('sub', 'r1', 'r2');
    code.store('r10', frame.delayNs, 'r1', 'u64').jumpIf('r1', 's<', 0, negative).label(good);
    const drop = (counter: CounterName): void => {
      this.count(counter);
      this.#remove();
      code.jump(next);
    };
    code.rare(() => {
      code.label(negative);
      if (!hasOwnTime) drop('negative');
      else {
        this.count('negative');
        // No mistake: so early is as good as in time.
        code.store('r10', frame.delayNs, 0, 'u64').jump(good);
      }
      if (hasOwnTime) return;
      code.label(stale);
      drop('unmatchedEnds');
    });
  }

  /** Saves values while it is pending; half the threshold over, it tells the stack. */
  #peek(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan } = this.context;
    this.#find(planned, expressions, next);
    if (planned.slots.length > 0) {
      this.#save(planned, expressions, 'r7', 0);
      code.load('r1', 'r7', pending.state, 'u64').alu('or', 'r1', stateFlags.isPeeked);
      code.store('r7', pending.state, 'r1', 'u64');
    }
    const { halfStack } = plan.tracker.alert;
    const setting = halfStack ? 'halfThresholdNs' : 'thresholdNs';
    if (plan.keepsTicks) this.#leaveWhereEarly(setting, next);
    this.#time(planned, expressions);
    code.load('r2', 'r7', pending.beginNs, 'u64');
    this.loadSetting('r1', 'onSinceNs');
    code.jumpIf('r2', '<', 'r1', next).move('r1', 'r8').alu('sub', 'r1', 'r2');
    code.store('r10', frame.delayNs, 'r1', 'u64');
    this.loadSetting('r2', setting);
    const late = code.freshLabel('late');
    code.jumpIf('r1', 's>', 'r2', late);
    code.rare(() => {
      code.label(late);
      // With values to save it is about who comes by, a waker; without, about the one that waits.
      if (planned.slots.length > 0) this.record(planned, expressions, 'waker', 'current');
      else this.record(planned, expressions, 'waiting', 'pending');
      code.jump(next);
    });
  }

  /** Goes on to `next` where fewer ticks have passed than it takes for the threshold. */
  #leaveWhereEarly(setting: SettingName, next: string): void {
    const { code } = this;
    code.call('jiffies64').load('r1', 'r7', pending.ticks, 'u32').alu('sub', 'r0', 'r1');
    // Counts of 32 bits go round. The tick that has begun may be over.
    code.shiftLeft('r0', 32).shiftRight('r0', 32).add('r0', 1).alu('mul', 'r0', maxTickNs);
    this.loadSetting('r1', setting);
    code.jumpIf('r0', '<=', 'r1', next);
  }
}
