import type { FieldClass, Scope, StructureFieldClass, TraceClass } from '@sonde/trace-model';
import { childFieldClasses } from '../field-class-tree.ts';
import { textName } from './ctf1-names.ts';
import { type KeyMap, keyMapOf, scopesOf } from './key-map.ts';

/** Where each scope is declared, which is what absolute paths to its fields begin with (CTF 1.8.3 §7.3.2). */
export const scopePrefixes: Readonly<Record<Scope, string>> = {
  'packet-header': 'trace.packet.header',
  'packet-context': 'stream.packet.context',
  'event-record-header': 'stream.event.header',
  'event-record-common-context': 'stream.event.context',
  'event-record-specific-context': 'event.context',
  'event-record-payload': 'event.fields',
};

/** One way to a key field. */
interface KeyPath {
  /** Names in the text, those of variant options included. */
  readonly absolute: string;
  /** Root that it begins at, and names of structure members only: all options of a variant are meant. */
  readonly root: StructureFieldClass;
  readonly memberNames: readonly string[];
  /** Structure that the key is a member of, and its name there. */
  readonly parent: StructureFieldClass | undefined;
  readonly name: string;
}

/** A structure whose members are being written. */
export interface OpenStructure {
  readonly structure: StructureFieldClass;
  /** Names of the members before the current one, which relative paths can begin with. */
  readonly earlierNames: ReadonlySet<string>;
}

/** Paths to key fields, as lengths of arrays and tags of variants are given. */
export class KeyPaths {
  readonly #keys: KeyMap;
  readonly #pathOf = new Map<FieldClass, KeyPath>();
  readonly #prefixOf = new Map<StructureFieldClass, string>();

  constructor(traceClass: TraceClass) {
    this.#keys = keyMapOf(traceClass);
    for (const { scope, root } of scopesOf(traceClass)) {
      const absolute = scopePrefixes[scope];
      this.#prefixOf.set(root, absolute);
      this.#add(root, { absolute, root, memberNames: [], parent: undefined, name: '' });
    }
  }

  /**
   * The path to what saves its value in a slot. Relative where its name alone leads there: Babeltrace reads no other tags of
   * variants. Undefined: there is none.
   * @param around - The structures around the dependent field, the innermost last.
   */
  pathOf(keySlot: number, around: readonly OpenStructure[]): string | undefined {
    const keys = this.#keys.get(keySlot);
    const [firstKey, second] = keys ?? [];
    const first = firstKey && this.#pathOf.get(firstKey);
    if (!keys || !first) return undefined;
    if (second) return this.#pathToAll(keys, first, around);
    const nearest = around.findLast(({ earlierNames }) => earlierNames.has(first.name));
    const isNearest = nearest !== undefined && nearest.structure === first.parent;
    return isNearest ? first.name : first.absolute;
  }

  /** The path of one of several keys without names of options, if readers find all of them with it. */
  #pathToAll(
    keys: ReadonlySet<FieldClass>,
    { root, memberNames }: KeyPath,
    around: readonly OpenStructure[],
  ): string | undefined {
    const targets = new Set<FieldClass | undefined>();
    const structures = new Set(around.map(({ structure }) => structure));
    follow(root, memberNames, structures, targets);
    const isExact = targets.size === keys.size && [...keys].every((key) => targets.has(key));
    return isExact ? [this.#prefixOf.get(root), ...memberNames].join('.') : undefined;
  }

  #add(fieldClass: FieldClass, path: KeyPath): void {
    switch (fieldClass.type) {
      case 'structure':
        for (const member of fieldClass.members) {
          const name = textName(member) ?? '';
          this.#add(member.fieldClass, {
            absolute: `${path.absolute}.${name}`,
            root: path.root,
            memberNames: [...path.memberNames, name],
            parent: fieldClass,
            name,
          });
        }
        break;
      case 'variant':
        for (const option of fieldClass.options) {
          const name = textName(option) ?? '';
          const absolute = `${path.absolute}.${name}`;
          this.#add(option.fieldClass, { ...path, absolute, parent: undefined });
        }
        break;
      case 'static-length-array':
      case 'dynamic-length-array':
        this.#add(fieldClass.elementFieldClass, { ...path, parent: undefined });
        break;
      default:
        if ('keySlots' in fieldClass) this.#pathOf.set(fieldClass, path);
    }
  }
}

/** Adds what `names` lead to in every option that can be selected; `undefined` where they lead nowhere, which readers refuse. */
function follow(
  fieldClass: FieldClass,
  names: readonly string[],
  around: ReadonlySet<FieldClass>,
  targets: Set<FieldClass | undefined>,
): void {
  const [name, ...rest] = names;
  switch (fieldClass.type) {
    case 'structure': {
      const member = fieldClass.members.find((m) => textName(m) === name);
      if (member) follow(member.fieldClass, rest, around, targets);
      else targets.add(undefined);
      break;
    }
    case 'variant': {
      // Inside an option, the others are not selected.
      const own = fieldClass.options.find((option) => isAround(option.fieldClass, around));
      for (const option of own ? [own] : fieldClass.options) {
        follow(option.fieldClass, names, around, targets);
      }
      break;
    }
    case 'static-length-array':
    case 'dynamic-length-array':
      follow(fieldClass.elementFieldClass, names, around, targets);
      break;
    default:
      targets.add(name === undefined ? fieldClass : undefined);
  }
}

function isAround(fieldClass: FieldClass, around: ReadonlySet<FieldClass>): boolean {
  if (fieldClass.type === 'structure') return around.has(fieldClass);
  return childFieldClasses(fieldClass).some((child) => isAround(child, around));
}
