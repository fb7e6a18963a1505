// Bundles the command `sonde` from sources: packages/cli/src/main.ts → packages/cli/dist/main.cjs, and V8's compiled code beside it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'packages/cli/dist');

// Code compiled for an older bundle must never be found beside a newer one.
rmSync(join(dist, 'main.cache'), { force: true });
const begin = performance.now();
// CommonJS: V8's code cache is for scripts. All commands are in it; what is not called is not compiled.
await build({
  absWorkingDir: root,
  entryPoints: ['packages/cli/src/main.ts'],
  outfile: join(dist, 'main.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  conditions: ['@sonde/source'],
  charset: 'ascii',
  sourcemap: true,
  // Names stay readable in stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
});

// A typical run compiles what runs need. A bundle without the cache works all the same.
const trace = 'fixtures/traces/user-clock-plugin';
const { status, stderr } = spawnSync('node', ['tools/code-cache.mjs', 'read', trace], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'ignore', 'pipe'],
});
if (status !== 0) console.warn(`The built command fails on ${trace}: ${stderr}`);
if (process.argv.includes('--verbose')) {
  console.log(`built in ${Math.round(performance.now() - begin)} ms`);
}
