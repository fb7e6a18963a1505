import { formatError } from '@sonde/base';
import { type OpenedTraces, openTrace, runIterator } from '@sonde/components';
import type { Alert } from '@sonde/latency-tracker';
import { StreamingSession, type Tracker } from '@sonde/latency-tracker';
import { type CommandIo, withArchiveNames } from '../command-io.ts';
import { exitStatus } from '../exit-status.ts';
import { findOperands, type InputOptions, openOptions } from '../find-operands.ts';
import { Progress, readingProgress } from '../progress.ts';
import { leftOutText, someUsable } from './usable-trackers.ts';

export interface TraceRun {
  readonly session: StreamingSession;
  /** Time of the last event (ns from the clocks' origin). */
  readonly endNs: bigint;
  readonly status: number;
}

interface TraceEvents {
  /** Before the first event, when all is known to be right. */
  begin(traces: OpenedTraces): void;
  alert(alert: Alert): void;
}

/** Runs trackers over traces to their end. */
export async function runOverTrace(
  io: CommandIo,
  operands: readonly string[],
  trackers: readonly Tracker[],
  options: InputOptions & { readonly worst: boolean },
  events: TraceEvents,
): Promise<TraceRun> {
  const found = await findOperands(operands, options, io);
  let status: number = exitStatus.done;
  const tell = (message: string): void => io.stderr.writeText(`${withArchiveNames(message, io)}\n`);
  try {
    const folders = found.folders.map(({ path }) => path);
    using progress = new Progress(io, true, readingProgress(folders));
    const traces = openTrace(folders, {
      ...openOptions(options),
      onFault: (error) => {
        status = exitStatus.failed;
        progress.hide();
        tell(`sonde: ${formatError(error)}`);
      },
    });
    const { usable, missing } = someUsable(trackers, traces);
    for (const why of missing.values()) {
      status = exitStatus.failed;
      tell(`sonde: ${leftOutText(why)}`);
    }
    const session = new StreamingSession(usable, {
      origin: traces.origin,
      traces: traces.traces,
      onAlert: (alert) => events.alert(alert),
    });
    if (options.worst) for (const { name } of usable) session.set(name, { worst: true });
    for (const note of session.notes) tell(`Note: ${note}.`);
    events.begin(traces);
    const iterator = traces.iterate(session);
    try {
      await runIterator(iterator, io.signal);
    } finally {
      traces.close();
    }
    const lastNs = iterator.lastEventNs ?? 0;
    session.advance(lastNs);
    const endNs = traces.origin.nsFromOrigin + BigInt(Math.round(lastNs));
    return { session, endNs, status };
  } finally {
    found.close();
  }
}
