// Builds from sources: the command (packages/cli/dist/main.cjs, and V8's compiled code beside it), and each package as a library
// (packages/*/dist/index.js).
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'packages/cli/dist');

// Code compiled for an older bundle must never be found beside a newer one.
rmSync(join(dist, 'main.cache'), { force: true });
const begin = performance.now();
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
};
const packages = readdirSync(join(root, 'packages'));
await Promise.all([
  // CommonJS: V8's code cache is for scripts. All commands are in it; what is not called is not compiled.
  build({
    ...common,
    entryPoints: ['packages/cli/src/main.ts'],
    outfile: join(dist, 'main.cjs'),
    format: 'cjs',
    conditions: ['@sonde/source'],
    charset: 'ascii',
    // Native code, and optional: loaded when something native is asked for.
    external: ['koffi'],
    // A script has no `import`: `require` loads it.
    supported: { 'dynamic-import': false },
    // Names stay readable in stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
  }),
  build({
    ...common,
    entryPoints: Object.fromEntries(
      packages.map((name) => [`${name}/dist/index`, `packages/${name}/src/index.ts`]),
    ),
    outdir: join(root, 'packages'),
    format: 'esm',
    packages: 'external',
  }),
]);

// A typical run compiles what runs need. A bundle without the cache works all the same.
const trace = 'fixtures/traces/user-clock-plugin';
const command = ['tools/code-cache.mjs', join(dist, 'main.cjs'), 'read', trace];
const { status, stderr } = spawnSync('node', command, {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'ignore', 'pipe'],
});
if (status !== 0) console.warn(`The built command fails on ${trace}: ${stderr}`);
if (process.argv.includes('--verbose')) {
  console.log(`built in ${Math.round(performance.now() - begin)} ms`);
}
