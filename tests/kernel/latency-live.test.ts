/** `sonde latency` on the running kernel: known delays, other processes that change or read it, nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ended, runSonde, scratchFolder, startSonde } from '../integration/built-command.ts';
import { instancesOf, reasonNotToRecord, whereRecorded } from './recording.ts';

interface Started {
  readonly child: ChildProcess;
  readonly done: ReturnType<typeof ended>;
}

/** Resolves when the trackers run. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const child = startSonde(['latency', ...args], { env: { ...process.env, TZ: 'UTC', ...env } });
  const done = ended(child);
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('Ctrl-C ends')) resolve();
    });
    child.on('close', () => reject(new Error(`it ended: ${text}`)));
  });
  return { child, done };
}

describe.skipIf(reasonNotToRecord !== undefined)(`sonde latency, live${whereRecorded}`, () => {
  const scratch = reasonNotToRecord === undefined ? scratchFolder() : '';
  const runtime = join(scratch, 'run');
  if (scratch !== '') mkdirSync(runtime, { mode: 0o700 });
  const env = { XDG_RUNTIME_DIR: runtime };

  test('the last table is of one moment, however much goes on', async () => {
    const { child, done } = await start(['syscall', '--stacks=none'], env);
    const busy = spawn('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=1', 'status=none']);
    // Still waits at the end: where nothing does, no line says what became of all that began.
    const waiting = spawn('sleep', ['60']);
    await pause(500);
    child.kill('SIGINT');
    const { stdout } = await done;
    busy.kill();
    waiting.kill();
    const [measured, ended] = [/^ {2}([\d,]+) measured, /m, / begun: ([\d,]+) measured, /].map(
      (pattern) => pattern.exec(stdout)?.[1],
    );
    expect(measured).toMatch(/\d{3},\d{3}$/);
    expect(ended).toBe(measured);
  });

  test('a sleep of known length is told with its length, and Ctrl-C is the usual end', async () => {
    const alerts = join(scratch, 'alerts');
    const { child, done } = await start(
      ['syscall', '--threshold=300ms', '-f', 'json', '--record-alerts', alerts],
      env,
    );
    const sleeper = spawn('sleep', ['0.4']);
    await once(sleeper, 'close');
    await pause(500);
    child.kill('SIGINT');
    const { status, stdout } = await done;
    expect(status).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const sleep = lines.find(({ tid, event }) => tid === sleeper.pid && event === 'alert');
    expect(sleep).toMatchObject({ tracker: 'syscall', comm: 'sleep' });
    expect(sleep.info.call).toMatch(/^(?:clock_)?nanosleep$/);
    expect(sleep.delay).toBeGreaterThanOrEqual(400e6);
    expect(sleep.delay).toBeLessThan(1500e6);
    // The time is now, in terms of the Unix epoch.
    expect(Math.abs(Number(BigInt(sleep.t) / 1_000_000n) - Date.now())).toBeLessThan(20_000);
    expect(lines.at(-1)).toMatchObject({ event: 'hist', counters: { ringLost: 0, full: 0 } });
    expect(instancesOf(child.pid!)).toEqual([]);
    const read = runSonde(['read', alerts]).stdout;
    expect(read).toMatch(/latency_tracker_syscall: \{ comm = "sleep"/);
  });

  test('--set, --listen and --on-alert', async () => {
    const seen = join(scratch, 'seen.json');
    const { child, done } = await start(
      ['syscall', '--threshold=1h', '--listen=0', '--on-alert', `exec tee ${seen}`].map((arg) =>
        arg.replace('1h', '3600s'),
      ),
      env,
    );
    // The port is told before the trackers run.
    const port = /Metrics at http:\/\/127\.0\.0\.1:(\d+)\/metrics/;
    const set = runSonde(['latency', 'syscall', '--set', 'threshold=200ms'], { env });
    expect(set).toMatchObject({
      status: 0,
      stdout: `process ${child.pid}: syscall: threshold is set\n`,
    });
    expect(runSonde(['latency', 'irq', '--set', 'on=off'], { env })).toMatchObject({
      status: 1,
      stderr: `process ${child.pid}: No tracker irq runs here; there are syscall.\n`,
    });
    const sleeper = spawn('sleep', ['0.3']);
    await once(sleeper, 'close');
    await pause(1000);
    child.kill('SIGINT');
    const { status, stderr } = await done;
    expect(status).toBe(0);
    expect(stderr).toMatch(port);
    const alert = JSON.parse(readFileSync(seen, 'utf8').split('\n')[0]!);
    expect(alert).toMatchObject({ tracker: 'syscall' });
    expect(alert.delay).toBeGreaterThan(200e6);
    expect(readdirSync(join(runtime, 'sonde'))).toEqual([]);
    expect(runSonde(['latency', '--set', 'on=off'], { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('No `sonde latency` of yours is running'),
    });
  });

  test('--duration ends it, and an unknown event is told of', () => {
    const { status, stdout } = runSonde([
      'latency',
      'wakeup',
      '--duration=300ms',
      '-f',
      'openmetrics',
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^sonde_latency_seconds_count\{tracker="wakeup"\} [1-9]\d*$/m);
    const own = ['--begin=sched:sched_nothing', '--end=sched:sched_switch', '--key=next_pid'];
    const wrong = runSonde(['latency', ...own]);
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toMatch(/user/);
    expect(wrong.stderr).not.toMatch(/^ +at /m);
    const some = runSonde(['latency', 'wakeup', ...own, '--duration=300ms', '-f', 'json']);
    expect(some.status).toBe(1);
    expect(some.stderr).toMatch(
      /^Warning: .*sched:sched_nothing.* It is left out\.\nwakeup: in the/m,
    );
    expect(JSON.parse(some.stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({
      tracker: 'wakeup',
      event: 'hist',
    });
  });

  test('sonde hist once: the table of the next moments', () => {
    // An idle machine has nothing to count.
    const work = spawn('sh', ['-c', 'while :; do cat /proc/self/stat; sleep 0.01; done'], {
      stdio: 'ignore',
    });
    const { status, stdout, stderr } = runSonde(['hist', 'once', '--duration=500ms']);
    work.kill();
    expect({ status, stderr: /^sonde:/m.test(stderr) }).toEqual({ status: 0, stderr: false });
    const cells = [...stdout.matchAll(/^\[.*?\[ +\|(.*)$/gm)].map(([, row]) => row!.split(/[ |]+/));
    expect(cells.length).toBe(41);
    expect(cells.flat().reduce((sum, cell) => sum + Number(cell), 0)).toBeGreaterThan(10);
  });
});
