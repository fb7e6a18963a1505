import { SondeError, UsageError } from '@sonde/base';
import {
  catalogue,
  formatDuration,
  parseTracker,
  printable,
  type Tracker,
  table,
} from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { defineCommand } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { AlertReporter, alertSourceOf } from '../latency/alert-reporter.ts';
import { chooseTrackers } from '../latency/choose-trackers.ts';
import { askAll, controlFolder } from '../latency/control-socket.ts';
import { type LatencyOptions, latencyOptions } from '../latency/latency-options.ts';
import { openFollowing } from '../latency/open-following.ts';
import { openLive } from '../latency/open-live.ts';
import { runLive } from '../latency/run-live.ts';
import { runOverTrace } from '../latency/run-over-trace.ts';

export const latencyCommand = defineCommand({
  name: 'latency',
  summary: 'Measure how long things take, and alert on what takes too long.',
  operands: { usage: '[TRACKER|TRACE]...', min: 0, max: Number.POSITIVE_INFINITY },
  options: latencyOptions,
  endsByInterrupt: true,
  notes: `With a TRACE the trackers run over it; without, on the running system until Ctrl-C. With
--follow they go on with a TRACE that is still being written, in the time of its events.
  sonde latency --list
  sonde latency wakeup syscall --threshold=5ms my-trace/
  sonde latency offcpu --by=comm my-trace/
  sonde latency --begin=ext4:ext4_da_write_begin --end=ext4:ext4_da_write_end --key='$tid' my-trace/
  sonde latency wakeup --threshold=2ms --on-alert=snapshot
  sonde latency syscall --follow growing-trace/
  sonde latency wakeup --set threshold=500us
Of alerts as text, --alerts=N are printed a second while they come; the others are counted, and the
longest of them are shown at the end. json, lt, --record-alerts and --on-alert get all of them.
Programs of --on-alert=exec get the alert as JSON on standard input.
Where a trace has lost events, pairs that these may have changed are in no distribution: they are
counted apart, and their alerts say "uncertain".`,
  async run(io, options, operands) {
    if (options.list) return listTrackers(io);
    const { trackers, traces } = chooseTrackers(operands, options);
    if (options.set.length > 0) return changeRunning(io, options, trackers, traces);
    if (trackers.length === 0) {
      throw new UsageError(
        'no-tracker',
        'Name a tracker, such as wakeup; `sonde latency --list` shows them.',
      );
    }
    if (traces.length === 0 && options.follow) {
      throw new UsageError('conflict', '--follow goes with a trace: name its folder.');
    }
    if (traces.length === 0) return runLive(io, options, trackers, openLive);
    if (options.follow) {
      return runLive(io, options, trackers, openFollowing(io, traces, options));
    }
    return overTrace(io, options, trackers, traces);
  },
});

/** `--set`: asks the running ones. */
async function changeRunning(
  io: CommandIo,
  options: LatencyOptions,
  trackers: readonly Tracker[],
  traces: readonly string[],
): Promise<number> {
  if (traces.length > 0) throw new UsageError('conflict', '--set goes without a trace.');
  const names = trackers.length === 0 ? [undefined] : trackers.map(({ name }) => name);
  const folder = controlFolder(io.env);
  let status: number = exitStatus.done;
  let isAny = false;
  for (const { name, value } of options.set) {
    for (const tracker of names) {
      for (const [pid, reply] of await askAll(folder, { tracker, name, value })) {
        isAny = true;
        if (!reply.isDone) status = exitStatus.failed;
        const out = reply.isDone ? io.stdout : io.stderr;
        out.writeText(`process ${pid}: ${printable(reply.message)}\n`);
      }
    }
  }
  if (isAny) return status;
  throw new SondeError('not-running', 'No `sonde latency` of yours is running.');
}

function listTrackers(io: CommandIo): number {
  const rows = catalogue.map((declaration) => {
    const { name, level, summary, alert } = parseTracker(declaration);
    return [name, level, formatDuration(alert.thresholdNs), summary];
  });
  const lines = table(['tracker', 'level', 'threshold', 'measures'], rows, 4);
  io.stdout.writeText(`${lines.map((line) => line.slice(2)).join('\n')}\n`);
  return 0;
}

async function overTrace(
  io: CommandIo,
  options: LatencyOptions,
  trackers: readonly Tracker[],
  traces: readonly string[],
): Promise<number> {
  for (const name of ['duration', 'listen', 'onAlert'] as const) {
    if (options[name] !== undefined) {
      throw new UsageError(
        'conflict',
        `--${dashed(name)} goes without a trace, or with one and --follow.`,
      );
    }
  }
  let reporter: AlertReporter | undefined;
  const { session, endNs, status } = await runOverTrace(io, traces, trackers, options, {
    begin(opened) {
      reporter = new AlertReporter(io, options, trackers, false);
      reporter.begin(alertSourceOf(opened));
    },
    alert: (alert) => reporter?.alert(alert),
  });
  reporter?.finish(session.snapshot(), endNs);
  return status;
}

const dashed = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
