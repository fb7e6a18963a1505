/** The program for the points of a tracker at one event. */
import { emitEachDuplicate } from './emit-duplicates.ts';
import { ExpressionWriter } from './emit-expression.ts';
import { PendingWriter } from './emit-pending.ts';
import { emitAddDelay } from './emit-series.ts';
import {
  type CounterName,
  frame,
  maxTickNs,
  pending,
  type SettingName,
  stateFlags,
} from './layout.ts';
import type { PlannedPoint, PlannedProgram } from './plan-types.ts';
import type { ProgramContext, ProgramPiece } from './program-parts.ts';
import { isOfWaker } from './tracker-plan.ts';

export const pointPiece = (context: ProgramContext, program: PlannedProgram): ProgramPiece => ({
  target: program.target,
  memory: context.maps.place.memory,
  tasks: context.plan.keepsInTask ? program.points.map(({ task }) => task!) : [],
  write: (code, shared) => new PointWriter(context, program, code, shared).write(),
});

class PointWriter extends PendingWriter {
  write(): void {
    this.open();
    if (this.readsTimeFirst) this.shared.readTime();
    for (const planned of this.program.points) this.#point(planned);
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
    if (!this.isLeftOutAtBegin(planned)) this.leaveOutOwn(planned.process, expressions, next);
    switch (planned.role) {
      case 'begin':
        this.begin(planned, expressions, next);
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

  #end(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { plan } = this.context;
    if (plan.keepsAll) {
      this.#endAll(planned, expressions, next);
      return;
    }
    this.find(planned, expressions, next, 'unmatchedEnds');
    this.time(planned, expressions);
    this.#endOne(planned, expressions, next);
    if (!plan.keepsInTask) this.remove();
  }

  /** One end closes all operations with the key, the newest first. */
  #endAll(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const none = code.freshLabel('none');
    const hasOwnTime = planned.point.time !== undefined;
    this.key(planned.point.key, expressions);
    emitEachDuplicate(code, this.context.maps, {
      none,
      first: () => !hasOwnTime && this.time(planned, expressions),
      each: (again) => {
        if (hasOwnTime) this.time(planned, expressions);
        this.#endOne(planned, expressions, again);
        this.remove();
      },
    });
    code.jump(next).label(none);
    this.count('unmatchedEnds');
  }

  #abort(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    const { plan, maps } = this.context;
    const abortOne = (): void => {
      this.remove();
      this.count('aborted');
    };
    if (plan.keepsAll) {
      this.key(planned.point.key, expressions);
      emitEachDuplicate(code, maps, { none: next, each: abortOne });
      return;
    }
    this.find(planned, expressions, next);
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
      this.remove();
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
    this.find(planned, expressions, next);
    if (planned.slots.length > 0) {
      this.save(planned, expressions, 'r7', 0);
      code.load('r1', 'r7', pending.state, 'u64').alu('or', 'r1', stateFlags.isPeeked);
      code.store('r7', pending.state, 'r1', 'u64');
    }
    const { halfStack } = plan.tracker.alert;
    const setting = halfStack ? 'halfThresholdNs' : 'thresholdNs';
    if (plan.keepsTicks) this.#leaveWhereEarly(setting, next);
    this.time(planned, expressions);
    code.load('r2', 'r7', pending.beginNs, 'u64');
    this.loadSetting('r1', 'onSinceNs');
    code.jumpIf('r2', '<', 'r1', next).move('r1', 'r8').alu('sub', 'r1', 'r2');
    code.store('r10', frame.delayNs, 'r1', 'u64');
    this.loadSetting('r2', setting);
    const late = code.freshLabel('late');
    code.jumpIf('r1', 's>', 'r2', late);
    code.rare(() => {
      code.label(late);
      if (isOfWaker(planned.point)) this.takeStack('wakerStack', planned);
      else {
        this.takeStack('waitStack', planned);
        this.#tellWaiting(planned, expressions, next);
      }
      code.jump(next);
    });
  }

  /** Once for each operation, within a rate limit of its own: the alert has the stack in any case. */
  #tellWaiting(planned: PlannedPoint, expressions: ExpressionWriter, next: string): void {
    const { code } = this;
    code.load('r1', 'r7', pending.state, 'u64').jumpIf('r1', '&', stateFlags.isWaitTold, next);
    code.alu('or', 'r1', stateFlags.isWaitTold).store('r7', pending.state, 'r1', 'u64');
    this.limit(['waitWindowNs', 'waitCount'], 'waitsLimited', next);
    this.record(planned, expressions, 'waiting', 'pending');
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
