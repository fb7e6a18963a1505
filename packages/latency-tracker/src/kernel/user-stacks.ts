/**
 * User-space stacks of threads that are switched in. Nobody can walk the stack of a process that does not run, and at the switch the one
 * before still does. So an alert leaves a note on its CPU, and where the scheduler is left, the thread that was switched in gives its own.
 */
import { type Assembler, ringNoWakeup } from '@sonde/ebpf';
import type { Tracker } from '../declaration.ts';
import { accessEvent, type KernelTypes, type Target } from './event-access.ts';
import { record, recordKinds, stackBytes } from './layout.ts';
import type { PlannedPoint, TrackerPlan } from './plan-types.ts';
import type { ProgramContext, ProgramPiece } from './program-parts.ts';
import type { SharedValues } from './shared-values.ts';

const userStackFlag = 1 << 8;

/** From Linux 6.15 on. */
const leavingScheduler = 'sched:sched_exit_tp';

const comesBySwitch = ({ role, point, task }: PlannedPoint): boolean =>
  role === 'end' && point.event === 'sched:sched_switch' && Array.isArray(task);

/** Undefined: the tracker does not ask for such stacks, or the kernel has no event for it. */
export function userStackTarget(
  { alert, chain }: Tracker,
  points: readonly PlannedPoint[],
  types: KernelTypes,
): Target | undefined {
  const isAsked = alert.stack !== 'end' || chain !== undefined;
  if (!isAsked || !points.some(comesBySwitch)) return undefined;
  if (types.btf?.find('typedef', 'btf_trace_sched_exit_tp') === undefined) return undefined;
  return accessEvent(leavingScheduler, 'arguments', [], types).target;
}

/** Whether the record of an alert at this point is followed by one with the user-space stack. */
export function givesUserStackLater(plan: TrackerPlan, planned: PlannedPoint): boolean {
  return plan.userStackTarget !== undefined && comesBySwitch(planned);
}

/** Of a record of the kind `userStack`. */
export const userStackAt: number = record.savedAt;

/** What is done where the scheduler is left: mostly nothing is asked for. */
export const userStackPiece = (context: ProgramContext, target: Target): ProgramPiece => ({
  target,
  memory: context.maps.place.memory,
  tasks: [],
  write: (code, shared) => writeUserStack(code, context, shared),
});

function writeUserStack(
  code: Assembler,
  { maps: { place }, ring, trackerIndex }: ProgramContext,
  shared: SharedValues,
): void {
  const out = code.freshLabel('out');
  const noRoom = code.freshLabel('lost');
  const wantedAt = place.counterAt('userStackWanted');
  shared.openCounters(place.memory);
  code.load('r8', 'r9', wantedAt, 'u64').jumpIf('r8', '==', 0, out);
  code.store('r9', wantedAt, 0, 'u64');
  code
    .moveMap('r1', ring)
    .move('r2', userStackAt + stackBytes)
    .move('r3', 0);
  code.call('ringbuf_reserve').jumpIf('r0', '==', 0, noRoom).move('r7', 'r0');
  // What the kernel hands out is not cleared.
  for (let at = 0; at < userStackAt; at += 8) code.store('r7', at, 0, 'u64');
  code.store('r7', record.tracker, trackerIndex, 'u32');
  code
    .store('r7', record.kind, recordKinds.userStack, 'u32')
    .store('r7', record.endNs, 'r8', 'u64');
  code.call('get_current_pid_tgid').shiftLeft('r0', 32).shiftRight('r0', 32);
  code
    .store('r7', record.tid, 'r0', 'u64')
    .move('r1', 'r6')
    .move('r2', 'r7')
    .add('r2', userStackAt);
  code.move('r3', stackBytes).move('r4', userStackFlag).call('get_stack');
  code.store('r7', record.userStackBytes, 'r0', 'u64').move('r1', 'r7').move('r2', ringNoWakeup);
  code.call('ringbuf_submit').jump(out).label(noRoom);
  const lost = place.counterAt('ringLost');
  code.load('r1', 'r9', lost, 'u64').add('r1', 1).store('r9', lost, 'r1', 'u64');
  code.label(out);
}
