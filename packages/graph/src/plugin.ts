import { UsageError } from '@sonde/base';
import type { ComponentClass } from './component.ts';
import { formatComponentClassName } from './registry.ts';

/** What a plugin module exports as `sondePlugin`. */
export interface Plugin {
  /** The PLUGIN in `TYPE.PLUGIN.CLASS` of all its classes: letters, digits, `-`, `_`. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author: string;
  /** SPDX identifier, such as `MIT`. */
  readonly license: string;
  readonly componentClasses: readonly ComponentClass[];
}

/** Imports an ES module by specifier. The caller turns paths and package names into one (see `pluginSpecifier` of the components). */
export type ImportModule = (specifier: string) => Promise<unknown>;

/**
 * Loads and checks a plugin: an ES module that exports `sondePlugin`.
 * @param origin - The path or package name as the user wrote it, for errors.
 * @throws UsageError `plugin-not-loaded` (with the cause) or `bad-plugin` (what is wrong with its export).
 */
export async function loadPlugin(
  specifier: string,
  importModule: ImportModule,
  origin: string = specifier,
): Promise<Plugin> {
  let module: unknown;
  try {
    module = await importModule(specifier);
  } catch (cause) {
    throw new UsageError('plugin-not-loaded', `Cannot load the plugin "${origin}".`, {}, { cause });
  }
  const exported = isRecord(module) ? module['sondePlugin'] : undefined;
  if (exported === undefined) {
    throw badPlugin(origin, 'the module exports no "sondePlugin"');
  }
  return checkPlugin(exported, origin);
}

/**
 * Checks the shape of a `sondePlugin` export. @throws UsageError `bad-plugin`.
 */
export function checkPlugin(value: unknown, origin: string): Plugin {
  if (!isRecord(value)) throw badPlugin(origin, '"sondePlugin" is not an object');
  const name = textOf(value, 'name', origin);
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw badPlugin(origin, 'its "name" may only hold letters, digits, "-" and "_"');
  }
  const classes = value['componentClasses'];
  if (!Array.isArray(classes)) throw badPlugin(origin, '"componentClasses" is not an array');
  const componentClasses = classes.map((c: unknown, i) => checkComponentClass(c, i, name, origin));
  const names = componentClasses.map(formatComponentClassName);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice !== undefined) throw badPlugin(origin, `it has ${twice} twice`);
  return {
    name,
    version: textOf(value, 'version', origin),
    description: textOf(value, 'description', origin),
    author: textOf(value, 'author', origin),
    license: textOf(value, 'license', origin),
    componentClasses,
  };
}

function checkComponentClass(
  value: unknown,
  index: number,
  plugin: string,
  origin: string,
): ComponentClass {
  const where = `componentClasses[${index}]`;
  if (!isRecord(value)) throw badPlugin(origin, `${where} is not an object`);
  const { kind, plugin: owner, className, description, create, parameterHelp } = value;
  if (kind !== 'src' && kind !== 'flt' && kind !== 'sink') {
    throw badPlugin(origin, `${where}.kind is none of "src", "flt", "sink"`);
  }
  if (owner !== plugin) throw badPlugin(origin, `${where}.plugin is not "${plugin}"`);
  if (typeof className !== 'string' || !/^[A-Za-z0-9_-]+$/.test(className)) {
    throw badPlugin(origin, `${where}.className is not a name`);
  }
  if (typeof description !== 'string') throw badPlugin(origin, `${where}.description is no text`);
  if (typeof create !== 'function') throw badPlugin(origin, `${where}.create is not a function`);
  if (!isRecord(parameterHelp) || Object.values(parameterHelp).some((h) => typeof h !== 'string')) {
    throw badPlugin(origin, `${where}.parameterHelp is not an object of texts`);
  }
  return value as unknown as ComponentClass;
}

function textOf(value: Record<string, unknown>, property: string, origin: string): string {
  const text = value[property];
  if (typeof text !== 'string' || text === '')
    throw badPlugin(origin, `its "${property}" is not a text`);
  return text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function badPlugin(origin: string, reason: string): UsageError {
  return new UsageError('bad-plugin', `"${origin}" is not a Sonde plugin: ${reason}.`);
}
