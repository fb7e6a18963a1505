import {
  compileExpression,
  compileReference,
  type PeriodEvent,
  type PeriodValue,
  type Predicate,
  type ReadReference,
} from './period-expression.ts';
import type { Capture, PeriodDefinition } from './period-language.ts';

/** One open period. */
export interface PeriodInstance {
  /** Counts the periods of a run in the order of their begins. */
  readonly ordinal: number;
  readonly definition: PeriodDefinition;
  readonly parent: PeriodInstance | undefined;
  readonly begin: PeriodEvent;
  readonly beginCaptures: ReadonlyMap<string, PeriodValue | undefined>;
  endCaptures: ReadonlyMap<string, PeriodValue | undefined>;
  endNs: number;
  /** False: the parent or the trace ended first. */
  isComplete: boolean;
  /** False: events were discarded within it. */
  isCertain: boolean;
  readonly openChildren: Set<PeriodInstance>;
  /** Completed ones, in order of completion. */
  readonly children: PeriodInstance[];
}

export interface PeriodListener {
  opened(instance: PeriodInstance): void;
  closed(instance: PeriodInstance): void;
}

type Captures = ReadonlyMap<string, PeriodValue | undefined>;

/** A definition as the engine runs it. */
interface CompiledPeriod {
  readonly definition: PeriodDefinition;
  readonly begins: Predicate;
  readonly ends: Predicate;
  readonly beginCaptures: readonly CompiledCapture[];
  readonly endCaptures: readonly CompiledCapture[];
  readonly children: CompiledPeriod[];
}
interface CompiledCapture {
  readonly name: string;
  readonly read: ReadReference;
}

// Most periods capture nothing and have no children: they share what is empty, and nobody adds to it.
const noCaptures: Captures = new Map();
const noOpenChildren = new Set<PeriodInstance>();
const noChildren: PeriodInstance[] = [];

const compileCaptures = (captures: readonly Capture[]): CompiledCapture[] =>
  captures.map(({ name, reference }) => ({ name, read: compileReference(reference) }));

function compilePeriod(definition: PeriodDefinition): CompiledPeriod {
  return {
    definition,
    begins: compileExpression(definition.begin),
    ends: compileExpression(definition.end),
    beginCaptures: compileCaptures(definition.beginCaptures),
    endCaptures: compileCaptures(definition.endCaptures),
    children: [],
  };
}

function capture(
  captures: readonly CompiledCapture[],
  event: PeriodEvent,
  begin: PeriodEvent,
  parentBegin: PeriodEvent | undefined,
): Captures {
  if (captures.length === 0) return noCaptures;
  return new Map(captures.map(({ name, read }) => [name, read(event, begin, parentBegin)]));
}

/** Opens and closes periods as events pass. Definitions are tried in their order. */
export class PeriodEngine {
  readonly #compiled: ReadonlyMap<PeriodDefinition, CompiledPeriod>;
  readonly #roots: readonly CompiledPeriod[];
  readonly #hasChildren: boolean;
  readonly #listener: PeriodListener;
  readonly #open = new Set<PeriodInstance>();
  #count = 0;

  constructor(definitions: readonly PeriodDefinition[], listener: PeriodListener) {
    this.#compiled = new Map(definitions.map((one) => [one, compilePeriod(one)]));
    for (const period of this.#compiled.values()) {
      const { parent } = period.definition;
      if (parent !== undefined) this.#compiled.get(parent)?.children.push(period);
    }
    const all = [...this.#compiled.values()];
    this.#roots = all.filter(({ definition }) => definition.parent === undefined);
    this.#hasChildren = this.#roots.length < all.length;
    this.#listener = listener;
  }

  /** First the periods that this event ends, then those it begins. */
  process(event: PeriodEvent): void {
    // Nothing is added while periods end, and a Set goes on when one of its members is taken away.
    for (const instance of this.#open) this.#endPass(instance, event);
    const reached = this.#hasChildren ? [...this.#open] : noChildren;
    for (const period of this.#roots) this.#tryOpen(period, undefined, event);
    for (const instance of reached) this.#beginPass(instance, event);
  }

  /** The events are over: what is open stays incomplete. */
  finish(timeNs: number): void {
    for (const instance of this.#open) this.#close(instance, timeNs, false);
  }

  #endPass(instance: PeriodInstance, event: PeriodEvent): void {
    for (const child of instance.openChildren) this.#endPass(child, event);
    const { ends, endCaptures } = this.#compiled.get(instance.definition)!;
    const parentBegin = instance.parent?.begin;
    if (!ends(event, instance.begin, parentBegin)) return;
    instance.endCaptures = capture(endCaptures, event, instance.begin, parentBegin);
    this.#close(instance, event.timeNs, true);
  }

  #beginPass(instance: PeriodInstance, event: PeriodEvent): void {
    const reached = [...instance.openChildren];
    for (const period of this.#compiled.get(instance.definition)!.children) {
      this.#tryOpen(period, instance, event);
    }
    for (const child of reached) this.#beginPass(child, event);
  }

  #tryOpen(period: CompiledPeriod, parent: PeriodInstance | undefined, event: PeriodEvent): void {
    if (!period.begins(event, event, parent?.begin)) return;
    const isLeaf = period.children.length === 0;
    const instance: PeriodInstance = {
      ordinal: this.#count++,
      definition: period.definition,
      parent,
      begin: event,
      beginCaptures: capture(period.beginCaptures, event, event, parent?.begin),
      endCaptures: noCaptures,
      endNs: Number.NaN,
      isComplete: false,
      isCertain: true,
      openChildren: isLeaf ? noOpenChildren : new Set(),
      children: isLeaf ? noChildren : [],
    };
    (parent?.openChildren ?? this.#open).add(instance);
    this.#listener.opened(instance);
    // A child may begin with the very event that its parent begins with.
    for (const child of period.children) this.#tryOpen(child, instance, event);
  }

  #close(instance: PeriodInstance, timeNs: number, isComplete: boolean): void {
    for (const child of instance.openChildren) this.#close(child, timeNs, false);
    instance.endNs = timeNs;
    instance.isComplete = isComplete;
    const { parent } = instance;
    (parent?.openChildren ?? this.#open).delete(instance);
    if (isComplete) parent?.children.push(instance);
    this.#listener.closed(instance);
  }
}
