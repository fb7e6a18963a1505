/** Telling this process: records in the ring buffer, for the few operations that took long. */
import { type Assembler, type Helper, ringNoWakeup } from '@sonde/ebpf';
import { type ExpressionWriter, emitPointer, emitSteps } from './emit-expression.ts';
import {
  frame,
  maxKeyWords,
  noTid,
  pending,
  type RecordKind,
  record,
  recordKinds,
  stackBytes,
  wakerStackBytes,
} from './layout.ts';
import { type PlannedPoint, slotsBytes, type TrackerPlan } from './plan-types.ts';

export interface RecordLayout {
  readonly pointAt: number;
  /** Its length, then its frames. */
  readonly wakerStackAt: number;
  readonly kernelStackAt: number;
  readonly userStackAt: number;
  readonly lengthBytes: number;
}

export function layoutRecord(plan: TrackerPlan): RecordLayout {
  const points = plan.programs.flatMap(({ points }) => points);
  const ofPoints = points
    .filter(({ role }) => role === 'end')
    .map(({ slots }) => slotsBytes(slots));
  const pointAt = record.savedAt + slotsBytes(plan.saved);
  const wakerStackAt = pointAt + Math.max(0, ...ofPoints);
  const kernelStackAt = wakerStackAt + (plan.wakerStackAt === undefined ? 0 : 8 + wakerStackBytes);
  const userStackAt = kernelStackAt + stackBytes;
  const lengthBytes = userStackAt + stackBytes;
  return { pointAt, wakerStackAt, kernelStackAt, userStackAt, lengthBytes };
}

export interface RecordRequest {
  readonly kind: RecordKind;
  readonly trackerIndex: number;
  readonly ring: { readonly fd: number };
  readonly planned: PlannedPoint;
  /** Whose stacks: of the pending task, or of who runs. */
  readonly stackOf: 'pending' | 'current';
  /** There was no room. */
  readonly lostLabel: string;
}

/**
 * Reserves, fills and submits a record. In: context `r6`, pending operation `r7` (a pointer), time `r8`, delay in the frame. Afterwards
 * `r9` is not what it was.
 */
export function emitRecord(
  code: Assembler,
  plan: TrackerPlan,
  expressions: ExpressionWriter,
  request: RecordRequest,
): void {
  const layout = layoutRecord(plan);
  const { planned } = request;
  code.moveMap('r1', request.ring).move('r2', layout.lengthBytes).move('r3', 0);
  code.call('ringbuf_reserve').jumpIf('r0', '==', 0, request.lostLabel).move('r9', 'r0');
  code.store('r9', record.tracker, request.trackerIndex, 'u32');
  code.store('r9', record.kind, recordKinds[request.kind], 'u32');
  code.store('r9', record.point, planned.index, 'u32');
  code.call('get_smp_processor_id').store('r9', record.cpu, 'r0', 'u32');
  code.store('r9', record.endNs, 'r8', 'u64');
  code.load('r1', 'r10', frame.delayNs, 'u64').store('r9', record.delayNs, 'r1', 'u64');
  code.load('r1', 'r7', pending.state, 'u64').store('r9', record.state, 'r1', 'u64');
  emitTid(code, plan, planned);
  emitComm(code, plan, planned, expressions);
  emitKey(code, plan);
  // What the kernel hands out is not cleared: every word is written.
  for (let at = 0; at < slotsBytes(plan.saved); at += 8) {
    code.load('r1', 'r7', pending.savedAt + at, 'u64');
    code.store('r9', record.savedAt + at, 'r1', 'u64');
  }
  for (let at = layout.pointAt; at < layout.wakerStackAt; at += 8) {
    code.store('r9', at, 0, 'u64');
  }
  for (let at = 0; layout.wakerStackAt + at < layout.kernelStackAt; at += 8) {
    code.load('r1', 'r7', pending.savedAt + plan.wakerStackAt! + at, 'u64');
    code.store('r9', layout.wakerStackAt + at, 'r1', 'u64');
  }
  if (planned.role === 'end') {
    for (const slot of planned.slots) {
      const expression = planned.point.info.get(slot.name)!;
      expressions.words(expression, 'r9', layout.pointAt + slot.offsetBytes);
    }
  }
  const { per, chain } = plan.tracker;
  const isOfThread = per === 'task' || chain !== undefined;
  const stack = { ...request, isOfThread };
  emitStack(code, stack, layout.kernelStackAt, record.kernelStackBytes, 0);
  emitStack(code, stack, layout.userStackAt, record.userStackBytes, userStackFlag);
  code.move('r1', 'r9').move('r2', ringNoWakeup).call('ringbuf_submit');
}

const userStackFlag = 1 << 8;

function emitTid(code: Assembler, plan: TrackerPlan, { task, access, point }: PlannedPoint): void {
  if (!plan.keepsInTask) {
    code.moveConstant('r1', noTid);
  } else if (task === 'current') {
    code.call('get_current_pid_tgid').shiftLeft('r0', 32).shiftRight('r0', 32).move('r1', 'r0');
  } else {
    const [key] = point.key;
    const { steps } = access.field(key?.type === 'field' ? key.path : []);
    code.load('r1', emitSteps(code, steps, 'r1'), steps.at(-1)!, 'u32');
  }
  code.store('r9', record.tid, 'r1', 'u64');
}

function emitComm(
  code: Assembler,
  plan: TrackerPlan,
  { task, access }: PlannedPoint,
  expressions: ExpressionWriter,
): void {
  if (plan.keepsInTask && task === 'current') {
    expressions.text({ type: 'builtin', name: 'comm' }, 'r9', record.comm);
    return;
  }
  const isKnown = plan.keepsInTask && task !== undefined && access.commOffset !== undefined;
  if (isKnown) emitPointer(code, task as readonly number[], 'r2');
  for (const at of [0, 8]) {
    if (isKnown) code.load('r1', 'r2', access.commOffset! + at, 'u64');
    code.store('r9', record.comm + at, isKnown ? 'r1' : 0, 'u64');
  }
}

function emitKey(code: Assembler, plan: TrackerPlan): void {
  for (let word = 0; word < maxKeyWords; word++) {
    if (plan.keepsInTask || word >= plan.keyWords) {
      code.store('r9', record.key + 8 * word, 0, 'u64');
      continue;
    }
    code.load('r1', 'r10', frame.key + 8 * word, 'u64');
    code.store('r9', record.key + 8 * word, 'r1', 'u64');
  }
}

function emitStack(
  code: Assembler,
  { planned, stackOf, isOfThread }: RecordRequest & { readonly isOfThread: boolean },
  at: number,
  lengthAt: number,
  flags: number,
): void {
  const { task } = planned;
  const emit = (helper: Helper): void => {
    code.move('r2', 'r9').add('r2', at).move('r3', stackBytes).move('r4', flags);
    code.call(helper).store('r9', lengthAt, 'r0', 'u64');
  };
  if (stackOf === 'pending' && Array.isArray(task)) {
    emitPointer(code, task, 'r1');
    emit('get_task_stack');
    return;
  }
  if (stackOf === 'pending' && task === undefined && isOfThread) {
    // Whoever runs is somebody else.
    code.store('r9', lengthAt, 0, 'u64');
    return;
  }
  code.move('r1', 'r6');
  emit('get_stack');
}
