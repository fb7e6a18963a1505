// A bundle that the build makes, and V8's compiled code for it: without the latter, a third of the time of a short run would go into
// compiling. V8 refuses code of another version or for other flags; then it compiles.
// CommonJS, as Node starts it 10 ms sooner than a module.
'use strict';
const { existsSync, readFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

// V8 optimises a function once it has run for some while: functions that read metadata are over by then, and half of the work was
// for nothing. Three times the while made short runs 10 % cheaper and long ones no dearer. Measured with this version of V8 only.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=200000');

function codeCachePath(bundlePath) {
  return bundlePath.replace(/\.cjs$/, '.cache');
}

function compileBundle(path) {
  // One character per byte: V8 keeps such a text as it is. The build escapes everything else, and makes it a function expression.
  const text = readFileSync(path, 'latin1');
  const cachePath = codeCachePath(path);
  return new Script(text, {
    filename: path,
    cachedData: existsSync(cachePath) ? readFileSync(cachePath) : undefined,
  });
}

/** Calls the bundle's `main`. A script has no `import` of its own: it is handed in. */
function runBundle(script) {
  const module = { exports: {} };
  script.runInThisContext()(require, module, module.exports);
  module.exports.main((specifier) => import(specifier));
}

module.exports = { codeCachePath, compileBundle, runBundle };
