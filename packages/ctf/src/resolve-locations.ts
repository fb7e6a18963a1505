/**
 * Finds the fields that others depend on (CTF2-SPEC-2.0, "Field location"), once, when metadata is read: a location leads to one
 * or more key fields, which save their value in a slot, where the dependent field finds it.
 */
import type {
  FieldClass,
  FieldLocation,
  FixedLengthBooleanFieldClass,
  IntegerFieldClass,
  IntegerRange,
  OptionalFieldClass,
  Scope,
  StructureFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';
import { isSigned, scopes } from '@sonde/trace-model';
import { childFieldClasses } from './field-class-tree.ts';

/** Root structures by scope, as the records of one event record class see them. */
export type ScopeRoots = { readonly [S in Scope]?: StructureFieldClass | undefined };

export type KeyFieldClass = IntegerFieldClass | FixedLengthBooleanFieldClass;

/** Raises the error that a location is wrong, at the place of a field class: of the dependent one, or of one that can't be a key. */
export type FailLocation = (fieldClass: FieldClass, message: string) => never;

/**
 * Slot numbers, unique in a trace class. Dependent fields with the same key fields share one, but those in event record headers don't
 * with those elsewhere: what selects parts of a header is kept in variables of the code for it.
 */
export class KeySlots {
  count = 0;
  readonly #numberOf = new Map<KeyFieldClass, number>();
  readonly #slotOf = new Map<string, number>();

  /** The slot that `keys` save their value in for fields in `scope`; they are marked with it. */
  slotOf(keys: readonly KeyFieldClass[], scope: Scope): number {
    const isOfHeader = scope === 'event-record-header';
    const identity = `${keys.map((key) => this.#number(key)).join()}${isOfHeader ? ' header' : ''}`;
    const known = this.#slotOf.get(identity);
    if (known !== undefined) return known;
    const slot = this.count++;
    this.#slotOf.set(identity, slot);
    for (const key of keys) key.keySlots = [...(key.keySlots ?? []), slot];
    return slot;
  }

  #number(key: KeyFieldClass): number {
    const number = this.#numberOf.get(key) ?? this.#numberOf.size;
    this.#numberOf.set(key, number);
    return number;
  }
}

/** A compound field class on the way to a dependent field, and which of its children is on that way. */
export interface Step {
  readonly fieldClass: FieldClass;
  index: number;
}

/** Hostile metadata could make searches quadratic: real locations need some ten steps. */
const maxSteps = 4_000_000;

/**
 * The field classes that `location` leads to. Empty: to none that a field could depend on.
 * @param way - From the scope's root to what contains the dependent field, which is child number `index` of the last step.
 */
export function locateKeys(
  location: FieldLocation,
  way: readonly Step[],
  scope: Scope,
  roots: ScopeRoots,
): readonly FieldClass[] {
  const search = new LocationSearch(location, way);
  search.run(scope, roots);
  return search.targets;
}

/** Resolves locations in the scopes of one trace class. */
export class LocationResolver {
  readonly slots = new KeySlots();
  readonly #fail: FailLocation;
  #stepsLeft = maxSteps;

  constructor(fail: FailLocation) {
    this.#fail = fail;
  }

  /** Gives every dependent field class of `scope` its slot, and marks its key fields. */
  resolveScope(scope: Scope, roots: ScopeRoots): void {
    const root = roots[scope];
    if (root) this.#walk(root, [], scope, roots);
  }

  #walk(fieldClass: FieldClass, way: Step[], scope: Scope, roots: ScopeRoots): void {
    if ('lengthFieldLocation' in fieldClass) {
      const search = this.#search(fieldClass, fieldClass.lengthFieldLocation, way, scope, roots);
      fieldClass.keySlot = this.slots.slotOf(this.#lengthKeys(search), scope);
    } else if ('selectorFieldLocation' in fieldClass) {
      const search = this.#search(fieldClass, fieldClass.selectorFieldLocation, way, scope, roots);
      this.#setSelector(fieldClass, search, scope);
    }
    const step: Step = { fieldClass, index: 0 };
    way.push(step);
    for (const child of childFieldClasses(fieldClass)) {
      this.#walk(child, way, scope, roots);
      step.index++;
    }
    way.pop();
  }

  #search(
    dependent: FieldClass,
    location: FieldLocation,
    way: readonly Step[],
    scope: Scope,
    roots: ScopeRoots,
  ): readonly FieldClass[] {
    const search = new LocationSearch(location, way);
    search.run(scope, roots);
    this.#stepsLeft -= search.stepCount;
    if (this.#stepsLeft < 0) this.#fail(dependent, 'Resolving field locations takes too long.');
    if (search.targets.length === 0) {
      this.#fail(
        search.culprit ?? dependent,
        `Field location ${describe(location)} ${search.reason}.`,
      );
    }
    return search.targets;
  }

  #lengthKeys(targets: readonly FieldClass[]): IntegerFieldClass[] {
    return targets.map((target) => {
      if (isInteger(target) && !isSigned(target)) return target;
      return this.#fail(target, `A length must be an unsigned integer, not ${named(target)}.`);
    });
  }

  #setSelector(
    dependent: OptionalFieldClass | VariantFieldClass,
    targets: readonly FieldClass[],
    scope: Scope,
  ): void {
    const needsBoolean = dependent.type === 'optional' && dependent.selectorRanges === undefined;
    const keys = targets.map((target) => {
      const isKey = needsBoolean ? target.type === 'fixed-length-boolean' : isInteger(target);
      if (isKey) return target as KeyFieldClass;
      const wanted = needsBoolean ? 'a boolean' : 'an integer';
      return this.#fail(target, `The selector must be ${wanted}, not ${named(target)}.`);
    });
    const kinds = new Set(keys.map(selectorKindOf));
    if (kinds.size > 1) {
      this.#fail(dependent, 'The selector is a signed integer or an unsigned one: not both.');
    }
    dependent.selectorKind = selectorKindOf(keys[0]!);
    dependent.keySlot = this.slots.slotOf(keys, scope);
    this.#checkRanges(dependent);
  }

  #checkRanges(dependent: OptionalFieldClass | VariantFieldClass): void {
    const ranges =
      dependent.type === 'optional'
        ? (dependent.selectorRanges ?? [])
        : dependent.options.flatMap((option) => option.ranges);
    const [lowest, highest] = selectorBounds[dependent.selectorKind];
    for (const { lower, upper } of ranges) {
      if (lower < lowest || upper > highest) {
        const message = `Selector range [${lower}, ${upper}] is impossible for an ${dependent.selectorKind} selector.`;
        this.#fail(dependent, message);
      }
    }
    if (dependent.type === 'variant') this.#checkOverlap(dependent, ranges);
  }

  /** Ranges of one option may overlap, those of two may not. */
  #checkOverlap(dependent: VariantFieldClass, ranges: readonly IntegerRange[]): void {
    const optionOf = new Map(
      dependent.options.flatMap((option) => option.ranges.map((range) => [range, option])),
    );
    const sorted = ranges.toSorted((a, b) => (a.lower < b.lower ? -1 : a.lower > b.lower ? 1 : 0));
    let reaching = sorted[0];
    for (const range of sorted.slice(1)) {
      if (range.lower <= reaching!.upper && optionOf.get(range) !== optionOf.get(reaching!)) {
        this.#fail(dependent, `Two options of the variant are selected by ${range.lower}.`);
      }
      if (range.upper > reaching!.upper) reaching = range;
    }
  }
}

const selectorBounds = {
  boolean: [0n, 1n],
  unsigned: [0n, 2n ** 64n - 1n],
  signed: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

function isInteger(fieldClass: FieldClass): fieldClass is IntegerFieldClass {
  return 'preferredDisplayBase' in fieldClass;
}

function selectorKindOf(key: KeyFieldClass): 'boolean' | 'unsigned' | 'signed' {
  if (key.type === 'fixed-length-boolean') return 'boolean';
  return isSigned(key) ? 'signed' : 'unsigned';
}

function named(fieldClass: FieldClass): string {
  return `a field of class \`${fieldClass.type}\``;
}

/** A location as people read it: `event-record-payload: a / b`. */
export function describe({ origin, path }: FieldLocation): string {
  const items = path.map((item) => (item === null ? '..' : `\`${item}\``)).join('/');
  return `[${origin ? `${origin}: ` : ''}${items}]`;
}

/** `null` after a name takes that name back. */
function normalised(path: readonly (string | null)[]): (string | null)[] {
  const result: (string | null)[] = [];
  for (const item of path) {
    if (item === null && typeof result.at(-1) === 'string') result.pop();
    else result.push(item);
  }
  return result;
}

const membersByName = new WeakMap<StructureFieldClass, Map<string, number>>();

function memberIndex(structure: StructureFieldClass, name: string): number | undefined {
  let indexes = membersByName.get(structure);
  if (!indexes) {
    indexes = new Map(structure.members.map((member, i) => [member.name, i]));
    membersByName.set(structure, indexes);
  }
  return indexes.get(name);
}

/** Follows one location through all options that can be selected. */
class LocationSearch {
  readonly targets: FieldClass[] = [];
  /** Why there are no targets. */
  reason = "doesn't locate anything";
  /** Field class which is located, but can't be a key. */
  culprit: FieldClass | undefined;
  stepCount = 0;
  readonly #location: FieldLocation;
  readonly #way: readonly Step[];
  #path: readonly (string | null)[] = [];

  constructor(location: FieldLocation, way: readonly Step[]) {
    this.#location = location;
    this.#way = way;
  }

  run(scope: Scope, roots: ScopeRoots): void {
    const path = normalised(this.#location.path);
    const parentCount = path.findIndex((item) => item !== null);
    this.#path = path.slice(parentCount);
    const { origin } = this.#location;
    if (origin === undefined) {
      const level = this.#structureLevel(parentCount);
      if (level === undefined) this.reason = 'leaves its scope';
      else this.#follow(this.#way[level]!.fieldClass, 0, level);
      return;
    }
    const root = roots[origin];
    if (parentCount > 0) this.reason = 'leaves its scope';
    else if (!root) this.reason = 'is in a scope without fields';
    else if (scopes.indexOf(origin) > scopes.indexOf(scope)) this.reason = 'is in a later scope';
    else this.#follow(root, 0, origin === scope ? 0 : -1);
  }

  /** Level of the innermost structure on the way, or of one of its parents. */
  #structureLevel(parentCount: number): number | undefined {
    let left = parentCount;
    for (let level = this.#way.length - 1; level >= 0; level--) {
      if (this.#way[level]!.fieldClass.type === 'structure' && left-- === 0) return level;
    }
    return undefined;
  }

  /** `level`: of `fieldClass` on the way to the dependent field; -1: it is not on that way, thus wholly before. */
  #follow(fieldClass: FieldClass, index: number, level: number): void {
    this.stepCount++;
    switch (fieldClass.type) {
      case 'structure':
        this.#followMember(fieldClass, index, level);
        return;
      case 'variant':
      case 'optional':
      case 'static-length-array':
      case 'dynamic-length-array':
        this.#followChildren(fieldClass, index, level);
        return;
      default:
        if (index === this.#path.length) this.targets.push(fieldClass);
    }
  }

  #followMember(structure: StructureFieldClass, index: number, level: number): void {
    const name = this.#path[index];
    if (typeof name !== 'string') {
      this.reason = 'must not locate a structure';
      this.culprit = structure;
      return;
    }
    const found = memberIndex(structure, name);
    if (found === undefined) return;
    const ownIndex = level < 0 ? Number.POSITIVE_INFINITY : this.#way[level]!.index;
    if (found > ownIndex) {
      this.reason = "locates what isn't decoded before";
      return;
    }
    const child = structure.members[found]!.fieldClass;
    this.#followChild(child, index + 1, found === ownIndex ? level : undefined);
  }

  #followChildren(fieldClass: FieldClass, index: number, level: number): void {
    const children = childFieldClasses(fieldClass);
    if (level >= 0) {
      this.#followChild(children[this.#way[level]!.index]!, index, level);
    } else if ('elementFieldClass' in fieldClass) {
      this.reason = 'goes into an array that the dependent field is not in';
    } else {
      for (const child of children) this.#follow(child, index, -1);
    }
  }

  /** `parentLevel` given: the child is on the way, or is the dependent field itself, which can't be its own key. */
  #followChild(child: FieldClass, index: number, parentLevel: number | undefined): void {
    if (parentLevel === undefined) this.#follow(child, index, -1);
    else if (parentLevel + 1 < this.#way.length) this.#follow(child, index, parentLevel + 1);
    else this.reason = "locates what isn't decoded before";
  }
}
