import { ProcessTable } from '@sonde/ftrace';
import { describe, expect, test } from 'vitest';
import { bytesOf, join, SubBufferBuilder, text } from './sub-buffer-builder.ts';
import { converter, format } from './support.ts';

const comm = (thread: { comm: Uint8Array }) => new TextDecoder().decode(thread.comm);

describe('what events tell of threads', () => {
  const formats = [
    format(1, 'task/task_newtask', [
      'pid_t pid',
      'char comm[16]',
      'u64 clone_flags',
      's16 oom_score_adj',
    ]),
    format(2, 'sched/sched_process_fork', [
      '__data_loc char[] parent_comm',
      'pid_t parent_pid',
      '__data_loc char[] child_comm',
      'pid_t child_pid',
    ]),
    format(3, 'task/task_rename', ['pid_t pid', 'char oldcomm[16]', 'char newcomm[16]']),
    format(4, 'sched/sched_process_exec', [
      '__data_loc char[] filename',
      'pid_t pid',
      'pid_t old_pid',
    ]),
    format(5, 'sched/sched_process_free', ['__data_loc char[] comm', 'pid_t pid', 'int prio']),
    format(6, 'sched/sched_switch', [
      'char prev_comm[16]',
      'pid_t prev_pid',
      'int prev_prio',
      'long prev_state',
      'char next_comm[16]',
      'pid_t next_pid',
      'int next_prio',
    ]),
  ];
  const newTask = (pid: number, flags: number) =>
    join(bytesOf([4, pid]), text('sh', 16), bytesOf([4, 0], [8, flags], [4, 0]));
  const fork = (parent: number, child: number) =>
    join(bytesOf([4, (3 << 16) | 24], [4, parent], [4, (3 << 16) | 24], [4, child]), text('sh', 4));
  const rename = (pid: number, name: string) =>
    join(bytesOf([4, pid]), text('sh', 16), text(name, 16));
  const exec = (pid: number, old: number) =>
    join(bytesOf([4, (4 << 16) | 20], [4, pid], [4, old]), text('/x', 4));
  const free = (pid: number) =>
    join(bytesOf([4, (2 << 16) | 20], [4, pid], [4, 120]), text('a', 4));
  const schedSwitch = (prev: number, next: number, name: string) =>
    join(
      text('p', 16),
      bytesOf([4, prev], [4, 110], [8, 0]),
      text(name, 16),
      bytesOf([4, next], [4, 139]),
    );

  function run(build: (builder: SubBufferBuilder) => SubBufferBuilder) {
    const processes = new ProcessTable();
    processes.set(10, { pid: 10, ppid: 1, comm: 'sh', priority: 20, vtid: 10, vpid: 10, vppid: 1 });
    const { cpu, decode } = converter(
      formats,
      { contexts: ['procname', 'pid', 'tid', 'ppid'] },
      { processes },
    );
    cpu.push(build(new SubBufferBuilder(0n)).end());
    return { processes, ...decode() };
  }

  test('a process, and a thread', () => {
    const { processes, events } = run((b) =>
      b
        .event(1, 1, 10, newTask(11, 0))
        .event(1, 2, 10, fork(10, 11))
        .event(1, 1, 10, newTask(12, 0x1_0000))
        .event(1, 2, 10, fork(10, 12)),
    );
    expect(processes.get(11)).toMatchObject({ pid: 11, ppid: 10, vtid: 11, vpid: 11, vppid: 10 });
    expect(processes.get(12)).toMatchObject({ pid: 10, ppid: 1, vtid: 12, vpid: 10, vppid: 1 });
    expect(comm(processes.get(12))).toBe('sh');
    expect(events[1]!.payload).toEqual({
      ...{ parent_comm: 'sh', parent_tid: 10, parent_pid: 10, parent_ns_inum: 0 },
      ...{
        child_comm: 'sh',
        child_tid: 11,
        _vtids_length: 1,
        vtids: [11],
        child_pid: 11,
        child_ns_inum: 0,
      },
    });
    expect(events[3]!.payload).toMatchObject({ child_tid: 12, child_pid: 10, parent_pid: 10 });
  });

  test('in another PID namespace: ids that nobody tells are not known', () => {
    const processes = new ProcessTable();
    processes.set(20, { pid: 20, ppid: 1, vtid: 2, vpid: 2, vppid: 1, pidNamespace: 4026532000 });
    const { cpu, decode } = converter(formats, {}, { processes });
    cpu.push(new SubBufferBuilder(0n).event(1, 2, 20, fork(20, 21)).end());
    expect(decode().events[0]!.payload).toMatchObject({
      parent_ns_inum: 4026532000,
      child_ns_inum: 4026532000,
      vtids: [21],
    });
    expect(processes.get(21)).toMatchObject({ vtid: -1, vpid: -1, vppid: 2 });
  });

  test('names change with the next event', () => {
    const { events } = run((b) =>
      b.event(1, 3, 10, rename(10, 'cat')).event(1, 4, 10, exec(10, 10)),
    );
    expect(events.map(({ context }) => context['procname'])).toEqual(['cat', 'cat']);
  });

  test('exec by another thread than the leader', () => {
    const { processes } = run((b) =>
      b
        .event(1, 1, 10, newTask(13, 0x1_0000))
        .event(1, 2, 10, fork(10, 13))
        .event(1, 3, 13, rename(13, 'new'))
        .event(1, 4, 10, exec(10, 13)),
    );
    expect(comm(processes.get(10))).toBe('new');
    expect(processes.get(10)).toMatchObject({ tid: 10, pid: 10 });
  });

  test('the scheduler tells names and priorities; the dead are forgotten', () => {
    const { processes, events } = run((b) =>
      b.event(1, 6, 30, schedSwitch(30, 31, 'next')).event(1, 5, 31, free(30)),
    );
    expect(comm(processes.get(31))).toBe('next');
    expect(processes.get(31).priority).toBe(39);
    expect(events[0]!.context).toMatchObject({ procname: 'p', tid: 30 });
    expect(events[1]!.context).toMatchObject({ procname: 'next', tid: 31 });
    expect(comm(processes.get(30))).toBe('');
  });

  test('what another CPU tells of earlier times changes nothing that is newer', () => {
    const processes = new ProcessTable();
    const { cpu } = converter(formats, { contexts: ['procname'] }, { processes });
    const at = (timeNs: bigint, type: number, tid: number, payload: Uint8Array) =>
      cpu.push(new SubBufferBuilder(timeNs).event(1, type, tid, payload).end());
    at(100n, 2, 30, fork(30, 31));
    at(200n, 3, 31, rename(31, 'new'));
    at(150n, 6, 30, schedSwitch(30, 31, 'old'));
    at(160n, 3, 31, rename(31, 'old'));
    at(170n, 2, 30, fork(30, 31));
    at(90n, 5, 30, free(31));
    expect(comm(processes.get(31))).toBe('new');
    expect(processes.get(31)).toMatchObject({ pid: 31, ppid: processes.get(30).pid });
    at(300n, 6, 30, schedSwitch(30, 31, 'newer'));
    expect(comm(processes.get(31))).toBe('newer');
    at(400n, 5, 30, free(31));
    expect(comm(processes.get(31))).toBe('');
  });

  test('contexts are those of the thread, whichever ran before, and whoever had its id', () => {
    const tids = [10, 1034, 10, 2058];
    const { events } = run((b) => {
      for (const tid of tids) b.event(1, 3, tid, rename(tid, `first ${tid}`));
      for (const tid of tids) b.event(1, 4, tid, exec(tid, tid));
      b.event(1, 3, 10, rename(1034, 'second')).event(1, 4, 1034, exec(1034, 1034));
      b.event(1, 5, 10, free(1034)).event(1, 4, 1034, exec(1034, 1034));
      b.event(1, 2, 10, fork(10, 1034)).event(1, 4, 1034, exec(1034, 1034));
      b.event(1, 3, 10, rename(2058, 'leader')).event(1, 4, 10, exec(10, 2058));
      return b.event(1, 4, 10, exec(10, 10)).event(1, 4, 2058, exec(2058, 2058));
    });
    const shown = events.filter(({ name }) => name === 'sched_process_exec');
    expect(shown.map(({ context }) => [context['tid'], context['procname']])).toEqual([
      ...tids.map((tid) => [tid, `first ${tid}`]),
      ...[
        [1034, 'second'],
        [1034, ''],
        [1034, 'first 10'],
        [10, 'leader'],
        [10, 'leader'],
        [2058, ''],
      ],
    ]);
  });

  test('what one CPU tells of a thread is seen by the others', () => {
    const processes = new ProcessTable();
    const contexts = ['procname', 'tid'] as const;
    const here = converter(formats, { contexts }, { processes });
    const there = converter(formats, { contexts }, { processes });
    const look = (tid: number) => here.cpu.push(subBuffer(4, tid, exec(tid, tid)));
    const subBuffer = (type: number, tid: number, payload: Uint8Array) =>
      new SubBufferBuilder(0n).event(1, type, tid, payload).end();
    look(10);
    there.cpu.push(subBuffer(3, 10, rename(10, 'cat')));
    look(10);
    there.cpu.push(subBuffer(3, 11, rename(11, 'dog')));
    look(10);
    look(11);
    const shown = here.decode().events.map(({ context }) => context['procname']);
    expect(shown).toEqual(['', 'cat', 'cat', 'dog']);
  });

  test('looked at only: nothing is written', () => {
    const processes = new ProcessTable();
    const { cpu, layout, decode } = converter(
      formats,
      { isRecorded: ({ name }) => name === 'sched_process_free', contexts: ['procname'] },
      { processes },
    );
    cpu.push(
      new SubBufferBuilder(0n).event(1, 3, 10, rename(10, 'cat')).event(1, 5, 10, free(9)).end(),
    );
    expect(layout.events).toHaveLength(1);
    expect(decode().events.map(({ context }) => context)).toEqual([{ procname: 'cat' }]);
    expect(cpu.counts).toMatchObject({ events: 1, records: 2 });
  });
});
