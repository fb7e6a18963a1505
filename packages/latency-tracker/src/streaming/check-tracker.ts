/** Whether a tracker can run over traces with these event record classes, before the first event. */
import { UsageError } from '@sonde/base';
import type { EventRecordClass } from '@sonde/trace-model';
import { type Point, type PointSet, roleOrder, type Tracker } from '../declaration.ts';
import { eventMatches } from '../event-names.ts';
import { formatExpression } from '../expression.ts';
import { ExpressionCompiler } from './compile-expression.ts';
import type { EventContext } from './event-context.ts';

function classesAt(point: Point, classes: readonly EventRecordClass[]): EventRecordClass[] {
  return classes.filter(({ name }) => eventMatches(point.event, name ?? ''));
}

/**
 * The first set of points of which traces have a begin and an end.
 * @throws UsageError `no-event`
 */
export function chooseSet(
  tracker: Tracker,
  classes: readonly EventRecordClass[],
  notes: string[],
): PointSet {
  const sets = tracker.anyOf.filter(({ via }) => via === 'event');
  const has = (point: Point): boolean => classesAt(point, classes).length > 0;
  const chosen = sets.find((set) => set.begin.some(has) && set.end.some(has));
  if (chosen === undefined) {
    const wanted = sets.map(({ begin, end }) =>
      [begin, end].map((points) => points.map(({ event }) => event).join(' or ')).join(' and '),
    );
    const why =
      wanted.length === 0 ? 'it works in the kernel only' : `there is no ${wanted.join('; no ')}`;
    throw new UsageError('no-event', `The tracker ${tracker.name} can't use this trace: ${why}.`);
  }
  const isSecondBest = chosen !== sets[0] || tracker.anyOf.some(({ via }) => via === 'function');
  if (!isSecondBest) return chosen;
  notes.push(`${tracker.name}: measured from ${chosen.begin[0]!.event} to ${chosen.end[0]!.event}`);
  return chosen;
}

/**
 * Compiles every point once against each class that it matches.
 * @throws UsageError `unknown-field`, `key-types-differ`
 */
export function checkTracker(
  tracker: Tracker,
  set: PointSet,
  classes: readonly EventRecordClass[],
  context: EventContext,
): void {
  if (tracker.chain !== undefined) return;
  let first:
    | { readonly event: string; readonly kinds: readonly string[]; readonly text: string }
    | undefined;
  for (const role of roleOrder) {
    for (const point of set[role]) {
      for (const eventRecordClass of classesAt(point, classes)) {
        const kinds = kindsOfKey(tracker, point, eventRecordClass, context);
        const event = eventRecordClass.name ?? point.event;
        const text = point.key.map((key) => formatExpression(key)).join(', ');
        first ??= { event, kinds, text };
        if (kinds.join() === first.kinds.join()) continue;
        throw new UsageError(
          'key-types-differ',
          `${tracker.name}: the key at ${first.event} (${first.text}) is a ${first.kinds.join(', a ')}; that at ${event} (${text}) is a ${kinds.join(', a ')}.`,
        );
      }
    }
  }
}

function kindsOfKey(
  tracker: Tracker,
  point: Point,
  eventRecordClass: EventRecordClass,
  context: EventContext,
): readonly string[] {
  const compiler = new ExpressionCompiler(eventRecordClass, context);
  try {
    for (const expression of point.when) compiler.number(expression);
    if (point.time !== undefined) compiler.number(point.time);
    for (const expression of point.labels.values()) compiler.compile(expression);
    return point.key.map((expression) => compiler.compile(expression).kind);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, `${tracker.name}: ${error.message}`);
  }
}
