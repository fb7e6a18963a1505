// `npm run demo`: records this machine for some seconds with a small workload, and shows what the report makes of it. Where the kernel
// can't be recorded (no root, no tracefs), a real trace that comes with the repository stands in.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sonde = join(root, 'packages/cli/bin/sonde.js');
const bundled = join(root, 'fixtures/traces/kernel-tiny.tar.xz');

if (!existsSync(join(root, 'packages/cli/dist/main.cjs'))) {
  const { status } = spawnSync('node', ['tools/build.mjs'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const reason = reasonNotToRecord();
process.exitCode = reason === undefined ? showThisMachine() : showBundledTrace(reason);

/** The first thing that `sonde doctor` finds wrong; undefined: this machine can be recorded. */
function reasonNotToRecord() {
  const { stdout } = spawnSync('node', [sonde, 'doctor', '--json'], { encoding: 'utf8' });
  const wrong = JSON.parse(stdout).find(({ state }) => state === 'fails');
  return wrong && `${wrong.reason} ${wrong.remedy}`.trim();
}

function showThisMachine() {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-demo-'));
  try {
    const work = join(folder, 'work');
    mkdirSync(work);
    const trace = join(folder, 'trace');
    const workload = ['node', join(root, 'tools/demo-workload.mjs'), work];
    console.log('This machine is recorded while a small program computes, writes and waits.');
    const record = show('record', '--output', trace, '--', ...workload);
    if (record !== 0) return record;
    const report = show('report', '--brief', trace);
    if (report !== 0) return report;
    console.log('\nThe trace is removed again. Record something of yours:');
    printNext('record -o my-trace -- make -j2', 'report my-trace', 'my-trace');
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function showBundledTrace(why) {
  console.log(`This machine can't be recorded: ${why}`);
  console.log('Here is the report on a trace that LTTng recorded elsewhere.');
  const status = show('report', '--brief', bundled);
  console.log('\nTry:');
  const path = relative(process.cwd(), bundled) || bundled;
  printNext(`report ${path}`, `read --event sched_switch ${path}`, path);
  return status;
}

function printNext(first, second, trace) {
  for (const line of [
    first,
    second,
    `cputop ${trace}`,
    `iousagetop ${trace}`,
    'doctor',
    '--help',
  ]) {
    console.log(`  npx sonde ${line}`);
  }
}

function show(...args) {
  console.log(`\n$ sonde ${args.join(' ')}`);
  return spawnSync('node', [sonde, ...args], { stdio: 'inherit' }).status ?? 1;
}
