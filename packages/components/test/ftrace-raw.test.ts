import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ftraceRawSource, openTrace, type PlainEvent } from '@sonde/components';
import { lttngNameOf } from '@sonde/ftrace';
import { afterAll, describe, expect, test, vi } from 'vitest';

const fixtures = join(import.meta.dirname, '../../../fixtures/ftrace');
const scratch = mkdtempSync(join(tmpdir(), 'ftrace-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));
// Others may have temporary files of Sonde now, too.
vi.stubEnv('TMPDIR', scratch);

const version6 = join(scratch, 'v6.dat');
writeFileSync(version6, gunzipSync(readFileSync(join(fixtures, 'v6.dat.gz'))));
const version7 = join(fixtures, 'v7-zstd.dat');

async function read(path: string): Promise<{ events: PlainEvent[]; discarded: bigint }> {
  using traces = openTrace(path);
  const events: PlainEvent[] = [];
  for await (const event of traces.events()) events.push(event);
  let discarded = 0n;
  using again = openTrace(path);
  again.onDiscardedEvents(({ count }) => (discarded += count ?? 0n));
  await again.run();
  return { events, discarded };
}

/** One line of the file `trace`, the kernel's own text of the same record. */
interface KernelLine {
  readonly tid: number;
  readonly cpuId: number;
  readonly timeUs: bigint;
  readonly name: string;
  readonly text: string;
}

const linePattern = /^\s*.+-(\d+)\s+\[(\d+)\] \S+\s+(\d+)\.(\d{6}): (.*)$/;

function kernelLines(path: string): KernelLine[] {
  const lines: KernelLine[] = [];
  for (const line of gunzipSync(readFileSync(path)).toString('latin1').split('\n')) {
    const match = linePattern.exec(line);
    if (line.startsWith('#') || line.startsWith(' =>') || match === null) continue;
    const [, tid, cpu, seconds, micros, body = ''] = match;
    const [, name = body, text = ''] = /^([^:(]+): (.*)$/.exec(body) ?? [];
    lines.push({
      tid: Number(tid),
      cpuId: Number(cpu),
      timeUs: BigInt(seconds!) * 1_000_000n + BigInt(micros!),
      name,
      text,
    });
  }
  return lines;
}

const plain = (value: unknown) => value as Record<string, unknown>;

/** How the kernel prints some events: from our fields. */
const printed: Readonly<Record<string, (p: Record<string, unknown>) => string>> = {
  sched_switch: (p) =>
    `prev_comm=${p['prev_comm']} prev_pid=${p['prev_tid']} prev_prio=${Number(p['prev_prio']) + 100} prev_state=STATE ==> next_comm=${p['next_comm']} next_pid=${p['next_tid']} next_prio=${Number(p['next_prio']) + 100}`,
  sched_wakeup: (p) =>
    `comm=${p['comm']} pid=${p['tid']} prio=${Number(p['prio']) + 100} target_cpu=${String(p['target_cpu']).padStart(3, '0')}`,
  sched_process_exec: (p) => `filename=${p['filename']} pid=${p['tid']} old_pid=${p['old_tid']}`,
  irq_softirq_entry: (p) => `vec=${p['vec']} [action=ACTION]`,
  block_rq_issue: (p) =>
    `${Number(p['dev']) >> 20},${Number(p['dev']) & 0xfffff} RWBS ${p['bytes']} (${p['cmd']}) ${p['sector']} + ${p['nr_sector']} none,0,0 [${p['comm']}]`,
};

/** Parts that are words for numbers. */
function neutral(text: string): string {
  return text
    .replace(/prev_state=\S+/, 'prev_state=STATE')
    .replace(/action=\w+/, 'action=ACTION')
    .replace(/^(\d+,\d+) [A-Z]+ /, '$1 RWBS ')
    .replace(/ \w+,\d+,\d+ \[/, ' none,0,0 [');
}

describe.each([
  ['trace.dat, version 6', version6, 'trace.txt.gz'],
  ['trace.dat, version 7, zstd', version7, 'trace.txt.gz'],
  ['raw folder, overwrite mode', join(fixtures, 'overwrite'), 'overwrite/trace.txt.gz'],
  ['raw folder, discard mode', join(fixtures, 'discard'), 'discard/trace.txt.gz'],
  ['raw folder, call stacks', join(fixtures, 'stacks'), 'stacks/trace.txt.gz'],
])('%s', (_, path, textFile) => {
  test('the events that the kernel printed, with its times, CPUs, threads and values', async () => {
    const { events } = await read(path);
    const lines = kernelLines(join(fixtures, textFile)).filter(({ name }) => !name.startsWith('<'));
    const systems = ['sched', 'task', 'irq', 'block', 'net', 'signal'];
    const named = new Map<string, number>();
    const ours = events.map(({ name, commonContext, packetContext }) => ({
      name,
      tid: plain(commonContext)['tid'],
      cpuId: plain(packetContext)['cpu_id'],
    }));
    expect(events).toHaveLength(lines.length);
    for (const { name } of events) named.set(name, (named.get(name) ?? 0) + 1);
    const theirs = lines.map(({ name, tid, cpuId }) => ({
      name: nameOf(name, systems),
      tid,
      cpuId,
    }));
    const key = (e: { name: string; tid: unknown; cpuId: unknown }) =>
      `${e.name} ${e.tid} ${e.cpuId}`;
    expect(ours.map(key).toSorted()).toEqual(theirs.map(key).toSorted());
    compareInOrder(events, lines, systems);
  });
});

/** CPU by CPU: the same order, times to the microsecond, values. */
function compareInOrder(events: PlainEvent[], lines: KernelLine[], systems: string[]): void {
  for (const cpuId of new Set(lines.map((line) => line.cpuId))) {
    const theirs = lines.filter((line) => line.cpuId === cpuId);
    const ours = events.filter(({ packetContext }) => plain(packetContext)['cpu_id'] === cpuId);
    expect(ours.map(({ name }) => name)).toEqual(theirs.map(({ name }) => nameOf(name, systems)));
    // The first event tells what the text's times count from.
    const base = ours[0]!.stream.dataStreamClass.defaultClockClass!;
    const offset = base.offsetSeconds * 1_000_000_000n + base.offsetCycles;
    for (const [i, line] of theirs.entries()) {
      const event = ours[i]!;
      const ns = event.nsFromOrigin! - offset;
      expect((ns + 500n) / 1000n).toBe(line.timeUs);
      const format = printed[event.name];
      if (format !== undefined) expect(format(plain(event.payload))).toBe(neutral(line.text));
    }
  }
}

/** LTTng's name of what the kernel's text says: `sys_read -> 0x5`, `sys_read(fd: 1, …)`, `softirq_entry`. */
function nameOf(name: string, systems: string[]): string {
  const exit = /^sys_(\w+) -> /.exec(name);
  if (exit !== null) return `syscall_exit_${exit[1]}`;
  const entry = /^sys_(\w+)\(/.exec(name) ?? /^sys_(\w+)$/.exec(name);
  if (entry !== null) return `syscall_entry_${entry[1]}`;
  if (name.startsWith('tracing_mark_write')) return 'print';
  if (name.startsWith('# ')) return 'raw_data';
  for (const system of systems) {
    const lttng = lttngNameOf(system, name);
    if (lttng !== name) return lttng;
  }
  return name;
}

test('both versions hold the same', async () => {
  const [first, second] = [await read(version6), await read(version7)];
  const text = ({ events }: { events: PlainEvent[] }) =>
    events.map((e) => [e.name, e.nsFromOrigin, e.payload]);
  expect(text(first)).toEqual(text(second));
});

test('losses are those that the kernel counted', async () => {
  const counted = (folder: string, what: 'droppedEvents' | 'overrunEvents') =>
    (
      JSON.parse(readFileSync(join(fixtures, folder, 'ftrace.json'), 'utf8')) as {
        cpus: Record<string, number>[];
      }
    ).cpus.reduce((sum, cpu) => sum + cpu[what]!, 0);
  expect((await read(join(fixtures, 'overwrite'))).discarded).toBe(
    BigInt(counted('overwrite', 'overrunEvents')),
  );
  expect((await read(join(fixtures, 'discard'))).discarded).toBe(
    BigInt(counted('discard', 'droppedEvents')),
  );
  expect(counted('overwrite', 'overrunEvents')).toBeGreaterThan(0);
  expect(counted('discard', 'droppedEvents')).toBeGreaterThan(0);
});

test('call stacks are contexts', async () => {
  const { events } = await read(join(fixtures, 'stacks'));
  const depths = events.map(
    ({ commonContext }) => (plain(commonContext)['callstack_kernel'] as unknown[]).length,
  );
  const lines = gunzipSync(readFileSync(join(fixtures, 'stacks/trace.txt.gz')))
    .toString('latin1')
    .split('\n');
  let isKernel = false;
  let callers = 0;
  for (const line of lines) {
    if (line.startsWith(' =>')) callers += Number(isKernel);
    else isKernel = line.includes('<stack trace>');
  }
  expect(depths.reduce((a, b) => a + b, 0)).toBe(callers);
});

test('events that were only on for the table of threads are not shown', async () => {
  const folder = join(scratch, 'asked');
  cpSync(join(fixtures, 'discard'), folder, { recursive: true });
  const path = join(folder, 'ftrace.json');
  const whole = (await read(folder)).events;
  const description = JSON.parse(readFileSync(path, 'utf8')) as object;
  const asked = ['sched/sched_process_fork', 'syscalls/sys_enter_openat'];
  writeFileSync(path, JSON.stringify({ ...description, events: asked }));
  const { events } = await read(folder);
  const names = ['sched_process_fork', 'syscall_entry_openat'];
  const key = ({ name, nsFromOrigin, commonContext }: PlainEvent) =>
    [name, nsFromOrigin, plain(commonContext)['procname'], plain(commonContext)['tid']].join();
  expect(new Set(events.map(({ name }) => name))).toEqual(new Set(names));
  expect(events.map(key)).toEqual(whole.filter(({ name }) => names.includes(name)).map(key));
});

test('a recorder that was killed in the middle of a sub-buffer', async () => {
  const folder = join(scratch, 'cut');
  cpSync(join(fixtures, 'discard'), folder, { recursive: true });
  const whole = (await read(folder)).events.length;
  truncateSync(join(folder, 'cpu1.raw'), 10_000);
  const cut = (await read(folder)).events.length;
  expect(cut).toBeGreaterThan(0);
  expect(cut).toBeLessThan(whole);
});

describe('what can not be read', () => {
  const change = (name: string, edit: (bytes: Buffer) => Buffer): string => {
    const path = join(scratch, name);
    writeFileSync(path, edit(readFileSync(version6)));
    return path;
  };
  test.each([
    [
      'of another version',
      () =>
        change('v9.dat', (b) =>
          Buffer.concat([b.subarray(0, 10), Buffer.from('9'), b.subarray(11)]),
        ),
      'Only versions 6 and 7',
    ],
    [
      'cut in its formats',
      () => change('cut.dat', (b) => b.subarray(0, 50_000)),
      'bytes are wanted',
    ],
    [
      'without data',
      () => change('no-data.dat', (b) => b.subarray(0, b.length - 200_000)),
      'beyond the end',
    ],
  ])('trace.dat %s', (_, make, message) => {
    expect(() => openTrace(make())).toThrow(message);
  });

  test.each([
    ['{', 'no JSON'],
    ['{}', 'no text'],
    ['{"format":"sonde-ftrace-raw","version":2}', 'version 1'],
  ])('ftrace.json: %s', (text, message) => {
    const folder = mkdtempSync(join(scratch, 'folder-'));
    writeFileSync(join(folder, 'ftrace.json'), text);
    expect(() => openTrace(folder)).toThrow(message);
  });

  test('a file that is not there, or elsewhere', () => {
    const folder = join(scratch, 'elsewhere');
    cpSync(join(fixtures, 'discard'), folder, { recursive: true });
    const description = readFileSync(join(folder, 'ftrace.json'), 'utf8');
    writeFileSync(join(folder, 'ftrace.json'), description.replace('cpu1.raw', '../x.raw'));
    expect(() => openTrace(folder)).toThrow('no name of a file');
    writeFileSync(join(folder, 'ftrace.json'), description.replace('cpu1.raw', 'cpu9.raw'));
    expect(() => openTrace(folder)).toThrow('has no file');
  });

  test('nothing temporary is left', () => {
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`sonde-ftrace-`))).toEqual([]);
  });
});

test('src.ftrace.raw refuses what is no raw recording', async () => {
  const context = (inputs: unknown) => ({
    name: 'raw',
    parameters: { inputs: inputs as string[] },
    warn() {},
    output: { isTerminal: false, write() {} },
    continueOnError: false,
  });
  await expect(async () => ftraceRawSource.create(context([scratch]))).rejects.toThrow('which');
  await expect(async () => ftraceRawSource.create(context([]))).rejects.toThrow('inputs');
  const source = await ftraceRawSource.create(context([version7]));
  expect(source.outputPorts.length).toBeGreaterThan(0);
  source.close();
});
