import { formatError, UsageError } from '@sonde/base';
import {
  compactTime,
  defaultPreset,
  type EventRequest,
  KernelSession,
  openTracefs,
  removeOrphans,
} from '@sonde/tracer-kernel';
import type { CommandIo } from '../command-io.ts';
import { defineCommand } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { Progress } from '../progress.ts';
import type { ChildCommand } from '../record/child-command.ts';
import { recordLoop } from '../record/record-loop.ts';
import { contextsOf, type RecordOptions, recordOptions } from '../record/record-options.ts';
import { cpuPercent, endText, nextText, statusText } from '../record/summary-text.ts';
import { version } from '../version.ts';

export const recordCommand = defineCommand({
  name: 'record',
  summary:
    'Record the running kernel to a CTF trace, until Ctrl-C, a time, or the end of a command.',
  operands: { usage: '[-- COMMAND [ARG]...]', min: 0, max: Number.POSITIVE_INFINITY },
  options: recordOptions,
  endsByInterrupt: true,
  notes: `Needs root. Events have LTTng's names and fields: Babeltrace, Trace Compass and the LTTng analyses
read the trace as one of LTTng's. The whole system is recorded, this recorder included.
The exit status is that of COMMAND. \`sonde doctor\` tells what this machine allows.

  sonde record -- make -j2
  sonde record --duration 10s --preset sched,irq
  sonde record -e 'block_rq_*' --syscall openat,read -o /tmp/trace
  sonde record -e 'syscall_*' --follow-forks -- ls -l
  sonde record -e sched_switch --filter 'prev_prio < 20 || next_comm == "node*"'
  sonde record --probe /usr/bin/node:uv_run --duration 5s`,
  async run(io, options, operands) {
    checkOptions(options, operands);
    const tracefs = openTracefs();
    for (const name of removeOrphans(tracefs).instances) {
      tell(io, options, `Removed ${name}, which a killed recorder left.\n`);
    }
    const session = KernelSession.open(tracefs, {
      directory: options.output ?? `sonde-${compactTime(new Date()).replace(/\+.*/, '')}`,
      request: requestOf(options),
      probes: [...options.probe, ...options.probeReturn],
      contexts: contextsOf(options),
      ctfVersion: options.ctf,
      isRaw: options.raw,
      ...(options.filter !== undefined && { filter: options.filter }),
      ...(options.comm !== undefined && { comm: options.comm }),
      processes: {
        pids: options.pid.flat(),
        tids: options.tid.flat(),
        followsForks: options.followForks,
        followsChild: options.followForks && options.pid.length + options.tid.length === 0,
        excludesRecorder: options.excludeSelf,
      },
      instance: {
        ...(options.clock !== undefined && { clock: options.clock }),
        ...(options.bufferSize !== undefined && { bufferBytes: options.bufferSize }),
      },
      recorder: `sonde ${version}`,
      onFault: (error) => io.stderr.writeText(`sonde: ${formatError(error)}\n`),
    });
    // Whatever ends the process (SIGTERM, a defect): the recording is finished, and nothing is left in the kernel.
    const finish = (): void => session.finish();
    process.once('exit', finish);
    try {
      return await record(io, options, session, operands);
    } finally {
      finish();
      process.removeListener('exit', finish);
    }
  },
});

function checkOptions(options: RecordOptions, command: readonly string[]): void {
  const { followForks, pid, tid } = options;
  if (followForks && command.length + pid.length + tid.length === 0) {
    throw new UsageError(
      'follow-whom',
      '--follow-forks needs --pid, --tid or a COMMAND to follow.',
    );
  }
}

async function record(
  io: CommandIo,
  options: RecordOptions,
  session: KernelSession,
  command: readonly string[],
): Promise<number> {
  for (const note of session.instance.notes) io.stderr.writeText(`sonde: ${note}\n`);
  if (options.verbose) io.stderr.writeText(describeSession(session));
  const beginMs = performance.now();
  const cpuBegin = process.cpuUsage();
  const seconds = (): number => (performance.now() - beginMs) / 1000;
  const status = (): string =>
    statusText(session.counts, seconds(), cpuPercent(cpuBegin, seconds()));
  session.start();
  let child: ChildCommand | undefined;
  {
    using progress = new Progress(io, false, status);
    child = await recordLoop(session, io.signal, {
      command,
      durationSeconds: options.duration,
      sizeBytes: options.size,
    });
    progress.hide();
  }
  const elapsed = seconds();
  session.finish();
  tell(io, options, endText(session.counts, elapsed, cpuPercent(cpuBegin, elapsed)));
  tell(io, options, nextText(session.directory));
  if (child?.error !== undefined) {
    io.stderr.writeText(`sonde: ${command[0]} can't be run: ${child.error.message}\n`);
  }
  child?.interrupt();
  await child?.ended;
  return child?.exitStatus ?? exitStatus.done;
}

function requestOf({ preset, event, syscall, probe, probeReturn }: RecordOptions): EventRequest {
  const presets = preset.flat();
  const patterns = event.flat();
  const syscalls = syscall.flat();
  const asked = [presets, patterns, syscalls, probe, probeReturn];
  const isDefault = asked.every((list) => list.length === 0);
  return { presets: isDefault ? [defaultPreset] : presets, patterns, syscalls };
}

function describeSession({ instance, events, filterNotes }: KernelSession): string {
  const buffer = instance.folder.read('buffer_size_kb').trim();
  const filters = filterNotes.map((note) => `${note}\n`).join('');
  return `tracefs instance ${instance.name}: clock ${instance.clock}, buffers of ${buffer} KiB a CPU, read ${instance.subBufferBytes / 1024} KiB at a time; ${events.length} events.\n${filters}`;
}

function tell(io: CommandIo, { quiet }: RecordOptions, text: string): void {
  if (!quiet) io.stderr.writeText(text);
}
