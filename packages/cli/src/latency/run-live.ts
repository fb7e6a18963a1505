import { setTimeout as pause } from 'node:timers/promises';
import type { UsageError } from '@sonde/base';
import {
  type Alert,
  type AlertSource,
  type Tracker,
  type TrackerSession,
  type TrackerSettings,
  withWakerStacks,
} from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { exitStatus } from '../exit-status.ts';
import { atRecorderNiceness } from '../niceness.ts';
import { AlertActions } from './alert-actions.ts';
import { AlertReporter } from './alert-reporter.ts';
import { type ControlRequest, ControlServer, controlFolder } from './control-socket.ts';
import type { LatencyOptions } from './latency-options.ts';
import { MetricsServer } from './metrics-server.ts';
import { snapshotProblem, snapshotRecorders } from './snapshot-recorders.ts';
import { leftOutText, type MissingTrackers } from './usable-trackers.ts';

export interface LiveOptions {
  /** Also what this process does. Over a tracefs instance it is there always. */
  readonly includeSelf: boolean;
  /** User-space stacks are shown. */
  readonly userStacks: boolean;
}

/** Trackers at work, and where their events come from. */
export interface LiveSource {
  readonly session: TrackerSession;
  /** Those of the trackers that can't run. */
  readonly missing?: MissingTrackers;
  /** Rejects when something went wrong; without it, nothing can. */
  readonly ended?: Promise<unknown>;
  /** What has come so far is handed on, then no more. */
  stop?(): Promise<void>;
  /** An alert with names for the addresses in its stacks; without it, they have them. */
  named?(alert: Alert): Alert;
  /** Time of the events (ns since the Unix epoch), where it is not this system's. */
  nowNs?(): bigint;
}

export interface LiveEvents {
  /** Before the first alert. */
  begin(source: AlertSource): void;
  /** Times are from the Unix epoch. */
  onAlert(alert: Alert): void;
  /** Just before an alert or a timeout is told, and before names for its stacks are looked for; undefined: nobody is in a hurry. */
  readonly onUrgent: (() => void) | undefined;
  note(text: string): void;
}

/** Opens trackers on what goes on. @returns undefined: it ended before it began */
export type OpenLive = (
  trackers: readonly Tracker[],
  events: LiveEvents,
  options: LiveOptions,
) => Promise<LiveSource | undefined>;

const showsUserStacks = ({ stacks }: LatencyOptions): boolean =>
  stacks !== 'none' && stacks !== 'kernel';

const turnMs = 100;
const nsPerMs = 1_000_000n;

/** Runs trackers on what goes on until Ctrl-C or the end of `--duration`. */
export async function runLive(
  io: CommandIo,
  options: LatencyOptions,
  trackers: readonly Tracker[],
  open: OpenLive,
): Promise<number> {
  const run = (): Promise<number> => measure(io, options, trackers, open);
  // What is read from a trace waits.
  return options.follow ? run() : atRecorderNiceness(run);
}

async function measure(
  io: CommandIo,
  options: LatencyOptions,
  trackers: readonly Tracker[],
  open: OpenLive,
): Promise<number> {
  const warn = (message: string): void => io.stderr.writeText(`Warning: ${message}\n`);
  const reporter = new AlertReporter(io, options, trackers, true);
  const actions =
    options.onAlert === undefined
      ? undefined
      : new AlertActions(options.onAlert, snapshotRecorders, warn);
  // Told now, not at the first alert; which then finds the way known.
  const problem = options.onAlert?.kind === 'snapshot' ? snapshotProblem() : undefined;
  if (problem !== undefined) warn(problem);
  const failed = rejection();
  let named = (alert: Alert): Alert => alert;
  const source = await open(
    options.stacks === 'all' ? trackers.map((tracker) => withWakerStacks(tracker)) : trackers,
    {
      begin: (alertSource) => reporter.begin(alertSource),
      onUrgent: actions?.onUrgent,
      onAlert: (alert) => {
        actions?.alert(alert, named);
        // It is called from timers: what it throws would meet nobody.
        try {
          reporter.alert(alert, named);
        } catch (error) {
          failed.reject(error);
        }
      },
      note: (note) => io.stderr.writeText(`Note: ${note}.\n`),
    },
    { includeSelf: options.self, userStacks: showsUserStacks(options) },
  );
  if (source === undefined) {
    // What was asked to be recorded is a trace without alerts.
    reporter.begin({ hostname: undefined, isFromUnixEpoch: true });
    warn('nothing came.');
    return exitStatus.done;
  }
  const { session, missing = new Map<string, UsageError>() } = source;
  const running = trackers.filter(({ name }) => !missing.has(name));
  for (const why of missing.values()) warn(leftOutText(why));
  if (source.named !== undefined) named = (alert) => source.named!(alert);
  const closing: (() => void)[] = [() => session.close()];
  try {
    if (options.worst) for (const { name } of running) session.set(name, { worst: true });
    closing.push(await openControl(io, session, running, warn));
    if (options.listen !== undefined) {
      const server = await MetricsServer.open(options.listen, () => session.snapshot());
      closing.push(() => server.close());
      io.stderr.writeText(`Metrics at http://${options.listen.host}:${server.port}/metrics\n`);
    }
    io.stderr.writeText(`${describe(session, running)}\n`);
    io.stderr.flush();
    const ended = waitForEnd(io.signal, options.duration, () => reporter.flush());
    await Promise.race([
      ended,
      failed.promise,
      ...(source.ended === undefined ? [] : [source.ended]),
    ]);
    await source.stop?.();
    const snapshots = session.snapshot();
    // The last alerts come while it closes.
    session.close();
    reporter.finish(snapshots, source.nowNs?.() ?? BigInt(Date.now()) * nsPerMs);
  } finally {
    await source.stop?.().catch(() => {});
    for (const close of closing.reverse()) close();
  }
  if (actions !== undefined && actions.skipped > 0) {
    warn(
      `--on-alert was started ${actions.started === 1 ? 'once' : `${actions.started} times`}; ${actions.skipped} more alerts came while it ran or within a second of it.`,
    );
  }
  return missing.size === 0 ? exitStatus.done : exitStatus.failed;
}

/** A promise that does nothing but reject, and may do so before anybody waits for it. */
function rejection(): {
  readonly promise: Promise<never>;
  readonly reject: (error: unknown) => void;
} {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, onError) => {
    reject = onError;
  });
  promise.catch(() => {});
  return { promise, reject };
}

function describe(session: TrackerSession, trackers: readonly Tracker[]): string {
  const names = trackers.map(({ name }) => name).join(', ');
  const notes = session.notes.map((note) => `Note: ${note}.`);
  return [`${names}: ${session.backEnd}. Ctrl-C ends.`, ...notes].join('\n');
}

async function waitForEnd(
  signal: AbortSignal,
  durationNs: number | undefined,
  onTurn: () => void,
): Promise<void> {
  const endMs = performance.now() + (durationNs ?? Number.POSITIVE_INFINITY) / Number(nsPerMs);
  for (;;) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return;
    await pause(Math.min(turnMs, leftMs), undefined, { signal }).catch(() => {});
    onTurn();
  }
}

/** `--set` of another process; without the socket it works all the same. */
async function openControl(
  io: CommandIo,
  session: TrackerSession,
  trackers: readonly Tracker[],
  warn: (message: string) => void,
): Promise<() => void> {
  try {
    const server = await ControlServer.open(controlFolder(io.env), (request) =>
      applySetting(session, trackers, request),
    );
    return () => server.close();
  } catch (error) {
    warn(`--set can't reach this one: ${error instanceof Error ? error.message : String(error)}`);
    return () => {};
  }
}

function applySetting(
  session: TrackerSession,
  trackers: readonly Tracker[],
  { tracker, name, value }: ControlRequest,
): string {
  const settings: TrackerSettings = {
    ...(name === 'threshold' ? { thresholdNs: Number(value) } : {}),
    ...(name === 'timeout' ? { timeoutNs: Number(value) } : {}),
    ...(name === 'worst' ? { worst: value === true } : {}),
    ...(name === 'on' ? { on: value === true } : {}),
  };
  const names = tracker === undefined ? trackers.map((each) => each.name) : [tracker];
  for (const each of names) session.set(each, settings);
  return `${names.join(', ')}: ${name} is set`;
}
