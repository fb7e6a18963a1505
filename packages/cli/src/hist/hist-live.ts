/** `sonde hist` on the running system. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Tracker } from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { type LiveChoice, openPossible } from '../latency/open-live.ts';
import { columnHistogram } from './columns.ts';
import { HistApp } from './hist-app.ts';
import { HistState } from './hist-state.ts';
import { onceTable, troubleNotes } from './once-table.ts';
import { processTerminal } from './process-terminal.ts';

/** A tick of the windows (ms). */
const tickMs = 1000;
/** In each. */
const namedAtOnce = 20;

/** The table of the next `durationMs`. */
export async function printLiveOnce(
  io: CommandIo,
  trackers: readonly Tracker[],
  durationMs: number,
): Promise<number> {
  const live = await openPossible(
    trackers,
    () => {},
    (note) => io.stderr.writeText(`Note: ${note}.\n`),
  );
  try {
    await pause(durationMs, undefined, { signal: io.signal }).catch(() => {});
    const snapshots = live.session.snapshot();
    io.stdout.writeText(onceTable((column) => columnHistogram(column, snapshots)));
    const notes = [...troubleNotes(snapshots), ...notesOf(live)];
    for (const note of notes) io.stderr.writeText(`Note: ${note}.\n`);
  } finally {
    live.session.close();
  }
  return 0;
}

function notesOf({ session, missing }: LiveChoice): string[] {
  return [
    ...session.notes,
    ...[...missing.values()].map(({ message }) => message.replace(/\.$/, '')),
  ];
}

/** The screen, until q or Ctrl-C. */
export async function showLive(
  io: CommandIo,
  trackers: readonly Tracker[],
  time: (ns: bigint) => string,
  durationMs: number | undefined,
): Promise<number> {
  const state = new HistState();
  const notes: string[] = [];
  // Names are found for alerts that are shown, and at once for some: a process may end before.
  let namedCount = 0;
  const live: LiveChoice = await openPossible(
    trackers,
    (alert) => state.alert(namedCount++ < namedAtOnce ? live.named(alert) : alert),
    (note) => notes.push(note),
  );
  const { session } = live;
  const stop = new AbortController();
  const app = new HistApp(state, processTerminal(io.env), {
    title: () => session.backEnd,
    time,
    named: (alert) => live.named(alert),
    trackers,
    signal: AbortSignal.any([io.signal, stop.signal]),
    setThreshold: (tracker, thresholdNs) => session.set(tracker, { thresholdNs }),
  });
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    state.tick(session.snapshotAndReset(), (nowMs - lastMs) / 1000);
    lastMs = nowMs;
    namedCount = 0;
    if (!app.isPaused) app.changed();
  }, tickMs);
  const end = durationMs === undefined ? undefined : setTimeout(() => stop.abort(), durationMs);
  try {
    await app.run();
  } finally {
    clearInterval(timer);
    clearTimeout(end);
    session.close();
  }
  for (const note of [...notes, ...notesOf(live)]) io.stderr.writeText(`Note: ${note}.\n`);
  return 0;
}
