import { UsageError } from '@sonde/base';
import type { ComponentClass } from './component.ts';
import type { Plugin } from './plugin.ts';

export type ComponentKind = ComponentClass['kind'];

/** A component class by name: `src.ctf.fs` is `{ kind: 'src', plugin: 'ctf', className: 'fs' }`. */
export interface ComponentClassName {
  readonly kind: ComponentKind;
  readonly plugin: string;
  readonly className: string;
}

const kinds = new Map<string, ComponentKind>([
  ['source', 'src'],
  ['src', 'src'],
  ['filter', 'flt'],
  ['flt', 'flt'],
  ['sink', 'sink'],
]);

/**
 * Parses `TYPE.PLUGIN.CLASS`; TYPE is `source`, `src`, `filter`, `flt` or `sink`.
 * @throws UsageError `bad-component-class`.
 */
export function parseComponentClassName(text: string): ComponentClassName {
  const parts = text.split('.');
  const kind = kinds.get(parts[0]!);
  const [, plugin, className] = parts;
  if (parts.length !== 3 || kind === undefined || !plugin || !className) {
    throw new UsageError(
      'bad-component-class',
      `"${text}" is not a component class; write TYPE.PLUGIN.CLASS with TYPE source, src, filter, flt or sink, such as src.ctf.fs.`,
    );
  }
  return { kind, plugin, className };
}

/** `src.ctf.fs` */
export function formatComponentClassName(name: ComponentClassName): string {
  return `${name.kind}.${name.plugin}.${name.className}`;
}

/**
 * Parses `[NAME:]TYPE.PLUGIN.CLASS`, as `-c` takes it.
 * @throws UsageError `bad-component-class`.
 */
export function parseComponentSpec(text: string): ComponentClassName & { readonly name?: string } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return parseComponentClassName(text);
  const name = text.slice(0, colon);
  if (name === '') {
    throw new UsageError('bad-component-class', `The component name in "${text}" is empty.`);
  }
  return { name, ...parseComponentClassName(text.slice(colon + 1)) };
}

/** Which component classes there are: our own and those of the plugins that were loaded, in order of registration. */
export class ComponentRegistry {
  readonly #classes = new Map<string, ComponentClass>();
  readonly #plugins: Plugin[] = [];

  /** @throws UsageError `duplicate-component-class`. */
  register(componentClass: ComponentClass): void {
    const name = formatComponentClassName(componentClass);
    if (this.#classes.has(name)) {
      throw new UsageError(
        'duplicate-component-class',
        `There is already a component class ${name}.`,
      );
    }
    this.#classes.set(name, componentClass);
  }

  /** All classes of a plugin, or none when one of them exists already. @throws UsageError `duplicate-component-class`. */
  registerPlugin(plugin: Plugin): void {
    const taken = plugin.componentClasses
      .map(formatComponentClassName)
      .find((name) => this.#classes.has(name));
    if (taken !== undefined) {
      throw new UsageError(
        'duplicate-component-class',
        `Plugin ${plugin.name} brings the component class ${taken}, but there is one already.`,
      );
    }
    for (const componentClass of plugin.componentClasses) this.register(componentClass);
    this.#plugins.push(plugin);
  }

  /** @throws UsageError `unknown-component-class`, naming those that look alike. */
  get(name: ComponentClassName | string): ComponentClass {
    const wanted = typeof name === 'string' ? parseComponentClassName(name) : name;
    const text = formatComponentClassName(wanted);
    const found = this.#classes.get(text);
    if (found !== undefined) return found;
    const alike = [...this.#classes.values()]
      .filter((c) => c.className === wanted.className || c.kind === wanted.kind)
      .map(formatComponentClassName);
    const hint = alike.length > 0 ? ` There are: ${alike.join(', ')}.` : '';
    throw new UsageError('unknown-component-class', `There is no component class ${text}.${hint}`);
  }

  get classes(): readonly ComponentClass[] {
    return [...this.#classes.values()];
  }

  get plugins(): readonly Plugin[] {
    return this.#plugins;
  }
}
