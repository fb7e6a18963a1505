import type { Point, PointSet } from '../declaration.ts';
import { plainName } from '../event-names.ts';
import type { Expression } from '../expression.ts';

/** Where the events of an operation happen. */
export type Place =
  | { readonly where: 'anywhere' }
  | { readonly where: 'cpu' }
  /** `part`: of the key, the thread id. */
  | { readonly where: 'thread'; readonly part: number };

/** Fields with the id of the thread that runs where the event happens. */
const ownThreadFields: Readonly<Record<string, readonly string[]>> = {
  sched_switch: ['prev_pid', 'prev_tid', 'next_pid', 'next_tid'],
  sched_process_exit: ['pid', 'tid'],
};

function isOwnThread(expression: Expression | undefined, event: string): boolean {
  if (expression?.type === 'builtin') return expression.name === 'tid';
  if (expression?.type !== 'field') return false;
  return ownThreadFields[plainName(event)]?.includes(expression.path.join('.')) === true;
}

const isCpu = (expression: Expression | undefined): boolean =>
  expression?.type === 'builtin' && expression.name === 'cpu';

/** What the keys of a tracker say of where its events can be. */
export function placeOf({ begin, end, abort }: PointSet): Place {
  const points: readonly Point[] = [...begin, ...end, ...abort];
  for (const part of begin[0]!.key.keys()) {
    if (points.every(({ key }) => isCpu(key[part]))) return { where: 'cpu' };
  }
  for (const part of begin[0]!.key.keys()) {
    if (points.every(({ key, event }) => isOwnThread(key[part], event))) {
      return { where: 'thread', part };
    }
  }
  return { where: 'anywhere' };
}
