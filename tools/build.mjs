// Builds from sources: the command's bundles (packages/cli/dist/{main,reading}.cjs, and V8's compiled code beside each), and each
// package as a library (packages/*/dist/index.js).
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'packages/cli/dist');

const kernelTrace = 'fixtures/traces/kernel-tiny.tar.xz';
const userTrace = 'fixtures/traces/user-clock-plugin';
/** `runs` are typical calls: what V8 compiles for them is kept. A bundle without that works all the same. */
const bundles = [
  // Every command.
  { name: 'main', source: 'main.ts', runs: [['cputop', kernelTrace]] },
  // The commands of packages/cli/src/reading-commands.ts.
  {
    name: 'reading',
    source: 'main-reading.ts',
    runs: [
      ['read', userTrace],
      ['read', kernelTrace],
    ],
  },
];

// Code compiled for an older bundle must never be found beside a newer one.
for (const { name } of bundles) rmSync(join(dist, `${name}.cache`), { force: true });
const begin = performance.now();
const packages = readdirSync(join(root, 'packages'));
await Promise.all([
  ...bundles.map(({ name, source }) =>
    build({
      ...bundleOptions,
      absWorkingDir: root,
      sourcemap: true,
      entryPoints: [`packages/cli/src/${source}`],
      outfile: join(dist, `${name}.cjs`),
    }),
  ),
  build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      packages.map((name) => [`${name}/dist/index`, `packages/${name}/src/index.ts`]),
    ),
    outdir: join(root, 'packages'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
  }),
]);

for (const { name, runs } of bundles) {
  for (const args of runs) {
    const { status, stderr } = spawnSync(
      'node',
      ['tools/code-cache.mjs', join(dist, `${name}.cjs`), ...args],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    if (status !== 0) console.warn(`The built command fails: sonde ${args.join(' ')}\n${stderr}`);
  }
}
if (process.argv.includes('--verbose')) {
  console.log(`built in ${Math.round(performance.now() - begin)} ms`);
}
