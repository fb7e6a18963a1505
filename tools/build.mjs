// Bundles the command `sonde`: packages/cli/src/main.ts → packages/cli/dist, from sources, one chunk per command.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outdir = join(root, 'packages/cli/dist');

const begin = performance.now();
const result = await build({
  absWorkingDir: root,
  entryPoints: { main: 'packages/cli/src/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@sonde/source'],
  sourcemap: true,
  // Names stay readable in stack traces; white space costs parse time and is of no use to anyone.
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS dependencies call `require` for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});

removeStaleChunks(Object.keys(result.metafile.outputs));
if (process.argv.includes('--verbose')) {
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (path.endsWith('.js')) console.log(`${String(output.bytes).padStart(8)}  ${path}`);
  }
  console.log(`built in ${Math.round(performance.now() - begin)} ms`);
}

/** Chunks carry a hash in their name: those of earlier builds would pile up. Done last, so that a running command keeps its own. */
function removeStaleChunks(outputs) {
  const current = new Set(outputs.map((path) => path.slice(path.lastIndexOf('/') + 1)));
  for (const name of readdirSync(outdir)) {
    if (!current.has(name)) rmSync(join(outdir, name), { recursive: true });
  }
}
