import { existsSync } from 'node:fs';
import { formatError, SondeError, UsageError } from '@sonde/base';
import {
  compactTime,
  defaultPreset,
  type EventRequest,
  FlightRecorder,
  KernelSession,
  openContentsAccess,
  openNative,
  openTracefs,
  recoverableOutput,
  recoverSession,
  removeOrphans,
  type TracefsFolder,
  Tracing,
  type TracingOptions,
} from '@sonde/tracer-kernel';
import type { CommandIo } from '../command-io.ts';
import { defineCommand } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { recordInRing } from '../record/flight-loop.ts';
import { explainWriting, recordToDisk } from '../record/record-loop.ts';
import { contextsOf, type RecordOptions, recordOptions } from '../record/record-options.ts';
import { recoveredText } from '../record/summary-text.ts';
import { shellWord } from '../shell-word.ts';
import { version } from '../version.ts';

export const recordCommand = defineCommand({
  name: 'record',
  summary:
    'Record the running kernel to a CTF trace, until Ctrl-C, a time, or the end of a command.',
  operands: {
    usage: '[-- COMMAND [ARG]...]',
    min: 0,
    max: Number.POSITIVE_INFINITY,
    behindDashes: 'COMMAND',
  },
  options: recordOptions,
  endsByInterrupt: true,
  notes: `Needs root. Events have LTTng's names and fields: Babeltrace, Trace Compass and the LTTng
analyses read the trace as one of LTTng's. The whole system is recorded, this recorder included
(unless --exclude-self). The exit status is that of COMMAND. \`sonde doctor\` tells what this
machine allows.

  sonde record -- make -j2
  sonde record --duration 10s --preset sched,irq
  sonde record -e 'block_rq_*' --syscall openat,read -o /tmp/trace
  sonde record -e 'syscall_*' --follow-forks -- ls -l
  sonde record -e sched_switch --filter 'prev_prio < 20 || next_comm == "node*"'
  sonde record --probe /usr/bin/node:uv_run --duration 5s
  sonde record --snapshot 10s -- ./test.sh      writes a trace when it fails; or: sonde snapshot
  sonde record --rotate 60s --keep 10           the last ten minutes on disk`,
  async run(io, options, operands) {
    if (options.recover !== undefined) return recover(io, options.recover);
    checkOptions(options, operands);
    const tracefs = openTracefs();
    tellOrphans(io, options, tracefs);
    const contents = options.noContents ? undefined : await openContentsAccess();
    const native = options.snapshot === undefined ? await openNative() : undefined;
    const tracing = openTracing(tracefs, { ...tracingOptions(io, options), contents });
    for (const note of tracing.instance.notes) io.stderr.writeText(`sonde: ${note}\n`);
    if (options.verbose) io.stderr.writeText(describe(tracing));
    const recording = recordingOf(tracing, options, native);
    // Whatever ends the process (SIGTERM, a defect): the recording is finished, and nothing is left in the kernel.
    const finish = (): void => recording.finish();
    process.once('exit', finish);
    try {
      recording.start();
      return recording instanceof KernelSession
        ? await recordToDisk(io, options, recording, operands)
        : await recordInRing(io, options, recording, operands);
    } finally {
      finish();
      process.removeListener('exit', finish);
    }
  },
});

/** What killed recorders left goes, unless a trace can be completed with it. */
function tellOrphans(io: CommandIo, options: RecordOptions, tracefs: TracefsFolder): void {
  const { instances, kept } = removeOrphans(tracefs, (name) => recoverableOutput(tracefs, name));
  for (const name of instances) {
    tell(io, options, `Removed ${name}, which a killed recorder left.\n`);
  }
  for (const { instance, directory } of kept) {
    tell(
      io,
      options,
      `A killed recorder left ${instance}, with events of ${directory}: run \`sonde record --recover ${shellWord(directory)}\`, or \`sonde doctor --clean\` to drop them.\n`,
    );
  }
}

function checkOptions(options: RecordOptions, command: readonly string[]): void {
  const { followForks, pid, tid, raw, rotate, snapshot, size, keep, ctf } = options;
  if (followForks && command.length + pid.length + tid.length === 0) {
    throw new UsageError(
      'follow-whom',
      '--follow-forks needs --pid, --tid or a COMMAND to follow.',
    );
  }
  if (command[0] === '') throw new UsageError('empty-command', 'The name of COMMAND is empty.');
  if (snapshot !== undefined && size !== undefined) {
    throw new UsageError(
      'exclusive-options',
      "--snapshot and --size can't be used together: the size of the memory bounds a snapshot.",
    );
  }
  if (keep !== undefined && rotate === undefined) {
    throw new UsageError('keep-what', '--keep is for --rotate: how many finished chunks stay.');
  }
  const exclusive = { '--raw': raw, '--rotate': rotate, '--snapshot': snapshot };
  const given = Object.entries(exclusive).filter(([, value]) => value);
  if (given.length > 1) {
    const names = given.map(([name]) => name).join(' and ');
    throw new UsageError('exclusive-options', `${names} can't be used together.`);
  }
  if (raw && ctf !== '1.8') {
    throw new UsageError(
      'exclusive-options',
      '--raw writes no CTF: choose the version when you convert.',
    );
  }
}

function tracingOptions(io: CommandIo, options: RecordOptions): TracingOptions {
  const { filter, comm, pid, tid, followForks, excludeSelf, clock, snapshot, size, rotate } =
    options;
  const limits = [size, rotate?.bytes].filter((bytes) => bytes !== undefined);
  const bufferBytes = snapshot?.bytesPerCpu ?? options.bufferSize;
  return {
    directory: options.output ?? `sonde-${compactTime(new Date()).replace(/\+.*/, '')}`,
    request: requestOf(options),
    probes: [...options.probe, ...options.probeReturn],
    contexts: contextsOf(options),
    ctfVersion: options.ctf,
    isRaw: options.raw,
    ...(limits.length > 0 && { roomBytes: Math.min(...limits) }),
    ...(filter !== undefined && { filter }),
    ...(comm !== undefined && { comm }),
    processes: {
      pids: pid.flat(),
      tids: tid.flat(),
      followsForks: followForks,
      followsChild: followForks && pid.length + tid.length === 0,
      excludesRecorder: excludeSelf,
    },
    instance: {
      isOverwriting: snapshot !== undefined,
      ...(clock !== undefined && { clock }),
      ...(bufferBytes !== undefined && { bufferBytes }),
    },
    recorder: `sonde ${version}`,
    onFault: (error) => io.stderr.writeText(`sonde: ${formatError(error)}\n`),
  };
}

function openTracing(tracefs: TracefsFolder, options: TracingOptions): Tracing {
  try {
    return Tracing.open(tracefs, options);
  } catch (error) {
    throw explainWriting(error);
  }
}

/** @throws what writing throws; nothing is left in the kernel then */
function recordingOf(
  tracing: Tracing,
  { snapshot, size, rotate, keep }: RecordOptions,
  native: Awaited<ReturnType<typeof openNative>>,
): KernelSession | FlightRecorder {
  try {
    if (snapshot !== undefined) return new FlightRecorder(tracing, snapshot.seconds);
    const limits = { totalBytes: size, chunkBytes: rotate?.bytes, keptChunks: keep };
    return new KernelSession(tracing, native, limits);
  } catch (error) {
    tracing.remove();
    throw explainWriting(error);
  }
}

function requestOf({ preset, event, syscall, probe, probeReturn }: RecordOptions): EventRequest {
  const presets = preset.flat();
  const patterns = event.flat();
  const syscalls = syscall.flat();
  const asked = [presets, patterns, syscalls, probe, probeReturn];
  const isDefault = asked.every((list) => list.length === 0);
  return { presets: isDefault ? [defaultPreset] : presets, patterns, syscalls };
}

function describe({ instance, events, filters, contents, contentsNote }: Tracing): string {
  const buffer = instance.folder.read('buffer_size_kb').trim();
  const notes = filters.notes.map((note) => `${note}\n`).join('');
  const how = contentsNote === '' ? 'are not fetched' : `are not fetched: ${contentsNote}`;
  const texts = contents === undefined ? how : 'are fetched by eBPF programs';
  return `tracefs instance ${instance.name}: clock ${instance.clock}, buffers of ${buffer} KiB a CPU, read ${instance.subBufferBytes / 1024} KiB at a time; ${events.length} events. Texts that system calls point to ${texts.replace(/\.$/, '')}.\n${notes}`;
}

/** As root, the kernel is asked too; else the files alone are closed. */
function recover(io: CommandIo, directory: string): number {
  if (!existsSync(directory)) {
    throw new UsageError('no-such-path', `There is no folder ${directory}.`);
  }
  const tracefs = process.geteuid?.() === 0 ? openTracefs() : undefined;
  try {
    io.stdout.writeText(recoveredText(directory, recoverSession(directory, tracefs)));
  } catch (error) {
    throw explainRefusal(error, directory);
  }
  return exitStatus.done;
}

/** The files belong to whoever recorded. */
function explainRefusal(cause: unknown, directory: string): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code !== 'EACCES' && code !== 'EPERM') return cause;
  const message = `What is in ${directory} can't be changed by this user. Run it with sudo, as the recorder was.`;
  return new SondeError('not-allowed', message, {}, { cause });
}

function tell(io: CommandIo, { quiet }: RecordOptions, text: string): void {
  if (!quiet) io.stderr.writeText(text);
}
