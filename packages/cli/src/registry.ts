import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '@sonde/base';
import {
  counterSink,
  ctfFsSink,
  ctfFsSource,
  detailsSink,
  dummySink,
  filterFilter,
  ftraceRawSource,
  jsonLinesSink,
  muxerFilter,
  perfettoSink,
  prettySink,
  trimmerFilter,
} from '@sonde/components';
import { type ComponentClass, ComponentRegistry, loadPlugin, type Plugin } from '@sonde/graph';
import type { CommandIo } from './command-io.ts';
import { version } from './version.ts';

const about = { version, author: 'the Sonde authors', license: 'MIT' };

const builtinPlugins: readonly Plugin[] = [
  plugin('ctf', 'Read and write Common Trace Format traces.', [ctfFsSource, ctfFsSink]),
  plugin('ftrace', "Read what Linux's tracer ftrace recorded.", [ftraceRawSource]),
  plugin('text', 'Print text.', [prettySink, detailsSink]),
  plugin('json', 'Write JSON.', [jsonLinesSink]),
  plugin('perfetto', 'Write for the Perfetto UI.', [perfettoSink]),
  plugin('utils', 'Merge, trim, filter and count.', [
    muxerFilter,
    trimmerFilter,
    filterFilter,
    counterSink,
    dummySink,
  ]),
];

function plugin(
  name: string,
  description: string,
  componentClasses: readonly ComponentClass[],
): Plugin {
  return { name, description, componentClasses, ...about };
}

/** Our component classes and those of the plugins at `pluginPaths`. @throws UsageError */
export async function openRegistry(
  pluginPaths: readonly string[],
  { importModule }: CommandIo,
): Promise<ComponentRegistry> {
  const registry = new ComponentRegistry();
  for (const builtin of builtinPlugins) registry.registerPlugin(builtin);
  for (const path of pluginPaths) {
    registry.registerPlugin(await loadPlugin(moduleOf(path), importModule, path));
  }
  return registry;
}

/** The module that a path (file, or folder of a package) or the name of an npm package stands for. */
function moduleOf(path: string): string {
  if (existsSync(path)) {
    const file = statSync(path).isDirectory() ? join(path, entryOf(path)) : path;
    return pathToFileURL(resolve(file)).href;
  }
  // A package of the current folder, not of Sonde.
  const require = createRequire(join(process.cwd(), 'package.json'));
  try {
    return pathToFileURL(require.resolve(path)).href;
  } catch {
    const message = `There is no plugin "${path}": no such file or folder, and no such package here.`;
    throw new UsageError('plugin-not-loaded', message);
  }
}

function entryOf(folder: string): string {
  const path = join(folder, 'package.json');
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const message = `The folder ${folder} is no plugin: ${path} can't be read.`;
    throw new UsageError('plugin-not-loaded', message, {}, { cause });
  }
  const main = (manifest as { main?: unknown } | null)?.main;
  return typeof main === 'string' ? main : 'index.js';
}
