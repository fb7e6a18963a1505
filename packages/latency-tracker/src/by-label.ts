import { UsageError } from '@sonde/base';
import type { Point, PointSet, Tracker } from './declaration.ts';
import { type Expression, parseExpression } from './expression.ts';

/** What distributions can be told apart by, instead of a tracker's own labels. */
export const dimensions = ['comm', 'tid', 'cgroup', 'dev', 'syscall'] as const;
export type Dimension = (typeof dimensions)[number];

const isBuiltin = (expression: Expression | undefined, name: string): boolean =>
  expression?.type === 'builtin' && expression.name === name;

/** Where the value is read: at the begin, or at the end for what the end alone knows. */
interface LabelPlace {
  readonly role: 'begin' | 'end';
  readonly expressionOf: (point: Point) => Expression | undefined;
}

function placeOf(tracker: Tracker, set: PointSet, by: Dimension): LabelPlace {
  const current = (name: string): LabelPlace => ({
    role: 'begin',
    expressionOf: () => parseExpression(`$${name}`),
  });
  switch (by) {
    case 'tid':
      return tracker.per === 'task'
        ? { role: 'end', expressionOf: ({ key }) => key[0] }
        : current('tid');
    case 'comm':
      return tracker.per === 'task'
        ? { role: 'end', expressionOf: ({ key, info }) => commOf(key[0], info) }
        : current('comm');
    case 'cgroup':
      // The thread of another key than `$tid` does not run when it begins; the kernel's types tell its group at the end.
      return tracker.per === 'task' && !set.begin.every(({ key }) => isBuiltin(key[0], 'tid'))
        ? { role: 'end', expressionOf: ({ key }) => taskField(key[0], 'cgroup') }
        : current('cgroup');
    case 'dev':
      return {
        role: 'begin',
        expressionOf: ({ event }) =>
          event.startsWith('block:')
            ? parseExpression(set.via === 'arguments' ? 'rq.part.bd_dev' : 'dev')
            : undefined,
      };
    case 'syscall':
      return {
        role: 'begin',
        expressionOf: ({ event }) =>
          /^(?:raw_)?syscalls:sys_enter/.test(event) ? parseExpression('$syscall') : undefined,
      };
  }
}

/** `next_pid` → `next_cgroup`: a field of the same thread, which only the kernel's types tell. */
export function taskField(key: Expression | undefined, name: string): Expression | undefined {
  if (key?.type !== 'field' || key.path.length !== 1) return undefined;
  const match = /^((?:prev_|next_)?)pid$/.exec(key.path[0]!);
  return match === null ? undefined : { type: 'field', path: [`${match[1]}${name}`] };
}

function commOf(
  key: Expression | undefined,
  info: ReadonlyMap<string, Expression>,
): Expression | undefined {
  return info.get('comm') ?? (isBuiltin(key, 'tid') ? parseExpression('$comm') : undefined);
}

function labelled(tracker: Tracker, set: PointSet, by: Dimension): PointSet | undefined {
  const { role, expressionOf } = placeOf(tracker, set, by);
  const change = (point: Point, isHere: boolean): Point | undefined => {
    if (!isHere) return { ...point, labels: new Map() };
    const expression = expressionOf(point);
    return expression === undefined ? undefined : { ...point, labels: new Map([[by, expression]]) };
  };
  const begin = set.begin.map((point) => change(point, role === 'begin'));
  const end = set.end.map((point) => change(point, role === 'end'));
  const isWhole = (points: (Point | undefined)[]): points is Point[] => !points.includes(undefined);
  return isWhole(begin) && isWhole(end) ? { ...set, begin, end } : undefined;
}

/**
 * The tracker with distributions by `by`.
 * @throws UsageError `no-dimension` when its events don't tell that
 */
export function labelledBy(tracker: Tracker, by: Dimension): Tracker {
  const anyOf = tracker.anyOf
    .map((set) => labelled(tracker, set, by))
    .filter((set) => set !== undefined);
  if (anyOf.length > 0) return { ...tracker, anyOf };
  throw new UsageError('no-dimension', `The tracker ${tracker.name} can't tell ${by}.`);
}
