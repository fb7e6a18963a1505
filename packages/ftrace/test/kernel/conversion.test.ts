/** The running kernel, through a tracefs instance of our own: what is converted beside what the kernel itself counts and prints. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTsdl } from '@sonde/ctf';
import {
  type ContextName,
  convertBuffer,
  EventFormats,
  lttngEnvironment,
  parseEventFormat,
  parsePageFormat,
  type RawCpu,
} from '@sonde/ftrace';
import { expect, test } from 'vitest';
import { decodePackets } from '../support.ts';

const tracing = '/sys/kernel/tracing';

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync(join(tracing, 'instances'))) {
    spawnSync('mount', ['-t', 'tracefs', 'nodev', tracing], { stdio: 'ignore' });
  }
  return existsSync(join(tracing, 'instances')) ? undefined : 'needs tracefs';
}

const reason = reasonToSkip();
const hasBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;
if (!hasBabeltrace && process.env['SONDE_REQUIRE_PEERS'] === '1') throw new Error('no babeltrace2');
const title = (name: string) => (reason === undefined ? name : `${name} (left out: ${reason})`);

interface Setup {
  readonly events: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly contexts?: readonly ContextName[];
}

/** Records, converts to a folder that goes away, and hands out what both sides say. */
function record({ events, settings = {}, command, contexts }: Setup) {
  const instance = join(tracing, `instances/sonde_test_${process.pid}`);
  mkdirSync(instance);
  const set = (file: string, value: string) => writeFileSync(join(instance, file), value);
  const read = (file: string) => readFileSync(join(instance, file), 'utf8');
  try {
    set('trace_clock', 'mono');
    for (const [file, value] of Object.entries(settings)) set(file, value);
    for (const event of events) set(`events/${event}/enable`, '1');
    spawnSync('bash', ['-c', command]);
    set('tracing_on', '0');
    const text = read('trace');
    const subBufferBytes = Number(read('buffer_subbuf_size_kb')) * 1024;
    const cpus = readdirSync(join(instance, 'per_cpu')).map((cpu): RawCpu & { entries: number } => {
      const stats = read(`per_cpu/${cpu}/stats`);
      const counter = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(stats)![1]);
      const chunks = drain(join(instance, 'per_cpu', cpu, 'trace_pipe_raw'), subBufferBytes);
      return {
        cpuId: Number(cpu.slice(3)),
        droppedEvents: counter('dropped events'),
        overrunEvents: counter('overrun'),
        entries: counter('entries'),
        chunks: () => chunks,
      };
    });
    const formats = new EventFormats(
      [...events, 'ftrace/kernel_stack', 'ftrace/user_stack', 'ftrace/print'].map((event) => {
        const base = event.startsWith('ftrace/') ? tracing : instance;
        const path = join(base, 'events', event, 'format');
        return parseEventFormat(event.split('/')[0]!, readFileSync(path, 'utf8'));
      }),
    );
    return { text, ...convert(formats, cpus, subBufferBytes, contexts), cpus };
  } finally {
    set('events/enable', '0');
    rmdirSync(instance);
  }
}

function drain(path: string, subBufferBytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  for (;;) {
    const bytes = new Uint8Array(subBufferBytes);
    let count = 0;
    try {
      count = readSync(descriptor, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    if (count === 0) break;
    chunks.push(bytes);
  }
  closeSync(descriptor);
  return chunks;
}

function convert(
  formats: EventFormats,
  cpus: readonly RawCpu[],
  subBufferBytes: number,
  contexts: readonly ContextName[] | undefined,
) {
  const folder = mkdtempSync(join(tmpdir(), 'ftrace-kernel-'));
  const packets = new Map<string, Uint8Array[]>();
  let traceClass: Parameters<typeof decodePackets>[0] | undefined;
  const buffer = {
    name: '',
    clock: { name: 'mono', unixOffsetNs: 0n },
    subBufferBytes,
    cpus,
  };
  const header = (name: string) => readFileSync(join(tracing, 'events', name), 'utf8');
  const pageFormat = parsePageFormat(
    header('header_page'),
    header('header_event'),
    'little-endian',
  );
  const environment = lttngEnvironment({
    hostname: 'test',
    kernelRelease: '',
    kernelVersion: '',
    traceName: 'test',
    creationDatetime: '',
    recorder: 'test',
  });
  const counts = convertBuffer(
    {
      pageFormat,
      formats,
      buffers: [buffer],
      threads: [],
      environment,
      ...(contexts && { contexts }),
    },
    buffer,
    {
      begin: (layout) => {
        traceClass = layout.traceClass;
        writeFileSync(join(folder, 'metadata'), writeTsdl(layout.traceClass));
      },
      openStream: (name) => {
        const list: Uint8Array[] = [];
        packets.set(name, list);
        const descriptor = openSync(join(folder, name), 'w');
        return {
          writePacket: (packet) => {
            list.push(packet.slice());
            writeSync(descriptor, packet);
          },
        };
      },
    },
    { uuid: new Uint8Array(16), environment },
  );
  const babeltrace = hasBabeltrace
    ? spawnSync('babeltrace2', [folder], { encoding: 'utf8', maxBuffer: 1 << 30 })
    : undefined;
  rmSync(folder, { recursive: true });
  const streams = [...packets.values()].filter((list) => list.length > 0);
  return { counts, babeltrace, streams: streams.map((list) => decodePackets(traceClass!, list)) };
}

const lines = (text: string) =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test.skipIf(reason !== undefined)(
  title('counts of the kernel, of the text and of Babeltrace'),
  () => {
    const calls = 700;
    const { counts, cpus, text, streams, babeltrace } = record({
      events: [
        'sched/sched_switch',
        'sched/sched_wakeup',
        'irq/softirq_entry',
        'irq/softirq_exit',
        'syscalls/sys_enter_write',
        'syscalls/sys_exit_write',
        'raw_syscalls/sys_enter',
        'block/block_rq_issue',
        'task/task_rename',
      ],
      settings: { 'options/overwrite': '0', buffer_size_kb: '8192' },
      command: `dd if=/dev/zero of=/dev/null bs=1 count=${calls} 2>/dev/null`,
      contexts: ['procname', 'tid'],
    });
    const events = streams.flatMap((stream) => stream.events);
    expect(events).toHaveLength(lines(text).length);
    expect(events).toHaveLength(cpus.reduce((sum, { entries }) => sum + entries, 0));
    expect(counts.reduce((sum, cpu) => sum + cpu.events, 0)).toBe(events.length);
    const writes = events.filter(
      ({ name, context, payload }) =>
        name === 'syscall_entry_write' && context['procname'] === 'dd' && payload['fd'] === 1,
    );
    expect(writes).toHaveLength(calls);
    if (babeltrace === undefined) return;
    expect(babeltrace.stderr).toBe('');
    expect(lines(babeltrace.stdout)).toHaveLength(events.length);
  },
);

test.skipIf(reason !== undefined)(title('every loss in discard and in overwrite mode'), () => {
  for (const mode of ['0', '1']) {
    const { cpus, streams } = record({
      events: ['raw_syscalls/sys_enter', 'raw_syscalls/sys_exit'],
      settings: { 'options/overwrite': mode, buffer_size_kb: '64' },
      command: 'dd if=/dev/zero of=/dev/null bs=1 count=20000 2>/dev/null',
    });
    const lost = cpus.reduce((sum, cpu) => sum + cpu.droppedEvents + cpu.overrunEvents, 0);
    const told = streams.flatMap(({ discarded }) => discarded).reduce((sum, n) => sum! + n!, 0n);
    expect(lost).toBeGreaterThan(0);
    expect(told).toBe(BigInt(lost));
  }
});

test.skipIf(reason !== undefined)(
  title('times with a filter, sub-buffers of 64 KiB, in order'),
  () => {
    const { text, streams } = record({
      events: ['raw_syscalls/sys_enter', 'sched/sched_switch'],
      settings: {
        buffer_size_kb: '2048',
        buffer_subbuf_size_kb: '64',
        'events/raw_syscalls/sys_enter/filter': 'id == 1',
      },
      command:
        'dd if=/dev/zero of=/dev/null bs=1 count=300 2>/dev/null; ls / >/dev/null; sleep 0.3',
    });
    const ours = streams.flatMap(({ events }) =>
      events.map(({ cycles }) => (cycles + 500n) / 1000n),
    );
    const theirs = lines(text).map((line) => {
      const [, seconds, micros] = / (\d+)\.(\d{6}): /.exec(line)!;
      return BigInt(seconds!) * 1_000_000n + BigInt(micros!);
    });
    const sorted = (times: bigint[]) => times.toSorted((a, b) => Number(a - b));
    expect(sorted(ours)).toEqual(sorted(theirs));
  },
);

test.skipIf(reason !== undefined)(title('call stacks of both kinds'), () => {
  const { streams, counts } = record({
    events: ['sched/sched_switch'],
    settings: { 'options/stacktrace': '1', 'options/userstacktrace': '1' },
    command: 'sleep 0.05; sleep 0.05',
    contexts: ['tid', 'callstack-kernel', 'callstack-user'],
  });
  const events = streams.flatMap((stream) => stream.events);
  const depth = (event: (typeof events)[number]) =>
    (event.context['callstack_kernel'] as unknown[]).length;
  expect(events.filter((event) => depth(event) > 2).length).toBeGreaterThan(events.length / 2);
  expect(counts.reduce((sum, { looseStacks }) => sum + looseStacks, 0)).toBeLessThan(3);
});

test.skipIf(reason !== undefined)(title('nothing is left in tracefs'), () => {
  const own = readdirSync(join(tracing, 'instances')).filter(
    (name) => name === `sonde_test_${process.pid}`,
  );
  expect(own).toEqual([]);
});
