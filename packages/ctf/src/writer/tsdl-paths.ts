import type { FieldClass, Scope, StructureFieldClass, TraceClass } from '@sonde/trace-model';
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
  /** Names of structure members only: all options of a variant are meant. */
  readonly transparent: string;
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

  constructor(traceClass: TraceClass) {
    this.#keys = keyMapOf(traceClass);
    for (const { scope, root } of scopesOf(traceClass)) {
      const prefix = scopePrefixes[scope];
      this.#add(root, { absolute: prefix, transparent: prefix, parent: undefined, name: '' });
    }
  }

  /**
   * The path to what saves its value in a slot. Relative where its name alone leads there: Babeltrace reads no other tags of
   * variants. Undefined: there is none.
   * @param around - The structures around the dependent field, the innermost last.
   */
  pathOf(keySlot: number, around: readonly OpenStructure[]): string | undefined {
    const paths = [...(this.#keys.get(keySlot) ?? [])].map((key) => this.#pathOf.get(key)!);
    const [first, second] = paths;
    if (!first) return undefined;
    if (second) {
      const isSame = paths.every(({ transparent }) => transparent === first.transparent);
      return isSame ? first.transparent : undefined;
    }
    const nearest = around.findLast(({ earlierNames }) => earlierNames.has(first.name));
    const isNearest = nearest !== undefined && nearest.structure === first.parent;
    return isNearest ? first.name : first.absolute;
  }

  #add(fieldClass: FieldClass, path: KeyPath): void {
    switch (fieldClass.type) {
      case 'structure':
        for (const member of fieldClass.members) {
          const name = textName(member) ?? '';
          this.#add(member.fieldClass, {
            absolute: `${path.absolute}.${name}`,
            transparent: `${path.transparent}.${name}`,
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
