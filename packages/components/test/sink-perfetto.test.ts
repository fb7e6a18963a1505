import type { BackEnd } from '@sonde/ctf';
import type { EventMessage, Message, ParameterMap, PlainValue } from '@sonde/graph';
import {
  clockClass,
  dataStream,
  type EventRecordClassText,
  packet,
  sint,
  str,
  struct,
  traceClass,
  uint,
} from '@sonde/testkit';
import type { DataStream } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { ruleOf } from '../src/sink-perfetto/event-rules.ts';
import { createPerfettoSink, perfettoSink } from '../src/sink-perfetto/sink-perfetto.ts';
import { formatMicroseconds } from '../src/sink-perfetto/trace-event-writer.ts';
import { runMessages } from './run-messages.ts';

interface TraceEvent {
  readonly ph: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
  readonly dur?: number;
  readonly cat?: string;
  readonly s?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

const events: readonly EventRecordClassText[] = [
  {
    name: 'sched_switch',
    payload: struct({
      prev_comm: str(),
      prev_tid: sint(32),
      next_comm: str(),
      next_tid: sint(32),
    }),
  },
  { name: 'syscall_entry_read', payload: struct({ fd: sint(32) }) },
  { name: 'syscall_exit_read', payload: struct({ ret: sint(64) }) },
  { name: 'syscall_entry_write', payload: struct({ fd: sint(32) }) },
  { name: 'irq_handler_entry', payload: struct({ irq: sint(32), name: str() }) },
  { name: 'irq_handler_exit', payload: struct({ irq: sint(32) }) },
  { name: 'irq_softirq_entry', payload: struct({ vec: uint(32) }) },
  { name: 'irq_softirq_exit', payload: struct({ vec: uint(32) }) },
  { name: 'sched_process_exit', payload: struct({ comm: str(), tid: sint(32) }) },
  {
    name: 'lttng_statedump_process_state',
    payload: struct({ tid: sint(32), pid: sint(32), name: str() }),
  },
  { name: 'note "q"', payload: struct({ text: str(), wide: uint(64) }) },
  { name: 'bare' },
];

function streamOf(hasContext: boolean, hostname = 'host'): DataStream {
  const classes = traceClass({
    streams: [
      {
        clock: clockClass(),
        packetContext: struct({ cpu_id: uint(32) }),
        ...(hasContext && {
          commonContext: struct({ tid: sint(32), pid: sint(32), procname: str() }),
        }),
        events,
      },
    ],
  });
  const stream = dataStream(classes.dataStreamClasses.get(0n)!);
  const environment = new Map([
    ['hostname', hostname],
    ['domain', 'kernel'],
  ]);
  return { ...stream, name: '/trace/channel0_0', trace: { ...stream.trace, environment } };
}

/** `[microseconds, event, [tid, pid, procname] or undefined, payload]` on CPU 1. */
type Row = readonly [
  us: number,
  name: string,
  thread: readonly [number, number, string] | undefined,
  payload?: PlainValue,
];

function messagesOf(rows: readonly Row[], stream = streamOf(rows[0]?.[2] !== undefined)) {
  const inPacket = packet(stream);
  const classes = [...stream.dataStreamClass.eventRecordClasses.values()];
  const messages: Message[] = rows.map(([us, name, thread, payload]): EventMessage => {
    const ns = BigInt(Math.round(us * 1000));
    const [tid, pid, procname] = thread ?? [0, 0, ''];
    return {
      type: 'event',
      packet: inPacket,
      eventRecordClass: classes.find((c) => c.name === name)!,
      time: { cycles: ns, nsFromOrigin: ns },
      packetContext: { cpu_id: 1 },
      commonContext: { tid, pid, procname },
      payload,
    };
  });
  return [
    { type: 'stream-beginning', stream },
    { type: 'packet-beginning', packet: inPacket },
    ...messages,
    { type: 'packet-end', packet: inPacket },
    { type: 'stream-end', stream },
  ] satisfies Message[];
}

async function run(messages: readonly Message[], parameters: ParameterMap = {}) {
  const texts: string[] = [];
  for (const backEnd of ['generated', 'closures'] satisfies BackEnd[]) {
    const create = {
      ...perfettoSink,
      create: (c: Parameters<typeof perfettoSink.create>[0]) => createPerfettoSink(c, backEnd),
    };
    const { text, error } = await runMessages(messages, create, parameters);
    if (error !== undefined) throw error;
    texts.push(text);
  }
  expect(texts[1]).toBe(texts[0]);
  return JSON.parse(texts[0]!) as { traceEvents: TraceEvent[]; otherData: object };
}

/** All but the names of rows, in a short form. */
async function lineOf(rows: readonly Row[]): Promise<string[]> {
  const { traceEvents } = await run(messagesOf(rows));
  return traceEvents
    .filter((event) => event.ph !== 'M')
    .map(
      ({ ph, ts, dur, tid, name = '' }) =>
        `${ph} ${ts}${dur === undefined ? '' : `+${dur}`} ${tid} ${name}`,
    );
}

const node = [42, 40, 'node'] as const;
const bash = [7, 7, 'bash'] as const;
/** Rows for CPU 1 and its interrupts. */
const [cpu, interrupts] = [5_000_002, 5_100_002];

describe('trace events', () => {
  test('an instant has its thread, its arguments and exact times', async () => {
    const { traceEvents, otherData } = await run(
      messagesOf([
        [1.001, 'note "q"', node, { text: 'a"b', wide: 2n ** 63n }],
        [2.5, 'bare', node],
      ]),
    );
    expect(otherData).toEqual({ writer: 'Sonde', 'origin-ns': '1001' });
    expect(traceEvents.filter((event) => event.ph !== 'M')).toEqual([
      {
        ph: 'i',
        ts: 0,
        pid: 40,
        tid: 42,
        name: 'note "q"',
        cat: 'kernel',
        s: 't',
        args: { text: 'a"b', wide: '9223372036854775808' },
      },
      { ph: 'i', ts: 1.499, pid: 40, tid: 42, name: 'bare', cat: 'kernel', s: 't' },
    ]);
  });

  test('rows have names; a process is called as its first thread', async () => {
    const { traceEvents } = await run(
      messagesOf([
        [0, 'lttng_statedump_process_state', node, { tid: 40, pid: 40, name: 'server' }],
        [1, 'bare', node],
        [2, 'bare', bash],
        [3, 'bare', [7, 7, 'ls']],
      ]),
    );
    const names = traceEvents
      .filter((event) => event.ph === 'M' && event.name?.endsWith('_name'))
      .map(({ name, pid, tid, args }) => `${name} ${pid}/${tid} ${args?.['name']}`);
    expect(names).toEqual([
      `process_name 5000000/${cpu} CPUs`,
      `thread_name 5000000/${cpu} CPU 1`,
      'thread_name 40/42 node',
      'process_name 40/42 server',
      'thread_name 7/7 bash',
      'process_name 7/7 bash',
      'thread_name 7/7 ls',
      'process_name 7/7 ls',
    ]);
  });

  test('switches are slices on the CPU; the idle thread has none', async () => {
    const row = (us: number, next_tid: number, next_comm: string): Row => [
      us,
      'sched_switch',
      node,
      { prev_comm: '', prev_tid: 0, next_comm, next_tid },
    ];
    const lines = await lineOf([
      row(0, 42, 'node'),
      row(10, 0, 'swapper/1'),
      row(15, 7, 'bash'),
      [20, 'bare', bash],
    ]);
    expect(lines.filter((line) => line.startsWith('X'))).toEqual([
      `X 0+10 ${cpu} node`,
      `X 15+5 ${cpu} bash`,
    ]);
  });

  test('system calls are slices of the thread', async () => {
    expect(
      await lineOf([
        [0, 'syscall_exit_read', node, { ret: 1 }],
        [1, 'syscall_entry_read', node, { fd: 3 }],
        [2, 'syscall_entry_write', bash, { fd: 4 }],
        [3, 'syscall_exit_read', node, { ret: 5 }],
        [4, 'syscall_entry_write', node, { fd: 5 }],
        [5, 'syscall_entry_read', node, { fd: 6 }],
        [6, 'sched_process_exit', node, { comm: 'node', tid: 42 }],
        [9, 'bare', node],
      ]),
    ).toEqual([
      'i 0 42 syscall_exit_read', // began before the trace
      'B 1 42 read',
      'B 2 7 write',
      'E 3 42 ',
      'B 4 42 write',
      'E 5 42 ', // its exit was lost
      'B 5 42 read',
      'i 6 42 sched_process_exit',
      'E 6 42 ',
      'i 9 42 bare',
      'E 9 7 ', // still open at the end
    ]);
  });

  test('interrupts nest on the row of their CPU', async () => {
    expect(
      await lineOf([
        [1, 'irq_softirq_entry', node, { vec: 3 }],
        [2, 'irq_handler_entry', node, { irq: 11, name: 'eth0' }],
        [3, 'irq_handler_exit', node, { irq: 11 }],
        [4, 'irq_handler_entry', node, { irq: 12, name: 'sda' }],
        [5, 'irq_softirq_exit', node, { vec: 3 }],
        [6, 'irq_softirq_exit', node, { vec: 3 }],
      ]),
    ).toEqual([
      `B 0 ${interrupts} softirq 3`,
      `B 1 ${interrupts} irq 11`,
      `E 2 ${interrupts} `,
      `B 3 ${interrupts} irq 12`,
      `E 4 ${interrupts} `,
      `E 4 ${interrupts} `,
      `i 5 ${interrupts} irq_softirq_exit`,
    ]);
  });

  test('without contexts the last switch says which thread it is', async () => {
    const to = (us: number, next_tid: number): Row => [
      us,
      'sched_switch',
      undefined,
      { prev_comm: '', prev_tid: 0, next_comm: 'x', next_tid },
    ];
    const lines = await lineOf([
      [0, 'bare', undefined],
      to(1, 42),
      [2, 'bare', undefined],
      to(3, 0),
      [4, 'bare', undefined],
    ]);
    expect(lines.filter((line) => line.endsWith('bare'))).toEqual([
      `i 0 ${cpu} bare`,
      'i 2 42 bare',
      `i 4 ${cpu} bare`,
    ]);
  });

  test('hosts keep apart', async () => {
    const messages = ['one', 'two'].flatMap((host) =>
      messagesOf([[1, 'bare', node]], streamOf(true, host)),
    );
    const { traceEvents } = await run(messages);
    expect(traceEvents.filter((event) => event.ph === 'i').map(({ tid }) => tid)).toEqual([
      42, 10_000_042,
    ]);
    expect(JSON.stringify(traceEvents)).toContain('"two: node"');
  });

  test('losses show; only the fields asked for are written', async () => {
    const messages: Message[] = messagesOf([[1, 'note "q"', node, { text: 'x', wide: 1 }]]);
    const { stream } = messages[0] as Extract<Message, { type: 'stream-beginning' }>;
    messages.splice(-1, 0, { type: 'discarded-events', stream, count: 12n });
    const { traceEvents } = await run(messages, { fields: ['text'] });
    const instants = traceEvents.filter((event) => event.ph === 'i');
    expect(instants.map(({ name, args }) => [name, args])).toEqual([
      ['note "q"', { text: 'x' }],
      ['12 events discarded', undefined],
    ]);
  });

  test('what is written is valid after an error, too', async () => {
    const messages = messagesOf([
      [1, 'syscall_entry_read', node, { fd: 3 }],
      [2, 'note "q"', node, { text: 'fine', wide: 1 }],
      [3, 'note "q"', node, { text: 'no number', wide: 'x' }],
    ]);
    const { text, error } = await runMessages(messages, perfettoSink);
    expect(error).toBeDefined();
    const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
    expect(traceEvents.map(({ ph }) => ph).join('')).toBe('MMMMMMBiE');
  });

  test('nothing at all is valid', async () => {
    expect((await run(messagesOf([]))).traceEvents).toEqual([]);
  });
});

test.each([
  [0, '0'],
  [1, '0.001'],
  [1000, '1'],
  [1_234_567, '1234.567'],
  [-1, '-0.001'],
  [9_007_199_254_740_991, '9007199254740.991'],
])('%d ns are %s us', (ns, text) => {
  expect(formatMicroseconds(ns)).toBe(text);
});

test.each([
  ['syscall_entry_openat', 'begin', 'openat'],
  ['compat_syscall_exit_openat', 'end', 'openat'],
  ['syscalls:sys_enter_read', 'begin', 'read'],
  ['raw_syscalls:sys_enter', 'begin', 'syscall'],
  ['raw_syscalls:sys_exit', 'end', ''],
  ['exit_syscall', 'end', ''],
  ['irq:softirq_entry', 'begin', 'softirq'],
  ['timer_hrtimer_expire_exit', 'end', 'hrtimer'],
  ['sched:sched_switch', 'switch', undefined],
  ['my_provider:sys_enter_x', 'instant', undefined],
])('%s is %s %s', (event, kind, name) => {
  const rule = ruleOf(event);
  expect(rule.kind).toBe(kind);
  expect('name' in rule ? rule.name : undefined).toBe(name);
});
