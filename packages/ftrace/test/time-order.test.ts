import { type CpuStreamConverter, ProcessTable, TimeOrder } from '@sonde/ftrace';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, join, SubBufferBuilder, text } from './sub-buffer-builder.ts';
import { converter, format } from './support.ts';

const tick = format(7, 'test/tick', ['u32 n']);
const fork = format(2, 'sched/sched_process_fork', [
  '__data_loc char[] parent_comm',
  'pid_t parent_pid',
  '__data_loc char[] child_comm',
  'pid_t child_pid',
]);
const free = format(5, 'sched/sched_process_free', [
  '__data_loc char[] comm',
  'pid_t pid',
  'int prio',
]);
const rename = format(3, 'task/task_rename', ['char oldcomm[16]', 'char newcomm[16]']);
const forked = (parent: number, child: number) =>
  join(bytesOf([4, (3 << 16) | 24], [4, parent], [4, (3 << 16) | 24], [4, child]), text('sh', 4));
const freed = (tid: number) => join(bytesOf([4, (2 << 16) | 20], [4, tid], [4, 120]), text('a', 4));
const n = (value: number) => bytesOf([4, value]);
const subBufferBytes = 256;

/** Two CPUs with one table. `sources` are the sub-buffers of each. */
function machine(sources: readonly (readonly Uint8Array[])[]) {
  const processes = new ProcessTable();
  processes.set(10, { pid: 10, ppid: 1, comm: 'sh' });
  const left = sources.map((pieces) => [...pieces]);
  const layout = { contexts: ['procname', 'pid', 'tid'] as const };
  const cpus = sources.map(() =>
    converter([tick, fork, free, rename], layout, { processes, subBufferBytes }),
  );
  const order = new TimeOrder(
    cpus.map(({ cpu }) => cpu),
    subBufferBytes,
  );
  const source = { next: (cpu: number) => left[cpu]?.shift(), isOverdue: false };
  const events = () =>
    cpus
      .flatMap(({ decode }) => decode().events)
      .filter(({ name }) => name.endsWith('tick'))
      .map(({ cycles, context }) => [
        Number(cycles),
        context['procname'],
        Number(context['pid']),
        Number(context['tid']),
      ])
      .sort(([a], [b]) => Number(a) - Number(b));
  return { order, source, left, events };
}

test('whatever CPU tells of a thread: its events know what was so when they happened', () => {
  const name = join(text('sh', 16), text('tool', 16));
  const page = (time: bigint) => new SubBufferBuilder(time, subBufferBytes);
  const { order, source, events } = machine([
    [
      // Thread 20 runs here alone, before and after its new name, until it ends; 20 is another one later.
      page(0n).event(150, 7, 20, n(1)).event(100, 3, 20, name).event(10, 7, 20, n(2)).end(),
      page(390n).event(0, 7, 20, n(3)).event(110, 7, 20, n(4)).end(),
    ],
    [
      page(0n).event(100, 2, 10, forked(10, 20)).event(300, 5, 0, freed(20)).end(),
      page(450n).event(0, 2, 10, forked(10, 20)).event(100, 5, 0, freed(20)).end(),
    ],
  ]);
  expect(order.convertUntil(Number.POSITIVE_INFINITY, source)).toBe(true);
  expect(events()).toEqual([
    [150, 'sh', 20, 20],
    [260, 'tool', 20, 20],
    [390, 'tool', 20, 20],
    [500, 'sh', 20, 20],
  ]);
});

const pieces = fc.array(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 8 }), {
  maxLength: 5,
});

test('records of any CPUs, any pauses: all of them, in the order of time, none of the future', () => {
  const pauses = fc.array(fc.nat({ max: 900 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 5 }), pauses, (cpus, limits) => {
      const seen: number[] = [];
      const expected: number[] = [];
      const all = cpus.map((buffers) => {
        let time = 0;
        return buffers.map((deltas) => {
          const builder = new SubBufferBuilder(BigInt(time), subBufferBytes);
          for (const delta of deltas) {
            time += delta;
            expected.push(time);
            builder.event(delta, 7, 1, n(0));
          }
          return builder.end();
        });
      });
      const selection = {
        selects: (_event: unknown, { timeLow }: { timeLow: number }) => {
          seen.push(timeLow);
          return true;
        },
      };
      const converters: CpuStreamConverter[] = all.map(
        () => converter([tick], {}, { selection, subBufferBytes }).cpu,
      );
      const order = new TimeOrder(converters, subBufferBytes);
      const source = { next: (cpu: number) => all[cpu]?.shift(), isOverdue: false };
      for (const limit of limits.sort((a, b) => a - b)) {
        order.convertUntil(limit, source);
        expect(seen.length).toBe(expected.filter((time) => time <= limit).length);
      }
      order.convertUntil(Number.POSITIVE_INFINITY, source);
      expect(seen).toEqual(expected.sort((a, b) => a - b));
    }),
  );
});

test('an overdue source is left in the middle, and gone on with', () => {
  const page = (time: bigint) =>
    new SubBufferBuilder(time, subBufferBytes).event(0, 7, 10, n(1)).event(1, 7, 10, n(1)).end();
  const { order, source, events } = machine([[page(0n), page(100n)], [page(50n)]]);
  const overdue = { ...source, isOverdue: true };
  expect(order.convertUntil(Number.POSITIVE_INFINITY, overdue)).toBe(false);
  expect(order.convertUntil(Number.POSITIVE_INFINITY, source)).toBe(true);
  expect(events().map(([cycles]) => cycles)).toEqual([0, 1, 50, 51, 100, 101]);
});
