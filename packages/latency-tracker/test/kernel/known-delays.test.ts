import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Alert } from '../../src/index.ts';
import { withWakerStacks } from '../../src/index.ts';
import {
  needs,
  openSession,
  printed,
  programNamed,
  run,
  scratchFolder,
  symbolsOf,
  trackerNamed,
} from './support.ts';

const ms = 1e6;
const sleepMs = (time: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, time));
/** Resolves when the process runs the program of that name. */
async function isCalled({ pid }: ChildProcess, comm: string): Promise<void> {
  while (readFileSync(`/proc/${pid}/comm`, 'utf8') !== `${comm}\n`) await sleepMs(5);
}

/** The machine may be busy: what was asked for, and not very much more. */
function expectDelay(delayNs: number | undefined, wantedMs: number): void {
  expect(delayNs).toBeGreaterThan(wantedMs * ms);
  expect(delayNs).toBeLessThan((wantedMs + 3000) * ms);
}

/**
 * Runs a program that reads a pipe, while a higher priority on the same CPU spins for 300 ms after it has written. Both are real-time:
 * to others the scheduler gives some of each second, however busy that keeps the CPU.
 */
async function starve(reader: string): Promise<void> {
  const pipe = join(scratchFolder(), 'pipe');
  await run('mkfifo', pipe);
  const spin = `const { openSync, writeSync } = require('node:fs');
    const pipe = openSync(${JSON.stringify(pipe)}, 'r+');
    console.log('ready');
    process.stdin.once('data', () => {
      const end = performance.now() + 300;
      writeSync(pipe, 'x');
      while (performance.now() < end);
      process.exit();
    });`;
  const spinner = spawn('taskset', ['-c', '0', 'chrt', '-f', '10', process.execPath, '-e', spin]);
  await printed(spinner, 'ready');
  const victim = spawn('taskset', ['-c', '0', 'chrt', '-f', '5', reader, '-c', '1', pipe]);
  while (!/pipe/.test(readFileSync(`/proc/${victim.pid}/wchan`, 'utf8'))) await sleepMs(5);
  spinner.stdin.write('go');
  await once(victim, 'close');
}

const [isPossible, title] = needs('delays that are known', 'sleep', 'flock', 'chrt', 'taskset');

describe.runIf(isPossible)(title, () => {
  test('a sleeping thread: its system call, and its time off the CPU with the stack', async () => {
    const sleep = programNamed('sondesleep', 'sleep');
    const threshold = { alert: { threshold: '100ms', halfStack: true, stack: 'pending' } } as const;
    const { session, alerts } = await openSession([
      trackerNamed('syscall', threshold),
      trackerNamed('offcpu', { alert: { threshold: '100ms', stack: 'pending' } }),
    ]);
    await run(sleep, '0.15');
    session.poll();
    const own = alerts.filter(({ comm, tid }) => comm === 'sondesleep' || tid === undefined);
    const call = own.find(({ tracker, kind }) => tracker === 'syscall' && kind === 'alert')!;
    expectDelay(call.delayNs, 150);
    expect(call.info).toMatchObject({ call: 'clock_nanosleep', ret: 0 });
    const waiting = alerts.find(({ kind, tid }) => kind === 'waiting' && tid === call.tid)!;
    expect(symbolsOf(waiting.kernelStack)).toContain('nanosleep');
    // Not of where it ended.
    expect(symbolsOf(call.kernelStack)).toBe(symbolsOf(waiting.kernelStack));
    const isSleep = ({ kernelStack }: Alert): boolean => /nanosleep/.test(symbolsOf(kernelStack));
    const off = own.find((alert) => alert.tracker === 'offcpu' && isSleep(alert))!;
    expectDelay(off.delayNs, 150);
    expect(off.tid).toBe(call.tid);
    expect(symbolsOf(off.kernelStack)).toMatch(/^\S*nanosleep/);
    // The timer's interrupt woke it.
    expect(symbolsOf(off.wakerStack)).toContain('hrtimer_wakeup');
    expect(off.info).toMatchObject({ waker: expect.any(String) });
  });

  test('a lock that is held: the call of the one that waits, and where', async () => {
    const flock = programNamed('sondeflock', 'flock');
    const file = join(scratchFolder(), 'lock');
    const { session, alerts } = await openSession([
      trackerNamed('syscall', { alert: { threshold: '100ms', halfStack: true } }),
    ]);
    const holder = spawn('flock', [file, 'sh', '-c', 'echo held; read released']);
    await printed(holder, 'held');
    const waiter = spawn(flock, [file, 'true']);
    // However long it takes to begin: it waits 200 ms at least.
    await isCalled(waiter, 'sondeflock');
    await sleepMs(250);
    holder.stdin.write('released\n');
    await once(waiter, 'close');
    session.poll();
    const call = alerts.find(({ kind, comm, info }) => {
      return kind === 'alert' && comm === 'sondeflock' && info['call'] === 'flock';
    })!;
    expectDelay(call.delayNs, 200);
    const waiting = alerts.find(({ kind, tid }) => kind === 'waiting' && tid === call.tid)!;
    expect(symbolsOf(waiting.kernelStack)).toMatch(/flock|locks_lock/);
    expect(symbolsOf(call.kernelStack)).toMatch(/flock|locks_lock/);
  });

  test('a thread that may not run: a higher priority spins on its CPU', async () => {
    const head = programNamed('sondevictim', 'head');
    const { session, alerts } = await openSession([
      trackerNamed('wakeup', { alert: { threshold: '250ms' } }),
    ]);
    await starve(head);
    session.poll();
    const late = alerts.filter(({ comm }) => comm === 'sondevictim');
    expect(late).toHaveLength(1);
    expectDelay(late[0]!.delayNs, 250);
    expect(symbolsOf(late[0]!.kernelStack)).toContain('pipe_read');
    expect(late[0]!.info).toMatchObject({ waker: expect.stringMatching(/node|MainThread/) });
  });

  test('fsync: the call is measured, with the functions that led to it', async () => {
    const file = join(scratchFolder(), 'data');
    const { session, alerts } = await openSession(
      [trackerNamed('fs_sync', { alert: { threshold: 0 } })],
      { includeSelf: true },
    );
    const fd = openSync(file, 'w');
    for (let i = 0; i < 32; i++) writeSync(fd, Buffer.alloc(1 << 20, i));
    const beginMs = performance.now();
    fsyncSync(fd);
    const tookMs = performance.now() - beginMs;
    closeSync(fd);
    session.poll();
    const own = alerts.filter(({ userStack }) => /fsync/.test(symbolsOf(userStack)));
    expect(own).toHaveLength(1);
    expect(symbolsOf(own[0]!.userStack)).toMatch(/uv_?_fs|node/);
    // All but the way from JavaScript into the kernel and back.
    expect(own[0]!.delayNs).toBeLessThanOrEqual(tookMs * ms);
    expect(own[0]!.delayNs).toBeGreaterThan((tookMs / 2) * ms);
  });

  test('a lock in user space: off the CPU, with the stacks of both worlds and that of the waker', async () => {
    const { session, alerts } = await openSession([
      trackerNamed('offcpu', { alert: { threshold: '150ms', stack: 'pending' } }),
    ]);
    // A worker holds the lock for 250 ms.
    const program = `const { Worker } = require('node:worker_threads');
      const lock = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(\`const { workerData: lock } = require('node:worker_threads');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
        Atomics.store(lock, 0, 1);
        Atomics.notify(lock, 0);\`, { eval: true, workerData: lock });
      worker.once('online', () => {
        Atomics.wait(lock, 0, 0);
        console.log('done');
        process.stdin.once('data', () => process.exit());
      });`;
    const child = spawn(process.execPath, ['-e', program]);
    onTestFinished(() => void child.kill());
    await printed(child, 'done');
    session.poll();
    const off = alerts.filter(({ tid }) => tid === child.pid).at(-1)!;
    expectDelay(off.delayNs, 150);
    expect(symbolsOf(off.kernelStack)).toContain('futex');
    expect(symbolsOf(off.wakerStack)).toContain('futex_wake');
    // The innermost function is the C library's; below, Node's own.
    expect(off.userStack!.length).toBeGreaterThan(0);
    expect(off.userStack![0]!.symbol).toMatch(/libc|pthread/);
    child.stdin.write('exit');
  });

  test('the stack of the waker of a thread that may not run, for who asks for it', async () => {
    const sleep = programNamed('sondewaker', 'sleep');
    const { session, alerts } = await openSession([
      withWakerStacks(trackerNamed('wakeup', { alert: { threshold: 0 } })),
    ]);
    expect(session.notes.join()).toContain('the stack of the waker is taken at each wakeup');
    await run(sleep, '0.05');
    session.poll();
    const own = alerts.filter(({ comm }) => comm === 'sondewaker');
    const timer = own.filter(({ wakerStack }) => /hrtimer_wakeup/.test(symbolsOf(wakerStack)));
    expect(timer.length).toBeGreaterThan(0);
    expect(symbolsOf(timer[0]!.kernelStack)).toContain('nanosleep');
    expect(symbolsOf(timer[0]!.wakerStack)).not.toMatch(/bpf_prog|bpf_trace/);
  });

  test('without user-space stacks no program runs where the scheduler is left', async () => {
    const sleep = programNamed('sondenouser', 'sleep');
    const offcpu = trackerNamed('offcpu', { alert: { threshold: '40ms', stack: 'pending' } });
    const { session, alerts } = await openSession([offcpu], { userStacks: false });
    const names = session.costs().map(({ program }) => program);
    expect(names).toContain('offcpu_switch');
    expect(names.filter((name) => name.includes('exit_tp'))).toEqual([]);
    await run(sleep, '0.05');
    session.poll();
    const own = alerts.filter(({ comm }) => comm === 'sondenouser');
    expect(own.some(({ kernelStack }) => /nanosleep/.test(symbolsOf(kernelStack)))).toBe(true);
    expect(own.every(({ userStack }) => userStack === undefined)).toBe(true);
  });

  test('alerts whose thread has no user space, or is gone: told all the same', async () => {
    const { session, alerts } = await openSession([
      trackerNamed('offcpu', { alert: { threshold: 0, stack: 'pending' } }),
    ]);
    await run('sleep', '0.05');
    session.stop();
    session.poll();
    session.poll();
    const { counters } = session.snapshot()[0]!;
    expect(alerts.length).toBeLessThanOrEqual(counters.alerts);
    expect(alerts.length).toBeGreaterThanOrEqual(counters.alerts - counters.ringLost);
    expect(alerts.some(({ userStack }) => userStack === undefined)).toBe(true);
    expect(alerts.some(({ userStack }) => userStack !== undefined)).toBe(true);
  });
});
