import type { Capture, Expression, PeriodDefinition, Reference } from './period-language.ts';

/** What expressions see of an event: its name and the fields that some expression names. */
export interface PeriodEvent {
  readonly name: string;
  readonly timeNs: number;
  /** By `fieldKey`; missing: the event has no such field. */
  readonly fields: ReadonlyMap<string, PeriodValue>;
}
export type PeriodValue = number | bigint | string;

/** Identity of a field reference, whatever event it looks at. */
export const fieldKey = (reference: Reference): string =>
  `${reference.scope ?? '*'}.${reference.field}`;

/** One open period. */
export interface PeriodInstance {
  readonly definition: PeriodDefinition;
  readonly parent: PeriodInstance | undefined;
  readonly begin: PeriodEvent;
  readonly beginCaptures: ReadonlyMap<string, PeriodValue | undefined>;
  endCaptures: ReadonlyMap<string, PeriodValue | undefined>;
  endNs: number;
  /** False: the parent or the trace ended first. */
  isComplete: boolean;
  readonly openChildren: Set<PeriodInstance>;
  /** Completed ones, in order of completion. */
  readonly children: PeriodInstance[];
}

export interface PeriodListener {
  opened(instance: PeriodInstance): void;
  closed(instance: PeriodInstance): void;
}

/** Where expressions look: the current event, the begin event, the parent's begin event. */
interface Scene {
  readonly event: PeriodEvent;
  readonly begin: PeriodEvent;
  readonly parentBegin: PeriodEvent | undefined;
}

function lookUp(reference: Reference, scene: Scene): PeriodValue | undefined {
  const event =
    reference.event === 'event'
      ? scene.event
      : reference.event === 'begin'
        ? scene.begin
        : scene.parentBegin;
  if (event === undefined) return undefined;
  return reference.kind === 'name' ? event.name : event.fields.get(fieldKey(reference));
}

/** `*`, `?`, `[set]`, `[!set]` over the whole string. */
function globPattern(glob: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i]!;
    const close = c === '[' ? glob.indexOf(']', i + 2) : -1;
    if (c === '*') source += '.*';
    else if (c === '?') source += '.';
    else if (close > 0) {
      const set = glob.slice(i + 1, close).replace(/[\\\]]/g, '\\$&');
      source += `[${set.startsWith('!') ? `^${set.slice(1)}` : set.replace(/^\^/, '\\^')}]`;
      i = close;
    } else source += c.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

const globs = new Map<string, RegExp>();
function matchesGlob(text: string, glob: string): boolean {
  let pattern = globs.get(glob);
  if (pattern === undefined) globs.set(glob, (pattern = globPattern(glob)));
  return pattern.test(text);
}

const isInteger = (value: PeriodValue): boolean =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));

/** Equality and order between values of one kind; different kinds never compare. */
function compare(
  left: PeriodValue | undefined,
  operator: Exclude<Extract<Expression, { kind: 'compare' }>['operator'], '!='>,
  right: PeriodValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return false;
  if (operator === '=*') {
    return typeof left === 'string' && typeof right === 'string' && matchesGlob(left, right);
  }
  if (typeof left === 'string' || typeof right === 'string') {
    return operator === '==' && left === right;
  }
  // An integer compared with a fraction compares with its integer part, as the original does.
  const other = isInteger(left) && typeof right === 'number' ? Math.trunc(right) : right;
  switch (operator) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: numbers and bigints are equal by value only so
      return left == other;
    case '<=':
      return left <= other;
    case '>=':
      return left >= other;
    case '<':
      return left < other;
    case '>':
      return left > other;
  }
}

function evaluate(expression: Expression, scene: Scene): boolean {
  switch (expression.kind) {
    case 'and':
      return evaluate(expression.left, scene) && evaluate(expression.right, scene);
    case 'or':
      return evaluate(expression.left, scene) || evaluate(expression.right, scene);
    case 'not':
      return !evaluate(expression.operand, scene);
    case 'compare': {
      const { operator, right } = expression;
      const left = lookUp(expression.left, scene);
      const other = typeof right === 'object' ? lookUp(right, scene) : right;
      return operator === '!=' ? !compare(left, '==', other) : compare(left, operator, other);
    }
  }
}

function capture(
  captures: readonly Capture[],
  scene: Scene,
): ReadonlyMap<string, PeriodValue | undefined> {
  return new Map(captures.map(({ name, reference }) => [name, lookUp(reference, scene)]));
}

/** Opens and closes periods as events pass. Definitions are tried in their order. */
export class PeriodEngine {
  readonly #roots: readonly PeriodDefinition[];
  readonly #children: ReadonlyMap<PeriodDefinition, readonly PeriodDefinition[]>;
  readonly #listener: PeriodListener;
  readonly #open = new Set<PeriodInstance>();

  constructor(definitions: readonly PeriodDefinition[], listener: PeriodListener) {
    this.#roots = definitions.filter((definition) => definition.parent === undefined);
    this.#children = new Map(
      definitions.map((parent) => [parent, definitions.filter((d) => d.parent === parent)]),
    );
    this.#listener = listener;
  }

  /** First the periods that this event ends, then those it begins. */
  process(event: PeriodEvent): void {
    for (const instance of [...this.#open]) this.#endPass(instance, event);
    const reached = [...this.#open];
    for (const definition of this.#roots) this.#tryOpen(definition, undefined, event);
    for (const instance of reached) this.#beginPass(instance, event);
  }

  /** The events are over: what is open stays incomplete. */
  finish(timeNs: number): void {
    for (const instance of [...this.#open]) this.#close(instance, timeNs, false);
  }

  #endPass(instance: PeriodInstance, event: PeriodEvent): void {
    for (const child of [...instance.openChildren]) this.#endPass(child, event);
    const scene = sceneOf(instance, event);
    if (!evaluate(instance.definition.end, scene)) return;
    instance.endCaptures = capture(instance.definition.endCaptures, scene);
    this.#close(instance, event.timeNs, true);
  }

  #beginPass(instance: PeriodInstance, event: PeriodEvent): void {
    const reached = [...instance.openChildren];
    for (const definition of this.#children.get(instance.definition) ?? []) {
      this.#tryOpen(definition, instance, event);
    }
    for (const child of reached) this.#beginPass(child, event);
  }

  #tryOpen(
    definition: PeriodDefinition,
    parent: PeriodInstance | undefined,
    event: PeriodEvent,
  ): void {
    const scene = { event, begin: event, parentBegin: parent?.begin };
    if (!evaluate(definition.begin, scene)) return;
    const instance: PeriodInstance = {
      definition,
      parent,
      begin: event,
      beginCaptures: capture(definition.beginCaptures, scene),
      endCaptures: new Map(),
      endNs: Number.NaN,
      isComplete: false,
      openChildren: new Set(),
      children: [],
    };
    (parent?.openChildren ?? this.#open).add(instance);
    this.#listener.opened(instance);
    // A child may begin with the very event that its parent begins with.
    for (const child of this.#children.get(definition) ?? []) this.#tryOpen(child, instance, event);
  }

  #close(instance: PeriodInstance, timeNs: number, isComplete: boolean): void {
    for (const child of [...instance.openChildren]) this.#close(child, timeNs, false);
    instance.endNs = timeNs;
    instance.isComplete = isComplete;
    const { parent } = instance;
    (parent?.openChildren ?? this.#open).delete(instance);
    if (isComplete) parent?.children.push(instance);
    this.#listener.closed(instance);
  }
}

function sceneOf(instance: PeriodInstance, event: PeriodEvent): Scene {
  return { event, begin: instance.begin, parentBegin: instance.parent?.begin };
}
