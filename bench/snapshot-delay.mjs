// How long after an alert of `sonde latency --on-alert snapshot` the flight recorder begins to write. Alerts are `fsync`s of this process;
// the begin of a snapshot is the time of its first event, that of the state dump. Needs root, and the built command.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const sonde = join(dirname(fileURLToPath(import.meta.url)), '../packages/cli/bin/sonde.js');
/** Actions are started once a second at most. */
const alertPeriodMs = 1100;
const nsPerMs = 1e6;

/** @returns ms from each alert to its snapshot, in the order of the alerts */
export async function snapshotDelays(alertCount = 20) {
  const scratch = mkdtempSync(join(tmpdir(), 'sonde-snapshot-'));
  const recorder = spawn(
    'node',
    [sonde, 'record', '--snapshot=4M', '-o', join(scratch, 'ring'), '-e', 'sched_switch'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let tracker;
  const file = openSync(join(scratch, 'synced'), 'w');
  try {
    await firstMatch(recorder.stderr, /Keeping the last events/);
    tracker = spawn(
      'node',
      [
        sonde,
        'latency',
        '--begin=syscalls:sys_enter_fsync',
        '--end=syscalls:sys_exit_fsync',
        '--key=$tid',
        `--when=$tid == ${process.pid}`,
        '--threshold=1ns',
        '--format=json',
        '--on-alert=snapshot',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const alerts = [];
    createInterface({ input: tracker.stdout }).on('line', (line) => {
      const { event, t } = JSON.parse(line);
      if (event === 'alert') alerts.push(Number(t));
    });
    await firstMatch(tracker.stderr, /Ctrl-C ends/);
    for (let i = 0; i < alertCount; i++) {
      writeSync(file, 'x');
      fsyncSync(file);
      // Not in step with any timer.
      await pause(alertPeriodMs + Math.random() * 200);
    }
    await ended(tracker);
    await ended(recorder);
    return delaysOf(join(scratch, 'ring'), alerts);
  } finally {
    closeSync(file);
    tracker?.kill();
    recorder.kill();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A snapshot belongs to the last alert before it. */
function delaysOf(folder, alerts) {
  const begins = readdirSync(folder)
    .filter((name) => name.startsWith('snapshot-'))
    .map((name) => beginNs(join(folder, name)))
    .sort((a, b) => a - b);
  return begins.map((begin) => (begin - alerts.findLast((t) => t < begin)) / nsPerMs);
}

function beginNs(path) {
  const line = execFileSync('node', [sonde, 'read', '--clock-seconds', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const [, seconds, ns] = /^\[(\d+)\.(\d{9})\].* lttng_statedump_start:/m.exec(line);
  return Number(seconds) * 1e9 + Number(ns);
}

function firstMatch(stream, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      if (pattern.test(text)) resolve();
    });
    stream.on('end', () => reject(new Error(text)));
  });
}

async function ended(child) {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await exit;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const delays = await snapshotDelays(Number(process.argv[2] ?? 20));
  console.log(delays.map((delay) => delay.toFixed(1)).join(' '));
}
