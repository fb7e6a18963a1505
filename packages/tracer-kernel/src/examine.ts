/** What this machine allows: tried out, not guessed. Leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { SondeError } from '@sonde/base';
import { Native, probeBpf } from '@sonde/ebpf';
import { EventCatalogue } from './event-catalogue.ts';
import { TraceInstance } from './instance.ts';
import { recorderInstances, removeUprobes } from './ownership.ts';
import { recoverableOutput } from './recover.ts';
import { openTracefs, type TracefsFolder } from './tracefs.ts';
import { createUprobes } from './uprobes.ts';

export interface Finding {
  readonly name: string;
  /** `optional`: does not work, and little depends on it. */
  readonly state: 'works' | 'optional' | 'fails';
  /** One sentence. */
  readonly reason: string;
  /** What to do about it; empty when it works or nothing can be done. */
  readonly remedy: string;
}

/** All findings, in the order in which one depends on another. */
export async function examineMachine(): Promise<Finding[]> {
  return [
    ...examineTracing(),
    await examineNative(),
    await examineBpf(),
    examinePerf(),
    examineLttng(),
  ];
}

function works(name: string, reason: string): Finding {
  return { name, state: 'works', reason, remedy: '' };
}

function failure(name: string, error: unknown, state: 'optional' | 'fails' = 'fails'): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const [reason = '', ...remedies] = message.split(/(?<=\.)\s+/);
  return { name, state, reason, remedy: remedies.join(' ') };
}

function examineTracing(): Finding[] {
  let tracefs: TracefsFolder;
  let instance: TraceInstance;
  try {
    tracefs = openTracefs();
    instance = TraceInstance.create(tracefs, { bufferBytes: 1024 * 1024 });
  } catch (error) {
    return [failure('tracefs', error)];
  }
  try {
    return [
      works('tracefs', `${tracefs.path} can be used, with instances of our own.`),
      examineRecorders(tracefs),
      examineEvents(tracefs),
      examineClock(instance),
      examineFilters(instance),
      examineOption(instance, 'stacks', ['stacktrace', 'userstacktrace'], 'Call stacks'),
      examineOption(instance, 'follow-forks', ['event-fork'], 'Children of chosen processes'),
      examineUprobes(tracefs, instance),
    ];
  } finally {
    instance.remove();
  }
}

function examineRecorders(tracefs: TracefsFolder): Finding {
  const { live, orphaned } = recorderInstances(tracefs);
  // One is that of this examination.
  const others = live.length - 1;
  if (orphaned.length === 0)
    return works('recorders', `${others} running, nothing left by killed ones.`);
  const left = orphaned.map((instance) => {
    const directory = recoverableOutput(tracefs, instance);
    return directory === undefined ? instance : `${instance} (with events of ${directory})`;
  });
  return {
    name: 'recorders',
    state: 'optional',
    reason: `Killed recorders left ${left.join(', ')}.`,
    remedy:
      '`sonde record --recover DIR` completes the trace, `sonde doctor --clean` removes them.',
  };
}

function examineEvents(tracefs: TracefsFolder): Finding {
  const { events } = EventCatalogue.of(tracefs);
  const calls = events.filter(
    ({ system, name }) => system === 'syscalls' && name.startsWith('sys_enter_'),
  );
  if (calls.length > 0) {
    return works('events', `${events.length} events, with ${calls.length} system calls.`);
  }
  return {
    name: 'events',
    state: 'fails',
    reason: `${events.length} events, but no system calls.`,
    remedy: 'Use a kernel with CONFIG_FTRACE_SYSCALLS.',
  };
}

function examineClock({ clock, notes }: TraceInstance): Finding {
  return notes.length === 0
    ? works('clock', `${clock}: times can be compared with those of LTTng and Node.js.`)
    : { name: 'clock', state: 'optional', reason: notes.join(' '), remedy: '' };
}

function examineFilters({ folder }: TraceInstance): Finding {
  try {
    folder.write('events/sched/sched_switch/filter', 'prev_comm ~ "a*" && next_prio < 120');
    return works('filters', 'The kernel filters events itself.');
  } catch (error) {
    return failure('filters', error);
  }
}

function examineOption(
  { folder }: TraceInstance,
  name: string,
  options: readonly string[],
  what: string,
): Finding {
  const missing = options.filter((option) => !folder.has(`options/${option}`));
  if (missing.length === 0) return works(name, `${what} can be recorded.`);
  return {
    name,
    state: 'optional',
    reason: `${what} can't be recorded: this kernel has no option ${missing.join(', ')}.`,
    remedy: 'Use a kernel with CONFIG_STACKTRACE and CONFIG_USER_STACKTRACE_SUPPORT.',
  };
}

function examineUprobes(tracefs: TracefsFolder, { name }: TraceInstance): Finding {
  try {
    const probe = {
      name: 'try',
      path: process.execPath,
      function: 'uv_run',
      offsetBytes: 0,
      isReturn: false,
      fetch: '',
    };
    createUprobes(tracefs, name, [probe]);
    return works('uprobes', 'Functions of programs can be recorded.');
  } catch (error) {
    return failure('uprobes', error, 'optional');
  } finally {
    removeUprobes(tracefs, name);
  }
}

async function examineNative(): Promise<Finding> {
  try {
    await Native.open();
    return works('koffi', 'The module for calls into C is there: eBPF can be asked for.');
  } catch (error) {
    if (!(error instanceof SondeError)) throw error;
    return failure('koffi', error, 'optional');
  }
}

async function examineBpf(): Promise<Finding> {
  const { usable, reason, remedy } = await probeBpf();
  return { name: 'bpf', state: usable ? 'works' : 'optional', reason, remedy };
}

function examinePerf(): Finding {
  const path = '/proc/sys/kernel/perf_event_paranoid';
  if (!existsSync(path)) {
    return {
      name: 'perf',
      state: 'optional',
      reason: 'This kernel has no perf events.',
      remedy: 'Nothing here needs them.',
    };
  }
  const level = readFileSync(path, 'latin1').trim();
  const program = commandIsThere('perf') ? 'and so is the program' : 'the program is not installed';
  return works('perf', `perf events are there (paranoid level ${level}), ${program}.`);
}

function examineLttng(): Finding {
  const hasModules = existsSync('/proc/lttng');
  const hasTools = commandIsThere('lttng');
  if (hasModules && hasTools) return works('lttng', 'LTTng and its kernel modules are there.');
  return {
    name: 'lttng',
    state: 'optional',
    reason: hasTools
      ? 'LTTng is installed; its kernel modules are not loaded.'
      : 'LTTng is not installed.',
    remedy: '`sonde record` needs neither.',
  };
}

function commandIsThere(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}
