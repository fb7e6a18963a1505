/** From what people write (objects, JSON) to a `Tracker`: nothing is believed, every problem has its place. */
import {
  levels,
  type Point,
  type PointRole,
  type PointSet,
  type Tracker,
  type TrackerDeclaration,
} from './declaration.ts';
import { durationNs } from './duration.ts';
import { type Expression, parseExpression } from './expression.ts';
import { ObjectReader } from './object-reader.ts';
import { parseChain, setOfChain } from './parse-chain.ts';

const maxKeyParts = 4;
export const defaultMax = 65_536;
const maxOfMax = 2 ** 24;
const defaultRatePerS = 1000;

/**
 * Checks a declaration and fills in what it leaves out.
 * @throws UsageError `bad-tracker` with the JSON path, `bad-expression`
 */
export function parseTracker(declaration: TrackerDeclaration | unknown): Tracker {
  const from = new ObjectReader(declaration, 'tracker');
  const name = from.text('name');
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(name)) {
    throw from.error('name', `"${name}" is no name: use up to 32 lower case letters, digits, "_"`);
  }
  const chain = parseChain(from);
  const anyOf = chain === undefined ? parseChoices(from, name) : [setOfChain(chain)];
  const histogram = from.optional('histogram');
  const tracker: Tracker = {
    name,
    summary: from.text('summary', ''),
    level: from.oneOf('level', levels, 'user'),
    anyOf,
    chain,
    per: from.oneOf('per', ['task', 'key'] as const, 'key') === 'task' ? 'task' : undefined,
    keep: from.oneOf('keep', ['last', 'first', 'all'] as const, 'last'),
    histogram: {
      kind: histogram?.oneOf('kind', ['log2', 'hdr'] as const, 'hdr') ?? 'hdr',
      bits: histogram?.integer('bits', 0, 7, 3) ?? 3,
    },
    alert: parseAlert(from.optional('alert')),
    timeoutNs: durationOf(from, 'timeout'),
    gcNs: durationOf(from, 'gc'),
    max: from.integer('max', 1, maxOfMax, defaultMax),
  };
  histogram?.rejectOthers();
  from.rejectOthers();
  return histogram?.text('kind', '') === 'log2'
    ? { ...tracker, histogram: { kind: 'log2', bits: 0 } }
    : tracker;
}

function durationOf(from: ObjectReader, name: string): number {
  const value = from.durationOr(name, undefined);
  return value === undefined ? Number.POSITIVE_INFINITY : durationNs(value);
}

function parseAlert(from: ObjectReader | undefined): Tracker['alert'] {
  if (from === undefined) {
    return {
      thresholdNs: Number.POSITIVE_INFINITY,
      halfStack: false,
      stack: 'end',
      ratePerS: defaultRatePerS,
    };
  }
  const rate = from.text('rate', `${defaultRatePerS}/s`);
  const match = /^(\d+)\/s$/.exec(rate);
  if (match === null) throw from.error('rate', `"${rate}" is no rate; write it like 100/s`);
  const alert = {
    thresholdNs: durationOf(from, 'threshold'),
    halfStack: from.flag('halfStack', false),
    stack: from.oneOf('stack', ['end', 'pending', 'waker'] as const, 'end'),
    ratePerS: Number(match[1]),
  };
  from.rejectOthers();
  return alert;
}

function parseChoices(from: ObjectReader, name: string): readonly PointSet[] {
  const choices = from.optionalList('anyOf');
  if (choices === undefined) return [parsePointSet(from, name)];
  for (const property of ['begin', 'end', 'peek', 'abort', 'via']) {
    if (from.has(property)) throw from.error(property, 'goes into anyOf, which is there too');
  }
  if (choices.length === 0) throw from.error('anyOf', 'is empty');
  return choices.map((choice) => {
    const set = parsePointSet(choice, name);
    choice.rejectOthers();
    return set;
  });
}

function parsePointSet(from: ObjectReader, name: string): PointSet {
  const pointsOf = (role: PointRole): readonly Point[] =>
    (from.optionalList(role) ?? []).map((point) => parsePoint(point));
  const set: PointSet = {
    via: from.oneOf('via', ['event', 'arguments', 'function'] as const, 'event'),
    begin: pointsOf('begin'),
    end: pointsOf('end'),
    peek: pointsOf('peek'),
    abort: pointsOf('abort'),
  };
  if (set.begin.length === 0) throw from.error('begin', 'needs at least one point');
  if (set.end.length === 0) throw from.error('end', 'needs at least one point');
  checkKeys(set, name, from);
  checkLabels(set, from);
  return set;
}

/** An end can only find a begin whose key has as many parts. */
function checkKeys(set: PointSet, name: string, from: ObjectReader): void {
  const first = set.begin[0]!;
  for (const role of ['begin', 'end', 'peek', 'abort'] as const) {
    for (const point of set[role]) {
      if (point.key.length === first.key.length) continue;
      throw from.error(
        role,
        `${name}: the key at ${first.event} has ${parts(first)}, that at ${point.event} has ${parts(point)}`,
      );
    }
  }
}

const parts = (point: Point): string =>
  point.key.length === 1 ? '1 part' : `${point.key.length} parts`;

/** All pairs have the same dimensions, whichever points they come from. */
function checkLabels(set: PointSet, from: ObjectReader): void {
  for (const role of ['begin', 'end'] as const) {
    const names = set[role].map((point) => [...point.labels.keys()].join(','));
    const other = names.findIndex((text) => text !== names[0]);
    if (other > 0) {
      throw from.error(
        role,
        `${set[role][0]!.event} has the labels [${names[0]}], ${set[role][other]!.event} [${names[other]}]`,
      );
    }
  }
}

function parsePoint(from: ObjectReader): Point {
  const event = from.text('event');
  if (event === '') throw from.error('event', 'is empty');
  const keys = from.texts('key');
  if (keys.length < 1 || keys.length > maxKeyParts) {
    throw from.error('key', `has ${keys.length} parts; there may be 1 to ${maxKeyParts}`);
  }
  const when = from.textOrTexts('when');
  const time = from.text('time', '');
  const point: Point = {
    event,
    key: keys.map((text) => parseExpression(text)),
    when: when.map((text) => parseExpression(text)),
    time: time === '' ? undefined : parseExpression(time),
    outId: from.integer('outId', 0, 2 ** 31 - 1, 0),
    isFirst: from.flag('isFirst', false),
    info: expressionsOf(from.optional('info')),
    labels: expressionsOf(from.optional('labels')),
  };
  from.rejectOthers();
  return point;
}

function expressionsOf(from: ObjectReader | undefined): ReadonlyMap<string, Expression> {
  const expressions = new Map<string, Expression>();
  for (const name of from?.names ?? []) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw from!.error(name, 'is no name: a-z, 0-9, "_"');
    expressions.set(name, parseExpression(from!.text(name)));
  }
  return expressions;
}
