/** However many threads, descriptors, requests and CPUs a trace has: what the model keeps is what lives. */
import { describe, expect, test } from 'vitest';
import { collectSegments } from './segment-lines.ts';
import { runModel, traceFolder } from './trace-folder.ts';

const swapper = 'comm=swapper/0';
const sched = (timeNs: number, prev: number, state: number, next: number): string =>
  `${timeNs} 0 sched_switch prev_comm=t prev_tid=${prev} prev_prio=20 prev_state=${state} next_comm=t next_tid=${next} next_prio=20`;

/** Threads that are made, run once and die, by turns as processes and as threads of process 1. */
function generations(count: number, has: { exit: boolean; free: boolean }): string {
  const lines = [sched(0, 0, 0, 1)];
  for (let i = 1; i <= count; i++) {
    const [tid, t] = [1000 + i, i * 10];
    const pid = i % 2 === 0 ? tid : 1;
    lines.push(
      `${t} 0 sched_process_fork parent_comm=t parent_tid=1 parent_pid=1 child_comm=t child_tid=${tid} child_pid=${pid}`,
      sched(t + 1, 1, 1, tid),
      `${t + 2} 0 syscall_entry_exit error_code=0`,
    );
    if (has.exit) lines.push(`${t + 3} 0 sched_process_exit comm=t tid=${tid} prio=20`);
    lines.push(sched(t + 4, tid, 16, 1));
    if (has.free) lines.push(`${t + 5} 0 sched_process_free comm=t tid=${tid} prio=20`);
  }
  return lines.join('\n');
}

describe('threads', () => {
  test.each([
    { exit: true, free: true },
    { exit: true, free: false },
    { exit: false, free: true },
    { exit: false, free: false },
  ])('state of dead ones is released: %o', async (has) => {
    const count = 5000;
    let lines: string[] = [];
    const { model } = await runModel(traceFolder(generations(count, has)), (subscribed) => {
      lines = collectSegments(subscribed, ['system-call']);
    });
    const { threads } = model.hosts[0]!;
    expect(lines.length).toBe(count);
    expect(threads.count).toBe(1);
    expect(threads.processCount).toBe(1);
  });
});

test('4,096 CPUs', async () => {
  const lines = Array.from(
    { length: 4096 },
    (_, cpu) =>
      `${cpu} ${cpu} sched_switch prev_${swapper} prev_tid=0 prev_prio=20 prev_state=0 next_comm=t next_tid=${cpu + 1} next_prio=20`,
  );
  let slices: string[] = [];
  const { model } = await runModel(traceFolder(lines.join('\n')), (subscribed) => {
    slices = collectSegments(subscribed, ['scheduling-slice']);
  });
  expect(model.hosts[0]!.cpus.length).toBe(4096);
  // One that ends, idle, and one that goes on, per CPU.
  expect(slices.length).toBe(2 * 4096);
});

test('requests, timers and packets without an end are forgotten', async () => {
  const count = 20_000;
  const lines = [sched(0, 0, 0, 1)];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `${i} 0 timer_hrtimer_start hrtimer=${i} expires=5`,
      `${i} 0 net_dev_queue skbaddr=${i} len=1 name=lo`,
      `${i} 0 task_newtask tid=${i} comm=t clone_flags=0 oom_score_adj=0`,
    );
  }
  const { model } = await runModel(traceFolder(lines.join('\n')), (subscribed) => {
    collectSegments(subscribed, ['timer-expiry', 'network-transmission', 'thread-life']);
  });
  const [host] = model.hosts;
  expect(host!.timers.size).toBeLessThanOrEqual(16_384);
  expect(host!.transmissions.size).toBeLessThanOrEqual(16_384);
  expect(host!.cloneFlags.size).toBeLessThanOrEqual(1024);
});
