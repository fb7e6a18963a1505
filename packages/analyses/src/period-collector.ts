import type { PeriodInstance, PeriodListener } from './period-engine.ts';
import type { PeriodDefinition } from './period-language.ts';
import { Samples } from './samples.ts';

/** Options of the period analyses. */
export interface PeriodOptions {
  readonly minDurationNs?: number;
  readonly maxDurationNs?: number;
  /** Names of periods to show. */
  readonly select?: ReadonlySet<string>;
  readonly aggregateBy?: string;
  readonly groupBy: readonly GroupKey[];
  readonly orderBy: 'time' | 'hierarchy';
}
export interface GroupKey {
  readonly period: string;
  readonly capture: string;
}

/** `parent/child`. */
export function periodPath(definition: PeriodDefinition): string {
  const parent = definition.parent;
  return parent === undefined ? definition.name : `${periodPath(parent)}/${definition.name}`;
}

export const durationOf = (instance: PeriodInstance): number =>
  instance.endNs - instance.begin.timeNs;

/** Beyond so many periods too many, those that are too short for a list of the longest are forgotten. */
const maxExcess = 10_000;

const byBegin = (a: PeriodInstance, b: PeriodInstance): number => a.ordinal - b.ordinal;

/** Keeps the completed periods. */
export class PeriodCollector implements PeriodListener {
  #kept: PeriodInstance[] = [];
  readonly #options: PeriodOptions;
  readonly #limit: number;
  /** Shorter ones will not be among the longest. */
  #leastNs = Number.NEGATIVE_INFINITY;

  /** @param limit - So many of the longest are enough. */
  constructor(options: PeriodOptions, limit = Number.POSITIVE_INFINITY) {
    this.#options = options;
    this.#limit = limit;
  }

  /** Events are missing up to here (ns since the origin). */
  lastGapEndNs = Number.NEGATIVE_INFINITY;

  opened(): void {}

  closed(instance: PeriodInstance): void {
    instance.isCertain = instance.begin.timeNs >= this.lastGapEndNs;
    if (!instance.isComplete || durationOf(instance) < this.#leastNs) return;
    if (!this.passes(instance)) return;
    this.#kept.push(instance);
    if (this.#kept.length < this.#limit + maxExcess) return;
    this.#kept = this.longest.slice(0, this.#limit);
    this.#leastNs = durationOf(this.#kept.at(-1)!);
  }

  /** Those that the filters let pass, by begin. */
  get instances(): PeriodInstance[] {
    return this.#kept.toSorted(byBegin);
  }

  /** The same, longest first, of equal ones the earlier first. */
  get longest(): PeriodInstance[] {
    return this.#kept.toSorted((a, b) => durationOf(b) - durationOf(a) || byBegin(a, b));
  }

  passes(instance: PeriodInstance): boolean {
    const durationNs = durationOf(instance);
    const { minDurationNs, maxDurationNs, select } = this.#options;
    if (minDurationNs !== undefined && durationNs < minDurationNs) return false;
    if (maxDurationNs !== undefined && durationNs > maxDurationNs) return false;
    return select === undefined || select.has(instance.definition.name);
  }
}

/** Durations of one period, or what its instances add up to per instance of an ancestor. */
export interface PairStatistics {
  readonly path: string;
  readonly parentPath: string;
  /** One sample per ancestor instance: ns, per cent, instances. */
  readonly durations: Samples;
  readonly ratios: Samples;
  readonly counts: Samples;
}

/** Completed descendants, depth first, children in order of completion. */
export function descendantsOf(instance: PeriodInstance): PeriodInstance[] {
  return instance.children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Definitions in tree order: each root, then its children by name. */
export function treeOrder(definitions: readonly PeriodDefinition[]): PeriodDefinition[] {
  const walk = (parent: PeriodDefinition | undefined): PeriodDefinition[] => {
    const level = definitions.filter((definition) => definition.parent === parent);
    if (parent !== undefined) level.sort((a, b) => (a.name < b.name ? -1 : 1));
    return level.flatMap((definition) => [definition, ...walk(definition)]);
  };
  return walk(undefined);
}

function isAncestor(candidate: PeriodDefinition, definition: PeriodDefinition): boolean {
  for (let up = definition.parent; up !== undefined; up = up.parent) {
    if (up === candidate) return true;
  }
  return false;
}

/**
 * For every pair of a period and one of its ancestors. `ancestors`: with these, those without such a descendant count as 0; without,
 * those among the instances that have one count.
 */
export function pairStatistics(
  definitions: readonly PeriodDefinition[],
  instances: readonly PeriodInstance[],
  ancestors?: readonly PeriodInstance[],
): PairStatistics[] {
  const kept = new Set(instances);
  const pairs: PairStatistics[] = [];
  for (const definition of treeOrder(definitions)) {
    for (const ancestor of treeOrder(definitions)) {
      if (!isAncestor(ancestor, definition)) continue;
      const pair: PairStatistics = {
        path: periodPath(definition),
        parentPath: periodPath(ancestor),
        durations: new Samples(),
        ratios: new Samples(),
        counts: new Samples(),
      };
      let total = 0;
      for (const parent of ancestors ?? instances) {
        if (parent.definition !== ancestor) continue;
        const found = descendantsOf(parent).filter(
          (child) => child.definition === definition && kept.has(child),
        );
        total += found.length;
        if (found.length === 0 && ancestors === undefined) continue;
        const sumNs = found.reduce((sum, child) => sum + durationOf(child), 0);
        const { isCertain } = parent;
        const ratio = durationOf(parent) > 0 ? (100 * sumNs) / durationOf(parent) : 0;
        pair.durations.add(sumNs, isCertain);
        pair.ratios.add(ratio, isCertain);
        pair.counts.add(found.length, isCertain);
      }
      if (total > 0) pairs.push(pair);
    }
  }
  return pairs;
}

/** Durations by period, in tree order. */
export function durationsByPeriod(
  definitions: readonly PeriodDefinition[],
  instances: readonly PeriodInstance[],
): { definition: PeriodDefinition; durations: Samples }[] {
  return treeOrder(definitions).flatMap((definition) => {
    const durations = new Samples();
    for (const instance of instances) {
      if (instance.definition !== definition) continue;
      durations.add(durationOf(instance), instance.isCertain);
    }
    return durations.count > 0 ? [{ definition, durations }] : [];
  });
}

/** In the order of their first instances: that of the tables of groups. */
export function byAppearance<T extends { readonly definition: PeriodDefinition }>(
  rows: readonly T[],
  instances: readonly PeriodInstance[],
): T[] {
  const first = (row: T): number =>
    instances.findIndex(({ definition }) => definition === row.definition);
  return rows.toSorted((a, b) => first(a) - first(b));
}

/** `period.capture = value` of all group keys, for a period with its ancestors and descendants. */
function groupTexts(instance: PeriodInstance, keys: readonly GroupKey[]): string[] {
  const related = [...descendantsOf(instance), instance];
  for (let up = instance.parent; up !== undefined; up = up.parent) related.push(up);
  const all = keys.map(({ period, capture }) => {
    const values = new Set<string>();
    for (const candidate of related) {
      if (candidate.definition.name !== period) continue;
      for (const captures of [candidate.beginCaptures, candidate.endCaptures]) {
        if (captures.has(capture)) values.add(String(captures.get(capture) ?? 'None'));
      }
    }
    return [...values].map((value) => `${period}.${capture} = ${value}`);
  });
  const combine = (i: number): string[] => {
    if (i === all.length) return [''];
    const rest = combine(i + 1);
    return all[i]!.flatMap((own) => rest.map((tail) => (tail === '' ? own : `${own}, ${tail}`)));
  };
  return combine(0);
}

/** Those that a completed root leads to: what began in a period that never ended belongs to no group. */
function depthFirst(instances: readonly PeriodInstance[]): PeriodInstance[] {
  const kept = new Set(instances);
  const roots = new Set<PeriodInstance>();
  for (const instance of instances) {
    let root = instance;
    while (root.parent !== undefined) root = root.parent;
    if (root.isComplete) roots.add(root);
  }
  const walk = (instance: PeriodInstance): PeriodInstance[] => [
    ...instance.children.flatMap(walk),
    ...(kept.has(instance) ? [instance] : []),
  ];
  return [...roots].flatMap(walk);
}

/** Completed instances by group, children before their parents: so are the groups. An instance counts in every group it touches. */
export function groupInstances(
  instances: readonly PeriodInstance[],
  keys: readonly GroupKey[],
): Map<string, PeriodInstance[]> {
  const groups = new Map<string, PeriodInstance[]>();
  const sortedKeys = keys.toSorted((a, b) =>
    `${a.period}.${a.capture}` < `${b.period}.${b.capture}` ? -1 : 1,
  );
  for (const instance of depthFirst(instances)) {
    for (const text of groupTexts(instance, sortedKeys)) {
      const group = groups.get(text);
      if (group === undefined) groups.set(text, [instance]);
      else group.push(instance);
    }
  }
  return groups;
}
