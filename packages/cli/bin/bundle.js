// The bundle that `npm run build` makes (npm runs it after `npm ci`), and V8's compiled code for it: without the latter, a third of
// the time of a short run would go into compiling. V8 refuses code of another version or other flags; then it compiles.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const path = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));

export const codeCachePath = fileURLToPath(new URL('../dist/main.cache', import.meta.url));

export function compileBundle() {
  if (!existsSync(path)) {
    console.error('sonde: not built yet: npm run build');
    process.exit(1);
  }
  // One character per byte: V8 keeps such a text as it is. The build escapes everything else.
  const text = readFileSync(path, 'latin1');
  return new Script(`(function (require, module, exports) {${text}\n})`, {
    filename: path,
    cachedData: readCodeCache(),
  });
}

/** Runs the command with the arguments of the process. */
export function runBundle(script) {
  const module = { exports: {} };
  script.runInThisContext()(createRequire(path), module, module.exports);
  module.exports.main((specifier) => import(specifier));
}

function readCodeCache() {
  try {
    return readFileSync(codeCachePath);
  } catch {
    return undefined;
  }
}
