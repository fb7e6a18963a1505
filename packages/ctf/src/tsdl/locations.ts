import {
  type FieldClass,
  type FieldLocation,
  type Mapping,
  type Scope,
  type StructureFieldClass,
  scopes,
  type VariantFieldClass,
} from '@sonde/trace-model';
import type { PendingLocation, TsdlContext } from './context.ts';

/** A compound field class on the way to a dependent field, and which part of it the way takes. */
interface Step {
  readonly container: FieldClass;
  /** Of the structure member or variant option; 0 for arrays. */
  index: number;
}

/** A field class that a location leads to. */
interface Target {
  readonly fieldClass: FieldClass;
  /** Displayed names of the structure members on the way, from the scope's root. */
  readonly names: readonly string[];
}

/** Root structures by scope, as the fields of one event record class see them. */
export type ScopeRoots = { readonly [S in Scope]?: StructureFieldClass | undefined };

/**
 * Numbers for the values that key fields save, unique in a trace class. Locations that lead to the same fields share one, but those in
 * event record headers don't with those elsewhere: what selects parts of a header is kept in variables of the code for it.
 */
export class KeySlots {
  count = 0;
  /** By the first target. */
  readonly #known = new Map<
    FieldClass,
    { targets: readonly Target[]; isOfHeader: boolean; slot: number }[]
  >();

  /** The slot of a location in `scope` that leads to `targets`, which are marked with it. */
  slotOf(targets: readonly Target[], scope: Scope): number {
    const isOfHeader = scope === 'event-record-header';
    const first = targets[0]?.fieldClass;
    const known = (first && this.#known.get(first)) ?? [];
    const same = known.find(
      (entry) => entry.isOfHeader === isOfHeader && sameTargets(entry.targets, targets),
    );
    if (same) return same.slot;
    const slot = this.count++;
    for (const { fieldClass } of targets) {
      if ('preferredDisplayBase' in fieldClass) {
        fieldClass.keySlots = [...(fieldClass.keySlots ?? []), slot];
      }
    }
    if (first) this.#known.set(first, [...known, { targets, isOfHeader, slot }]);
    return slot;
  }
}

function sameTargets(a: readonly Target[], b: readonly Target[]): boolean {
  return a.length === b.length && a.every((target, i) => target.fieldClass === b[i]!.fieldClass);
}

const absolutePrefixes: readonly [prefix: readonly string[], scope: Scope][] = [
  [['trace', 'packet', 'header'], 'packet-header'],
  [['stream', 'packet', 'context'], 'packet-context'],
  [['stream', 'event', 'header'], 'event-record-header'],
  [['stream', 'event', 'context'], 'event-record-common-context'],
  [['event', 'context'], 'event-record-specific-context'],
  [['event', 'fields'], 'event-record-payload'],
];

function absolutePrefix(path: readonly string[]): { scope: Scope; length: number } | undefined {
  for (const [prefix, scope] of absolutePrefixes) {
    if (path.length > prefix.length && prefix.every((name, i) => path[i] === name)) {
      return { scope, length: prefix.length };
    }
  }
  return undefined;
}

/** Positions of members by original name, of large structures only: a hostile text must not make searches quadratic. */
const memberIndexes = new WeakMap<StructureFieldClass, Map<string, number>>();

function indexOfMember(structure: StructureFieldClass, originalName: string): number {
  const { members } = structure;
  if (members.length < 32) {
    return members.findIndex((m) => (m.originalName ?? m.name) === originalName);
  }
  let indexOf = memberIndexes.get(structure);
  if (!indexOf) {
    indexOf = new Map(members.map((m, i) => [m.originalName ?? m.name, i]));
    memberIndexes.set(structure, indexOf);
  }
  return indexOf.get(originalName) ?? -1;
}

/** The innermost structure on the way with an earlier member of that name: its index in `steps`, or -1. */
function findFirst(steps: readonly Step[], originalName: string): number {
  for (let level = steps.length - 1; level >= 0; level--) {
    const { container, index } = steps[level]!;
    if (container.type !== 'structure') continue;
    const found = indexOfMember(container, originalName);
    if (found >= 0 && found < index) return level;
  }
  return -1;
}

/** Calls `visit` for each dependent field class with the way to it. */
function walkDependents(
  context: TsdlContext,
  fieldClass: FieldClass,
  steps: Step[],
  visit: (dependent: FieldClass, location: PendingLocation, steps: readonly Step[]) => void,
): void {
  const location = context.pending.get(fieldClass);
  if (location) visit(fieldClass, location, steps);
  const step: Step = { container: fieldClass, index: 0 };
  steps.push(step);
  switch (fieldClass.type) {
    case 'structure':
      for (const { fieldClass: part } of fieldClass.members) {
        walkDependents(context, part, steps, visit);
        step.index++;
      }
      break;
    case 'variant':
      for (const { fieldClass: part } of fieldClass.options) {
        walkDependents(context, part, steps, visit);
        step.index++;
      }
      break;
    case 'static-length-array':
    case 'dynamic-length-array':
      walkDependents(context, fieldClass.elementFieldClass, steps, visit);
  }
  steps.pop();
}

/**
 * Finds type names whose fields depend on fields around the place where they are used: what such a location means changes from
 * place to place.
 */
export function checkAliasLocations(context: TsdlContext, prototype: FieldClass): void {
  if (context.pending.size === 0) return;
  walkDependents(context, prototype, [], (_, { path, position }, steps) => {
    if (absolutePrefix(path) || findFirst(steps, path[0]!) >= 0) return;
    context.tolerate(
      `\`${path[0]}\` refers to a field outside the type that is named here.`,
      position,
      'tsdl-bad-location',
    );
  });
}

/** Resolves all dependent fields of one scope (CTF 1.8.3 §7.3.2): gives them their slot, location and selector ranges. */
export function resolveScope(
  context: TsdlContext,
  slots: KeySlots,
  scope: Scope,
  roots: ScopeRoots,
): void {
  const root = roots[scope];
  if (!root) return;
  walkDependents(context, root, [], (dependent, location, steps) => {
    const search = new LocationSearch(context, location, steps);
    const origin = search.run(scope, roots);
    const fieldLocation: FieldLocation = { origin, path: search.targets[0]?.names ?? [] };
    const slotOf: SlotOf = (targets) => slots.slotOf(targets, scope);
    if (dependent.type === 'variant') {
      resolveVariant(context, slotOf, dependent, search.targets, fieldLocation);
    } else {
      resolveLength(context, slotOf, dependent, search.targets, fieldLocation);
    }
  });
}

/** Follows one location from a scope's root, through every variant option that can be selected. */
class LocationSearch {
  readonly targets: Target[] = [];
  readonly #context: TsdlContext;
  readonly #location: PendingLocation;
  readonly #steps: readonly Step[];
  #path: readonly string[];

  constructor(context: TsdlContext, location: PendingLocation, steps: readonly Step[]) {
    this.#context = context;
    this.#location = location;
    this.#steps = steps;
    this.#path = location.path;
  }

  /** Fills `targets`. Returns the scope they are in. */
  run(scope: Scope, roots: ScopeRoots): Scope {
    const absolute = absolutePrefix(this.#path);
    if (!absolute) {
      const level = findFirst(this.#steps, this.#path[0]!);
      if (level < 0) throw this.#error(`no earlier field \`${this.#path[0]}\``);
      this.#follow(this.#steps[level]!.container, 0, level, this.#namesTo(level));
      return scope;
    }
    const root = roots[absolute.scope];
    if (!root || scopes.indexOf(absolute.scope) > scopes.indexOf(scope)) {
      throw this.#error('there is no such scope here');
    }
    this.#path = this.#path.slice(absolute.length);
    this.#follow(root, 0, absolute.scope === scope ? 0 : -1, []);
    return absolute.scope;
  }

  #error(reason: string, position = this.#location.position): Error {
    const path = this.#location.path.join('.');
    return this.#context.error(
      `Invalid field location \`${path}\`: ${reason}.`,
      position,
      'tsdl-bad-location',
    );
  }

  #namesTo(level: number): string[] {
    const names: string[] = [];
    for (const { container, index } of this.#steps.slice(0, level)) {
      if (container.type === 'structure') names.push(container.members[index]!.name);
    }
    return names;
  }

  /** `level`: index of `fieldClass` in the steps, where it also contains the dependent field; -1 where it does not. */
  #follow(fieldClass: FieldClass, index: number, level: number, names: readonly string[]): void {
    const isEnd = index === this.#path.length;
    this.#context.countLocationStep(this.#location.position);
    switch (fieldClass.type) {
      case 'variant':
        this.#followVariant(fieldClass, index, level, names);
        return;
      case 'structure':
        if (!isEnd) {
          this.#followMember(fieldClass, index, level, names);
          return;
        }
        break;
      case 'static-length-array':
      case 'dynamic-length-array':
        if (isEnd) break;
        if (level < 0) {
          throw this.#error('an array is on the way', this.#context.positionOf(fieldClass));
        }
        this.#follow(fieldClass.elementFieldClass, index, this.#below(level), names);
        return;
    }
    if (!isEnd) {
      throw this.#error(
        `there is nothing inside \`${this.#path[index - 1]}\``,
        this.#context.positionOf(fieldClass),
      );
    }
    this.targets.push({ fieldClass, names });
  }

  #below(level: number): number {
    return level + 1 < this.#steps.length ? level + 1 : -1;
  }

  #followMember(
    structure: StructureFieldClass,
    index: number,
    level: number,
    names: readonly string[],
  ): void {
    const name = this.#path[index]!;
    const found = indexOfMember(structure, name);
    if (found < 0) {
      throw this.#error(`no field \`${name}\``, this.#context.positionOf(structure));
    }
    const member = structure.members[found]!;
    const ownIndex = level < 0 ? structure.members.length : this.#steps[level]!.index;
    const isOnWay = found === ownIndex;
    if (found > ownIndex || (isOnWay && this.#below(level) < 0)) {
      throw this.#error(`\`${name}\` is not decoded before`);
    }
    const below = isOnWay ? this.#below(level) : -1;
    this.#follow(member.fieldClass, index + 1, below, [...names, member.name]);
  }

  /** A variant is transparent: each of its options counts. An option's own name is also understood, as Babeltrace does. */
  #followVariant(
    variant: VariantFieldClass,
    index: number,
    level: number,
    names: readonly string[],
  ): void {
    const name = this.#path[index];
    const { options } = variant;
    if (level >= 0) {
      const own = options[this.#steps[level]!.index]!;
      const isNamed = name === (own.originalName ?? own.name) && !hasMember(own.fieldClass, name);
      this.#follow(own.fieldClass, isNamed ? index + 1 : index, this.#below(level), names);
      return;
    }
    const named = options.find((option) => (option.originalName ?? option.name) === name);
    if (named && !options.every((option) => hasMember(option.fieldClass, name))) {
      this.#follow(named.fieldClass, index + 1, -1, names);
      return;
    }
    for (const option of options) this.#follow(option.fieldClass, index, -1, names);
  }
}

function hasMember(fieldClass: FieldClass, name: string | undefined): boolean {
  return (
    name !== undefined && fieldClass.type === 'structure' && indexOfMember(fieldClass, name) >= 0
  );
}

type SlotOf = (targets: readonly Target[]) => number;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function resolveLength(
  context: TsdlContext,
  slotOf: SlotOf,
  dependent: FieldClass,
  targets: readonly Target[],
  location: FieldLocation,
): void {
  for (const { fieldClass } of targets) {
    if (fieldClass.type !== 'fixed-length-unsigned-integer') {
      throw context.error(
        'This field can not be a length: it is no unsigned integer.',
        context.positionOf(fieldClass),
        'tsdl-bad-location',
      );
    }
  }
  if ('lengthFieldLocation' in dependent) {
    const mutable: Mutable<typeof dependent> = dependent;
    mutable.lengthFieldLocation = location;
    mutable.keySlot = slotOf(targets);
  }
}

function resolveVariant(
  context: TsdlContext,
  slotOf: SlotOf,
  variant: Mutable<VariantFieldClass>,
  targets: readonly Target[],
  location: FieldLocation,
): void {
  const position = context.positionOf(variant);
  const tag = targets[0]?.fieldClass;
  if (!tag || targets.length > 1) {
    throw context.error(
      'The tag of the variant must be exactly one field.',
      position,
      'tsdl-bad-location',
    );
  }
  const mappings = enumerationMappings(tag);
  if (!mappings) {
    throw context.error(
      'This field can not be the tag of a variant: it is no enumeration.',
      context.positionOf(tag),
      'tsdl-bad-location',
    );
  }
  const rangesOf = new Map(mappings.map(({ label, ranges }) => [label, ranges]));
  variant.options = variant.options.map((option) => {
    const label = option.originalName ?? option.name!;
    const ranges = rangesOf.get(label);
    if (!ranges) context.tolerate(`The tag of the variant has no label \`${label}\`.`, position);
    return { ...option, ranges: ranges ?? [] };
  });
  variant.selectorFieldLocation = location;
  variant.selectorKind = tag.type === 'fixed-length-signed-integer' ? 'signed' : 'unsigned';
  variant.keySlot = slotOf(targets);
}

function enumerationMappings(fieldClass: FieldClass): readonly Mapping[] | undefined {
  return fieldClass.type === 'fixed-length-unsigned-integer' ||
    fieldClass.type === 'fixed-length-signed-integer'
    ? fieldClass.mappings
    : undefined;
}
