/** What the programs of a tracker will be: decided before any instruction is written. */
import { UsageError } from '@sonde/base';
import {
  type Point,
  type PointRole,
  type PointSet,
  roleOrder,
  type Tracker,
} from '../declaration.ts';
import { type Expression, formatExpression, readsOf } from '../expression.ts';
import {
  accessEvent,
  type EventAccess,
  isUnsigned,
  type KernelTypes,
  kindOf,
  taskOf,
} from './event-access.ts';
import {
  earlyStackBytes,
  maxSeriesKeyWords,
  maxValueBytes,
  pending,
  stackBytes,
} from './layout.ts';
import { processOf } from './own-process.ts';
import { planChain } from './plan-chain.ts';
import {
  type KeptStack,
  keptBytes,
  type LabelPlan,
  labelSlotName,
  type PlannedPoint,
  type PlannedProgram,
  type Slot,
  SlotTable,
  slotsBytes,
  type TrackerPlan,
} from './plan-types.ts';
import { userStackTarget } from './user-stacks.ts';

/**
 * The plan for one set of points.
 * @throws UsageError where the kernel has not what the set needs
 */
export function planTracker(tracker: Tracker, set: PointSet, types: KernelTypes): TrackerPlan {
  if (tracker.chain !== undefined) return planChain(tracker, tracker.chain, types);
  const table = new SlotTable();
  const points = roleOrder.flatMap((role) =>
    set[role].map((point, index) =>
      planPoint({ tracker, via: set.via, types, saved: table }, role, index, point),
    ),
  );
  const areTasks = points.every(({ task }) => task !== undefined);
  // A task's state is empty where its begin is 0: a clock never says that, an event's own time may.
  const hasOwnTime = points.some(({ point }) => point.time !== undefined);
  const keepsAll = tracker.keep === 'all';
  const keepsInTask =
    tracker.per === 'task' && isTyped(types) && areTasks && !hasOwnTime && !keepsAll;
  const labels = planLabels(set, points);
  if (labels.role === 'begin') {
    const first = points.find(({ role }) => role === 'begin')!;
    for (const [i, name] of labels.names.entries()) {
      table.add(labelSlotName(name), labels.kinds[i]!, first.point.event);
    }
  }
  checkSizes(tracker, table.slots, labels);
  return {
    tracker,
    set,
    keepsInTask,
    // A slot that is being filled has the begin 0.
    keepsInSlots: types.hasExchange && !keepsInTask && !keepsAll && !hasOwnTime && hasShortKey(set),
    keepsAll,
    keyWords: set.begin[0]!.key.length,
    keyIsUnsigned: keySigns(points),
    saved: table.slots,
    labels,
    ...(keepsInTask ? planStacks(tracker, set) : noStacks),
    keepsTicks: set.peek.length > 0 && !hasOwnTime,
    userStackTarget: userStackTarget(tracker, points, types),
    programs: programsOf(keepsInTask ? [...points, ...lastPoints(points.length, types)] : points),
  };
}

const hasShortKey = ({ begin }: PointSet): boolean => begin[0]!.key.length === 1;

/** Tasks are tasks to the verifier: they have storage. */
const isTyped = ({ btf, access }: KernelTypes): boolean => btf !== undefined && access === 'typed';

/** A peek with values to save is about who comes by, a waker; one without, about the operation that waits. */
export const isOfWaker = ({ info }: Point): boolean => info.size > 0;

/** Whether stacks of wakers are taken when operations begin: where no peek comes with the waker when it is known to be late. */
export function keepsWakerStack({ alert }: Tracker, { peek }: PointSet): boolean {
  return alert.stack === 'waker' && !peek.some(isOfWaker);
}

const noStacks = { wakerStack: undefined, waitStack: undefined } as const;

/** Stacks from before the end wait with the operation: so an alert has them, whatever else comes meanwhile. */
function planStacks(
  tracker: Tracker,
  set: PointSet,
): Pick<TrackerPlan, 'wakerStack' | 'waitStack'> {
  const ofPeek = { lengthBytes: stackBytes, takenAt: 'peek' } as const;
  let wakerStack: KeptStack | undefined;
  if (keepsWakerStack(tracker, set)) {
    wakerStack = { at: 0, lengthBytes: earlyStackBytes, takenAt: 'begin' };
  } else if (set.peek.some(isOfWaker)) wakerStack = { at: 0, ...ofPeek };
  const waits = set.peek.some((point) => !isOfWaker(point));
  const waitStack = waits ? { at: keptBytes(wakerStack), ...ofPeek } : undefined;
  return { wakerStack, waitStack };
}

/** The state of a task goes away with it: that is counted, so that what is pending can be told. */
function lastPoints(index: number, types: KernelTypes): PlannedPoint[] {
  const key: Expression = { type: 'field', path: ['pid'] };
  const point: Point = {
    event: 'sched:sched_process_free',
    key: [key],
    when: [],
    time: undefined,
    outId: 0,
    isFirst: false,
    info: new Map(),
    labels: new Map(),
  };
  const access = accessEvent(point.event, 'event', [key], types);
  const task = taskOf(access, key);
  return task === undefined
    ? []
    : [{ role: 'abort', index, point, access, process: undefined, task, slots: [] }];
}

function keySigns(points: readonly PlannedPoint[]): boolean[] {
  const { point, access } = points.find(({ role }) => role === 'begin')!;
  return point.key.map((key) => isUnsigned(access, key));
}

function checkSizes(tracker: Tracker, saved: readonly Slot[], labels: LabelPlan): void {
  const labelWords = labels.kinds.reduce((sum, kind) => sum + (kind === 'text' ? 2 : 1), 0);
  const isTooMuch = pending.savedAt + slotsBytes(saved) > maxValueBytes;
  if (!isTooMuch && labelWords <= maxSeriesKeyWords) return;
  const what = isTooMuch ? 'saves too many values' : 'has too many labels';
  throw new UsageError('not-in-kernel', `${tracker.name} ${what} for the kernel.`);
}

function planPoint(
  {
    tracker,
    via,
    types,
    saved,
  }: {
    readonly tracker: Tracker;
    readonly via: PointSet['via'];
    readonly types: KernelTypes;
    readonly saved: SlotTable;
  },
  role: PointRole,
  index: number,
  point: Point,
): PlannedPoint {
  const expressions = [
    ...point.key,
    ...point.when,
    ...(point.time ? [point.time] : []),
    ...point.info.values(),
    ...point.labels.values(),
  ];
  const access = accessEvent(point.event, via, expressions.flatMap(readsOf), types);
  // All names are looked up now: what is wrong is said before anything is loaded.
  for (const read of expressions.flatMap(readsOf)) kindOf(access, read);
  for (const key of point.key) requireNumber(access, key, point);
  const isSaved = role === 'begin' || role === 'peek';
  const table = isSaved ? saved : new SlotTable();
  const slots = [...point.info].map(([name, expression]) =>
    table.add(name, kindOf(access, expression), point.event, isUnsigned(access, expression)),
  );
  const task = point.key.length === 1 ? taskOf(access, point.key[0]!) : undefined;
  const isPair = role === 'begin' || role === 'end';
  const process = isPair ? processOf(tracker, point, access) : undefined;
  return { role, index, point, access, process, task, slots };
}

function requireNumber(access: EventAccess, key: Expression, point: Point): void {
  if (kindOf(access, key) === 'number') return;
  const text = formatExpression(key);
  throw new UsageError('text-key', `The key ${text} of ${point.event} is a text.`);
}

function planLabels(set: PointSet, points: readonly PlannedPoint[]): LabelPlan {
  const role = set.begin[0]!.labels.size > 0 ? 'begin' : 'end';
  const labelled = points.filter((planned) => planned.role === role);
  const names = [...set[role][0]!.labels.keys()];
  const kinds = names.map((name) => {
    const found = labelled.map(({ access, point }) => kindOf(access, point.labels.get(name)!));
    if (found.every((kind) => kind === found[0])) return found[0]!;
    throw new UsageError('types-differ', `The label ${name} is a number here and a text there.`);
  });
  const sizes =
    names.length === 1
      ? set[role].map(({ labels }) => sizeOf(labels.get(names[0]!)!))
      : [undefined];
  const size = sizes.includes(undefined) ? undefined : Math.max(...sizes.map((n) => n!));
  return { names, kinds, role, size };
}

/** System calls have numbers below it. */
const systemCalls = 512;
const maxArraySize = 1024;

/** How many values an expression may have, where that is easily seen. */
function sizeOf(expression: Expression): number | undefined {
  if (expression.type === 'builtin' && expression.name === 'syscall') return systemCalls;
  if (expression.type !== 'binary' || expression.operator !== '&') return undefined;
  const { right } = expression;
  if (right.type !== 'integer' || right.value >= maxArraySize) return undefined;
  return right.value + 1;
}

function programsOf(points: readonly PlannedPoint[]): PlannedProgram[] {
  const programs = new Map<string, PlannedPoint[]>();
  for (const planned of points) {
    const { id, programType } = planned.access.target;
    // A function has two sides; other events one.
    const isExit = programType === 'function-entry' && planned.role !== 'begin';
    const key = isExit ? `${id} exit` : id;
    const there = programs.get(key);
    if (there === undefined) programs.set(key, [planned]);
    else there.push(planned);
  }
  return [...programs].map(([key, there]) => {
    const { target } = there[0]!.access;
    const isExit = key.endsWith(' exit');
    return { target: isExit ? { ...target, programType: 'function-exit' } : target, points: there };
  });
}
