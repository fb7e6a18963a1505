/** The plan of a chain of steps: what happens at each event, and where chains wait. */
import { UsageError } from '@sonde/base';
import type { Chain, Tracker } from '../declaration.ts';
import { type Expression, formatExpression, readsOf } from '../expression.ts';
import {
  accessEvent,
  type EventAccess,
  isUnsigned,
  type KernelTypes,
  kindOf,
  taskOf,
} from './event-access.ts';
import { maxValueBytes, pending } from './layout.ts';
import { processOfKey } from './own-process.ts';
import {
  type ChainAction,
  type PlannedPoint,
  type Slot,
  SlotTable,
  type TrackerPlan,
} from './plan-types.ts';
import { userStackTarget } from './user-stacks.ts';

type Draft = Omit<ChainAction, 'access' | 'end' | 'process'> & {
  readonly info: readonly Expression[];
};

/**
 * One program for each event. The times of a chain's steps are what it saves, in the order of the steps: chains only go forward.
 * @throws UsageError where the kernel has not what a step needs
 */
export function planChain(tracker: Tracker, chain: Chain, types: KernelTypes): TrackerPlan {
  const saved: Slot[] = chain.steps.map(({ name }, i) => ({
    name,
    kind: 'number',
    isUnsigned: false,
    offsetBytes: 8 * i,
  }));
  if (pending.savedAt + 8 * saved.length > maxValueBytes) {
    throw new UsageError('not-in-kernel', `${tracker.name} has too many steps for the kernel.`);
  }
  const drafts = draftsOf(chain);
  const events = [...new Set(drafts.map(({ event }) => event))];
  const programs = events.map((event) => {
    const there = drafts.filter((draft) => draft.event === event);
    // All at one event see it the same way: one program, one order.
    const reads = there.flatMap((draft) => expressionsOf(draft).flatMap(readsOf));
    const access = accessEvent(event, 'event', reads, types);
    const actions = there.map((draft) => planAction(tracker, chain, draft, access));
    const points = actions.flatMap(({ end }) => (end === undefined ? [] : [end]));
    return { target: access.target, points, actions };
  });
  return {
    tracker,
    set: tracker.anyOf[0]!,
    keepsInTask: false,
    keepsInSlots: false,
    keepsAll: false,
    keyWords: 1,
    keyIsUnsigned: [false],
    saved,
    labels: { names: [], kinds: [], role: 'end', size: undefined },
    wakerStack: undefined,
    waitStack: undefined,
    keepsTicks: false,
    userStackTarget: userStackTarget(
      tracker,
      programs.flatMap(({ points }) => points),
      types,
    ),
    programs,
  };
}

/** Later steps first: an event that is two steps does not go through both at once. What is to be dropped goes last. */
function draftsOf({ steps, drop }: Chain): Draft[] {
  const ofSteps = steps.map(({ event, when, from, key, info }, step) => ({
    ...{ event, when, from, step, key, drop: undefined },
    info: [...info.values()],
  }));
  const ofDrops = drop.map(({ event, step, key }) => ({
    ...{ event, when: [], from: [], step: undefined, key: undefined, info: [] },
    drop: { step, key },
  }));
  return [...ofSteps.reverse(), ...ofDrops];
}

const keysOf = ({ key, from, drop }: Draft): readonly Expression[] => [
  ...(key ?? []),
  ...from.flatMap((source) => source.key),
  ...(drop?.key ?? []),
];

const expressionsOf = (draft: Draft): readonly Expression[] => [
  ...keysOf(draft),
  ...draft.when,
  ...draft.info,
];

function planAction(
  tracker: Tracker,
  chain: Chain,
  draft: Draft,
  access: EventAccess,
): ChainAction {
  for (const read of expressionsOf(draft).flatMap(readsOf)) kindOf(access, read);
  for (const key of keysOf(draft)) {
    if (kindOf(access, key) === 'number') continue;
    const text = formatExpression(key);
    throw new UsageError('text-key', `The key ${text} of ${draft.event} is a text.`);
  }
  const { event, when, from, step, drop, key } = draft;
  const isEnd = step !== undefined && key === undefined;
  const end = isEnd ? planEndOf(tracker, chain, step, access) : undefined;
  // Of a step that belongs to a thread: there it waits, or from there it comes.
  const own = key ?? from[0]?.key;
  const process = own && processOfKey(own, 'task', access);
  return { access, event, when, from, step, drop, key, end, process };
}

/** As a point: so its record is made like those of pairs. Its stack is that of the thread that the chain came to. */
function planEndOf(
  tracker: Tracker,
  { steps }: Chain,
  step: number,
  access: EventAccess,
): PlannedPoint {
  const index = steps.slice(0, step).filter(({ key }) => key === undefined).length;
  const point = tracker.anyOf[0]!.end[index]!;
  const [key, ...others] = steps[step]!.from[0]?.key ?? [];
  const task = key === undefined || others.length > 0 ? undefined : taskOf(access, key);
  const table = new SlotTable();
  const slots = [...point.info].map(([name, expression]) =>
    table.add(name, kindOf(access, expression), point.event, isUnsigned(access, expression)),
  );
  return { role: 'end', index, point, access, process: undefined, task, slots };
}
