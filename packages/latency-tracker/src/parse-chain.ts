import type { Chain, ChainStep, Point, PointSet } from './declaration.ts';
import { type Expression, parseExpression } from './expression.ts';
import type { ObjectReader } from './object-reader.ts';

const expressions = (texts: readonly string[]): Expression[] =>
  texts.map((text) => parseExpression(text));

/** `steps` and `drop` of a declaration. Undefined: it has no steps. @throws UsageError */
export function parseChain(from: ObjectReader): Chain | undefined {
  const list = from.optionalList('steps');
  if (list === undefined) {
    if (from.has('drop')) throw from.error('drop', 'goes with steps');
    return undefined;
  }
  for (const property of ['begin', 'end', 'peek', 'abort', 'anyOf', 'via']) {
    if (from.has(property)) throw from.error(property, 'goes without steps');
  }
  const names = list.map((step) => step.text('name'));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw from.error('steps', `has two named ${twice}`);
  const steps = list.map((step, i) => parseStep(step, names, i));
  const drop = (from.optionalList('drop') ?? []).map((each) => {
    const parsed = {
      event: each.text('event'),
      step: indexOf(each, names, names.length),
      key: expressions(each.texts('key')),
    };
    each.rejectOthers();
    return parsed;
  });
  const chain = { steps, drop };
  checkSteps(chain, from);
  return chain;
}

function parseStep(from: ObjectReader, names: readonly string[], index: number): ChainStep {
  const sources = (from.optionalList('from') ?? []).map((source) => {
    const parsed = {
      step: indexOf(source, names, index),
      key: expressions(source.texts('key')),
      stays: source.flag('stays', false),
    };
    source.rejectOthers();
    return parsed;
  });
  const info = from.optional('info');
  const step: ChainStep = {
    name: from.text('name'),
    event: from.text('event'),
    when: expressions(from.textOrTexts('when')),
    from: sources,
    key: from.has('key') ? expressions(from.texts('key')) : undefined,
    info: new Map((info?.names ?? []).map((name) => [name, parseExpression(info!.text(name))])),
  };
  from.rejectOthers();
  return step;
}

/** Only earlier steps may be gone on from: chains end. */
function indexOf(from: ObjectReader, names: readonly string[], before: number): number {
  const name = from.text('step');
  const index = names.indexOf(name);
  if (index >= 0 && index < before) return index;
  throw from.error('step', `"${name}" is no earlier step`);
}

function checkSteps({ steps, drop }: Chain, from: ObjectReader): void {
  if (!steps.some(({ from: sources }) => sources.length === 0)) {
    throw from.error('steps', 'has none that begins a chain: one without from');
  }
  if (!steps.some(({ key }) => key === undefined)) {
    throw from.error('steps', 'has none that ends a chain: one without key');
  }
  const uses = [...steps.flatMap((step) => step.from), ...drop];
  for (const { step, key } of uses) {
    const { name, key: waits } = steps[step]!;
    if (waits === undefined)
      throw from.error('steps', `: nothing goes on from ${name}, for it ends`);
    if (key.length !== waits.length) {
      throw from.error(
        'steps',
        `: ${name} waits under a key of ${waits.length}, not ${key.length} parts`,
      );
    }
  }
}

function pointOf({ event, key, when, info }: ChainStep): Point {
  return {
    event,
    key: key ?? [{ type: 'integer', value: 0 }],
    when,
    time: undefined,
    outId: 0,
    isFirst: false,
    info,
    labels: new Map(),
  };
}

/** Where chains begin and end, for what looks at points only. */
export function setOfChain({ steps }: Chain): PointSet {
  return {
    via: 'event',
    begin: steps.filter(({ from }) => from.length === 0).map((step) => pointOf(step)),
    end: steps.filter(({ key }) => key === undefined).map((step) => pointOf(step)),
    peek: [],
    abort: [],
  };
}
