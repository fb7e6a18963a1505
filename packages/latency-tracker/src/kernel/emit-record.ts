/** Telling this process: records in the ring buffer, for the few operations that took long. */
import { type Assembler, type Helper, type Register, ringNoWakeup } from '@sonde/ebpf';
import type { TrackerPlace } from './common-memory.ts';
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
  stateFlags,
} from './layout.ts';
import {
  type KeptStack,
  keptBytes,
  type PlannedPoint,
  slotsBytes,
  type TrackerPlan,
} from './plan-types.ts';

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
  const kernelStackAt = wakerStackAt + keptBytes(plan.wakerStack);
  const userStackAt = kernelStackAt + stackBytes;
  const lengthBytes = userStackAt + stackBytes;
  return { pointAt, wakerStackAt, kernelStackAt, userStackAt, lengthBytes };
}

export interface RecordRequest {
  readonly kind: RecordKind;
  readonly trackerIndex: number;
  readonly ring: { readonly fd: number };
  readonly place: TrackerPlace;
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
  if (plan.wakerStack !== undefined) {
    const { wakerStackAt } = layout;
    const places = { lengthAt: wakerStackAt, framesAt: wakerStackAt + 8 };
    emitKeptStack(code, plan.wakerStack, stateFlags.hasWakerStack, request.place, places, () =>
      code.store('r9', wakerStackAt, 0, 'u64'),
    );
  }
  if (planned.role === 'end') {
    for (const slot of planned.slots) {
      const expression = planned.point.info.get(slot.name)!;
      expressions.words(expression, 'r9', layout.pointAt + slot.offsetBytes);
    }
  }
  const kernelPlaces = { lengthAt: record.kernelStackBytes, framesAt: layout.kernelStackAt };
  const takeKernelStack = (): void => emitStack(code, plan, request, 'r9', kernelPlaces);
  // Of an operation that waited, where it ended says little. One that times out waits now.
  if (plan.waitStack === undefined || request.kind === 'timeout') takeKernelStack();
  else {
    const { hasWaitStack } = stateFlags;
    emitKeptStack(code, plan.waitStack, hasWaitStack, request.place, kernelPlaces, takeKernelStack);
  }
  const userPlaces = { lengthAt: record.userStackBytes, framesAt: layout.userStackAt };
  emitStack(code, plan, request, 'r9', userPlaces, userStackFlag);
  code.move('r1', 'r9').move('r2', ringNoWakeup).call('ringbuf_submit');
}

/** Where the length of a stack goes (bytes), and its frames. */
interface StackPlaces {
  readonly lengthAt: number;
  readonly framesAt: number;
}

/** Copies the stack that the operation keeps into the record; where it keeps none, does something else. */
function emitKeptStack(
  code: Assembler,
  stack: KeptStack,
  flag: number,
  place: TrackerPlace,
  { lengthAt, framesAt }: StackPlaces,
  otherwise: () => void,
): void {
  const [kept, done] = [code.freshLabel('kept'), code.freshLabel('copied')];
  const from = place.stackAt(stack);
  code.load('r1', 'r7', pending.state, 'u64').jumpIf('r1', '&', flag, kept);
  otherwise();
  code.jump(done).label(kept);
  code.load('r1', 'r7', from, 'u64').store('r9', lengthAt, 'r1', 'u64');
  for (let at = 0; at < stack.lengthBytes; at += 8) {
    code.load('r1', 'r7', from + 8 + at, 'u64').store('r9', framesAt + at, 'r1', 'u64');
  }
  code.label(done);
}

/** Takes a stack that is kept with the operation in `r7` until its end. */
export function emitTakeStack(
  code: Assembler,
  plan: TrackerPlan,
  place: TrackerPlace,
  which: 'wakerStack' | 'waitStack',
  planned: PlannedPoint,
): void {
  const stack = plan[which];
  if (stack === undefined) return;
  const from = place.stackAt(stack);
  const [stackOf, flag] =
    which === 'wakerStack'
      ? (['current', stateFlags.hasWakerStack] as const)
      : (['pending', stateFlags.hasWaitStack] as const);
  const places = { lengthAt: from, framesAt: from + 8, lengthBytes: stack.lengthBytes };
  emitStack(code, plan, { planned, stackOf }, 'r7', places);
  code.load('r1', 'r7', pending.state, 'u64').alu('or', 'r1', flag);
  code.store('r7', pending.state, 'r1', 'u64');
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

/** Into what `to` points at. */
function emitStack(
  code: Assembler,
  { tracker: { per, chain } }: TrackerPlan,
  { planned: { task }, stackOf }: Pick<RecordRequest, 'planned' | 'stackOf'>,
  to: Register,
  { lengthAt, framesAt, lengthBytes }: StackPlaces & { readonly lengthBytes?: number },
  flags = 0,
): void {
  const emit = (helper: Helper): void => {
    code
      .move('r2', to)
      .add('r2', framesAt)
      .move('r3', lengthBytes ?? stackBytes);
    code.move('r4', flags).call(helper).store(to, lengthAt, 'r0', 'u64');
  };
  if (stackOf === 'pending' && Array.isArray(task)) {
    emitPointer(code, task, 'r1');
    emit('get_task_stack');
    return;
  }
  const isOfThread = per === 'task' || chain !== undefined;
  if (stackOf === 'pending' && task === undefined && isOfThread) {
    // Whoever runs is somebody else.
    code.store(to, lengthAt, 0, 'u64');
    return;
  }
  code.move('r1', 'r6');
  emit('get_stack');
}
