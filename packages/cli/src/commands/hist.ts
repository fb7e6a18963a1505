import { UsageError } from '@sonde/base';
import { durationNs } from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { defineCommand, flag, option, type ValuesOf } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { findOperands, type InputOptions } from '../find-operands.ts';
import { columnHistogram, histTrackers } from '../hist/columns.ts';
import { HistApp } from '../hist/hist-app.ts';
import { printLiveOnce, showLive } from '../hist/hist-live.ts';
import { type HistTrace, openHistTrace } from '../hist/hist-run.ts';
import { HistState } from '../hist/hist-state.ts';
import { onceTable, troubleNotes } from '../hist/once-table.ts';
import { processTerminal } from '../hist/process-terminal.ts';
import { atRecorderNiceness } from '../niceness.ts';
import { inputOptions } from '../read-options.ts';
import { timeFormat } from '../time-format.ts';

const histOptions = {
  threshold: option(
    'Keep alerts above it, in all columns (with unit: 500us)',
    'DURATION',
    durationNs,
    undefined,
  ),
  duration: option(
    'Live: stop after it; with `once`, measure so long (5s)',
    'DURATION',
    durationNs,
    undefined,
  ),
  gmt: flag('Print times in UTC, not local time'),
  ...inputOptions,
};
type HistOptions = ValuesOf<typeof histOptions> & InputOptions;

export const histCommand = defineCommand({
  name: 'hist',
  summary: 'Latencies at every level in one screen: system calls, files, disks, CPU, interrupts.',
  operands: { usage: '[once] [TRACE]...', min: 0, max: Number.POSITIVE_INFINITY },
  options: histOptions,
  endsByInterrupt: true,
  notes: `With a TRACE over it, without on the running system. \`sonde hist once\` prints the table of
latency-tracker, for pipes: a row for each power of two, 1us being 1024 ns. On a terminal the screen
goes on until q; its last line tells the keys.
Columns: read, write, r+w, sync, open and close are system calls; fs the file system; iosched from
the insertion of a block request to its issue; block from there to its completion; wake from wakeup
to running; hard and soft interrupts; rx from the network device to user space.`,
  async run(io, options, operands) {
    const isOnce = operands[0] === 'once';
    const paths = isOnce ? operands.slice(1) : operands;
    const wantsScreen = !isOnce && io.stdout.isTerminal && process.stdin.isTTY === true;
    if (paths.length === 0) return live(io, options, wantsScreen);
    if (options.duration !== undefined) {
      throw new UsageError('conflict', '--duration goes without a trace.');
    }
    const found = await findOperands(paths, options, io);
    const state = new HistState();
    const trace = openHistTrace(
      io,
      found.folders,
      histTrackers(options.threshold),
      options,
      wantsScreen ? (alert) => state.alert(alert) : undefined,
    );
    try {
      return wantsScreen
        ? await showTrace(io, trace, state, paths.join(' '), options)
        : await printOnce(io, trace);
    } finally {
      trace.close();
      found.close();
    }
  },
});

const nsPerMs = 1e6;
const onceMs = 5000;

function live(io: CommandIo, options: HistOptions, wantsScreen: boolean): Promise<number> {
  const { threshold, duration, gmt } = options;
  const durationMs = duration === undefined ? undefined : duration / nsPerMs;
  const trackers = histTrackers(threshold);
  return atRecorderNiceness(() =>
    wantsScreen
      ? showLive(io, trackers, timeFormat(gmt, false).time, durationMs)
      : printLiveOnce(io, trackers, durationMs ?? onceMs),
  );
}

async function printOnce(io: CommandIo, trace: HistTrace): Promise<number> {
  await trace.run(io.signal, () => {});
  const snapshots = trace.session.snapshot();
  io.stdout.writeText(onceTable((column) => columnHistogram(column, snapshots)));
  const notes = [...troubleNotes(snapshots), ...trace.session.notes];
  for (const note of notes) io.stderr.writeText(`Note: ${note}.\n`);
  for (const { message } of trace.missing.values()) io.stderr.writeText(`Note: ${message}\n`);
  return trace.isDamaged ? exitStatus.failed : exitStatus.done;
}

/** The screen is there while the trace is read. */
async function showTrace(
  io: CommandIo,
  trace: HistTrace,
  state: HistState,
  name: string,
  options: HistOptions,
): Promise<number> {
  let isRead = false;
  let shownS = 0;
  const app = new HistApp(state, processTerminal(io.env), {
    title: () => (isRead ? name : `${name} (reading)`),
    time: timeFormat(options.gmt, false).time,
    named: (alert) => alert,
    trackers: histTrackers(options.threshold),
    signal: io.signal,
    setThreshold: undefined,
  });
  const stop = new AbortController();
  const update = (): void => {
    const elapsedS = trace.elapsedS;
    // A tick of the windows is a second of the trace.
    if (!isRead && elapsedS - shownS < 1) return;
    state.tick(trace.session.snapshotAndReset(), elapsedS - shownS);
    shownS = elapsedS;
    app.changed();
  };
  const reading = trace.run(AbortSignal.any([io.signal, stop.signal]), update).then(() => {
    isRead = true;
    update();
  });
  const shown = app.run();
  try {
    await Promise.race([reading.then(() => shown), shown]);
  } finally {
    stop.abort();
    await reading.catch(() => {});
  }
  return 0;
}
