// `node tools/ftrace-fixtures.mjs`, as root: records fixtures/ftrace anew on the running kernel, in tracefs instances of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const tracing = '/sys/kernel/tracing';
const target = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/ftrace');
const scheduling = ['sched/sched_switch', 'sched/sched_wakeup', 'sched/sched_waking'];
const threads = [
  'sched/sched_process_fork',
  'sched/sched_process_exec',
  'sched/sched_process_exit',
  'sched/sched_process_free',
  'task/task_newtask',
  'task/task_rename',
];
const calls = ['openat', 'mmap', 'execve', 'clone'].flatMap((call) => [
  `syscalls/sys_enter_${call}`,
  `syscalls/sys_exit_${call}`,
]);
const work = '/bin/true; ls /etc >/dev/null; sleep 0.01';
const mark =
  'echo hello > "$INSTANCE/trace_marker"; printf "\\1\\2\\3\\4abcdef" > "$INSTANCE/trace_marker_raw"';

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
recordTraceDat();
recordFolder('stacks', {
  events: ['sched/sched_switch', 'sched/sched_process_exec', 'syscalls/sys_enter_openat'],
  settings: { 'options/stacktrace': '1', 'options/userstacktrace': '1' },
  command: '/bin/true',
});
recordFolder('overwrite', {
  events: [...scheduling, ...threads, ...calls],
  settings: { 'options/overwrite': '1', buffer_size_kb: '16' },
  command: work,
});
recordFolder('discard', {
  events: [...scheduling, ...threads, ...calls],
  settings: { 'options/overwrite': '0', buffer_size_kb: '16' },
  command: work,
});

/** trace-cmd's file, in versions 7 (zstd) and 6, and what the kernel printed of the same records. */
function recordTraceDat() {
  withInstance((instance) => {
    const events = [
      ...scheduling,
      ...threads,
      ...calls,
      'irq/softirq_entry',
      'irq/softirq_exit',
      'irq/softirq_raise',
      'irq/irq_handler_entry',
      'irq/irq_handler_exit',
      'block/block_rq_issue',
      'block/block_rq_complete',
      'block/block_bio_queue',
      'net/net_dev_queue',
      'net/netif_receive_skb',
      'signal/signal_generate',
      'signal/signal_deliver',
    ];
    run(instance, {
      events,
      settings: { buffer_size_kb: '1024' },
      command: `${work}; sync; ${mark}; kill -0 $$`,
    });
    writeFileSync(join(target, 'trace.txt.gz'), gzipSync(readFileSync(join(instance, 'trace'))));
    const name = instance.split('/').at(-1);
    const file = join(target, 'v7-zstd.dat');
    // Addresses of this kernel's functions are nobody's business, and long.
    execFileSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        `mount --bind /dev/null /proc/kallsyms; exec trace-cmd extract -B ${name} --compression zstd -o ${file}`,
      ],
      { stdio: 'ignore' },
    );
  });
  const version6 = join(target, 'v6.dat');
  execFileSync(
    'trace-cmd',
    ['convert', '-i', join(target, 'v7-zstd.dat'), '--file-version', '6', '-o', version6],
    { stdio: 'ignore' },
  );
  writeFileSync(`${version6}.gz`, gzipSync(readFileSync(version6), { level: 9 }));
  rmSync(version6);
}

/** The folder that docs/formats/ftrace-raw.md describes. */
function recordFolder(name, options) {
  withInstance((instance) => {
    const read = (file) => readFileSync(join(instance, file), 'utf8');
    run(instance, options);
    const folder = join(target, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'trace.txt.gz'), gzipSync(readFileSync(join(instance, 'trace'))));
    const subBufferBytes = Number(read('buffer_subbuf_size_kb')) * 1024;
    const cpus = readdirSync(join(instance, 'per_cpu')).map((cpu) => {
      const id = Number(cpu.slice(3));
      const stats = read(`per_cpu/${cpu}/stats`);
      const counter = (title) => Number(new RegExp(`^${title}: (\\d+)`, 'm').exec(stats)[1]);
      drain(
        join(instance, 'per_cpu', cpu, 'trace_pipe_raw'),
        join(folder, `${cpu}.raw`),
        subBufferBytes,
      );
      return {
        id,
        file: `${cpu}.raw`,
        droppedEvents: counter('dropped events'),
        overrunEvents: counter('overrun'),
      };
    });
    const own = readdirSync(join(tracing, 'events/ftrace'), { withFileTypes: true });
    const formatFiles = [
      ...options.events.map((event) => [event, join(instance, 'events', event)]),
      ...own
        .filter((entry) => entry.isDirectory())
        .map(({ name: event }) => [`ftrace/${event}`, join(tracing, 'events/ftrace', event)]),
    ];
    const description = {
      format: 'sonde-ftrace-raw',
      version: 1,
      byteOrder: 'little-endian',
      subBufferBytes,
      headerPage: readFileSync(join(tracing, 'events/header_page'), 'utf8'),
      headerEvent: readFileSync(join(tracing, 'events/header_event'), 'utf8'),
      clock: {
        name: 'mono',
        unixOffsetNs: String(BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()),
      },
      cpus,
      formats: Object.fromEntries(
        formatFiles.map(([event, path]) => [event, readFileSync(join(path, 'format'), 'utf8')]),
      ),
      environment: { hostname: 'fixture' },
    };
    writeFileSync(join(folder, 'ftrace.json'), `${JSON.stringify(description, null, 2)}\n`);
  });
}

function withInstance(use) {
  const instance = join(tracing, `instances/sonde_fixture_${process.pid}`);
  mkdirSync(instance);
  try {
    use(instance);
  } finally {
    // trace-cmd removes the instance that it extracts.
    if (existsSync(instance)) {
      writeFileSync(join(instance, 'events/enable'), '0');
      rmdirSync(instance);
    }
  }
}

function run(instance, { events, settings, command }) {
  const set = (file, value) => writeFileSync(join(instance, file), value);
  set('tracing_on', '0');
  set('trace_clock', 'mono');
  for (const [file, value] of Object.entries(settings)) set(file, value);
  for (const event of events) set(`events/${event}/enable`, '1');
  set('tracing_on', '1');
  spawnSync('bash', ['-c', command], { env: { ...process.env, INSTANCE: instance } });
  set('tracing_on', '0');
}

function drain(pipe, path, subBufferBytes) {
  const from = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const to = openSync(path, 'w');
  const buffer = Buffer.alloc(subBufferBytes);
  for (;;) {
    let count = 0;
    try {
      count = readSync(from, buffer, 0, subBufferBytes, null);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    if (count === 0) break;
    buffer.fill(0, count);
    writeSync(to, buffer);
  }
  closeSync(from);
  closeSync(to);
}
