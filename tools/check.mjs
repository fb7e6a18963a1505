// `npm run check`: every check of the repository, in order of cost. `--static` leaves the tests out.
// A failing step prints the command that mends it or shows it alone; the others still run.
import { spawnSync } from 'node:child_process';

const staticSteps = [
  { name: 'format and lint', run: 'npx biome check --error-on-warnings .', fix: 'npm run fix' },
  { name: 'types', run: 'npx tsc -p .', fix: 'npx tsc -p .' },
  { name: 'layers', run: 'node tools/layers.mjs', fix: 'node tools/layers.mjs' },
  { name: 'dead code and dependencies', run: 'npx knip', fix: 'npx knip --fix' },
];
const steps = process.argv.includes('--static')
  ? staticSteps
  : [...staticSteps, { name: 'tests', run: 'npm test', fix: 'npx vitest run PATH_OF_ONE_TEST' }];

const failed = [];
for (const step of steps) {
  console.log(`\n▸ ${step.name}: ${step.run}`);
  const begin = performance.now();
  const { status } = spawnSync(step.run, { shell: true, stdio: 'inherit' });
  console.log(`  ${status === 0 ? 'ok' : 'FAILED'} (${Math.round(performance.now() - begin)} ms)`);
  if (status !== 0) failed.push(step);
}
for (const step of failed) console.log(`\n${step.name} failed. To mend it: ${step.fix}`);
process.exitCode = failed.length > 0 ? 1 : 0;
