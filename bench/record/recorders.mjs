import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const sonde = ['node', join(root, 'packages/cli/bin/sonde.js')];

export const eventSets = {
  scheduler: [
    'sched:sched_switch',
    'sched:sched_wakeup',
    'sched:sched_wakeup_new',
    'sched:sched_migrate_task',
  ],
  'system calls': ['syscalls:*'],
  everything: [
    'sched:sched_*',
    'syscalls:*',
    'irq:*',
    'block:*',
    'net:*',
    'timer:*',
    'kmem:mm_page_*',
  ],
};

const named = (events) => events.flatMap((event) => ['-e', event]);
/** Buffers of 16 MiB a CPU for all. */
const commands = {
  alone: () => [],
  'trace-cmd': (events, output) => [
    ...['unshare', '-m', 'sh', join(root, 'bench/trace-cmd.sh'), 'record', '-q', '-C', 'mono'],
    ...['-b', '16384', '-o', output, '-B', 'sonde-bench'],
    // Its name for all events of a system has no star.
    ...named(events).map((word) => word.replace(/:\*$/, '')),
  ],
  'perf record': (events, output) => [
    ...['perf', 'record', '-q', '-a', '-m', '16M', '-o', output, ...named(events), '--'],
  ],
  'sonde --raw': (events, output) => ourCommand(['--raw'], events, output),
  'sonde --no-contents': (events, output) => ourCommand(['--no-contents'], events, output),
  sonde: (events, output) => ourCommand([], events, output),
};

function ourCommand(flags, events, output) {
  return [...sonde, 'record', '-q', ...flags, '-o', output, ...named(events), '--'];
}

export const recorderNames = Object.keys(commands);

/** Words to put before those of the command that is recorded. Removes what was recorded before. */
export function recorderCommand(name, set, output) {
  rmSync(output, { recursive: true, force: true });
  return commands[name](eventSets[set], output);
}

/** Events in what was recorded, and how often some were lost. */
export function countEvents(name, output) {
  if (name === 'perf record') return countOfPerf(output);
  const text = execFileSync(sonde[0], [sonde[1], 'read', '-o', 'counter', output], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const number = (pattern) => Number(pattern.exec(text)?.[1] ?? 0);
  // A message may stand for many events.
  return { events: number(/(\d+) Event messages/), lost: number(/(\d+) Discarded event/) };
}

function countOfPerf(output) {
  const text = execFileSync('perf', ['report', '--stats', '-i', output], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 26,
  });
  const number = (pattern) => Number(pattern.exec(text)?.[1] ?? 0);
  return { events: number(/^\s+SAMPLE events:\s+(\d+)/m), lost: number(/LOST events:\s+(\d+)/) };
}
