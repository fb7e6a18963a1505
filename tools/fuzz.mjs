// `npm run fuzz -- [COUNT] [SEED]`: bundles tests/fuzz/fuzz.ts and runs it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'sonde-fuzz-'));
const outfile = join(scratch, 'fuzz.mjs');
await build({
  entryPoints: [join(root, 'tests/fuzz/fuzz.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@sonde/source'],
});
const shared = process.env.SONDE_SHARED ?? join(root, '../shared');
const { status } = spawnSync('node', [outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SONDE_SHARED: shared },
});
rmSync(scratch, { recursive: true });
process.exitCode = status ?? 1;
