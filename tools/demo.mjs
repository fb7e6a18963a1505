// `npm run demo`: builds the command and shows it on a small real trace.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const trace = 'fixtures/traces/kernel-tiny.tar.xz';

spawnSync('node', ['tools/build.mjs'], { cwd: root, stdio: 'inherit' });
show('info', trace);
show('read', '--clock-gmt', '--event', 'sched_switch', '--limit', '5', trace);
show(
  'read',
  '--filter',
  'next_comm == "lttng*" && $ctx.cpu_id == 1',
  '--limit',
  '3',
  '--json',
  trace,
);

function show(...args) {
  console.log(
    `\n$ sonde ${args.map((word) => (/[ "]/.test(word) ? `'${word}'` : word)).join(' ')}`,
  );
  spawnSync('node', ['packages/cli/bin/sonde.js', ...args], { cwd: root, stdio: 'inherit' });
}
