import { formatError } from '@sonde/base';
import { openTrace, runIterator } from '@sonde/components';
import type { Alert } from '@sonde/latency-tracker';
import { StreamingSession, type Tracker } from '@sonde/latency-tracker';
import { type CommandIo, withArchiveNames } from '../command-io.ts';
import { findOperands, type InputOptions, openOptions } from '../find-operands.ts';
import { Progress, readingProgress } from '../progress.ts';

export interface TraceRun {
  readonly session: StreamingSession;
  /** Time of the last event (ns from the clocks' origin). */
  readonly endNs: bigint;
  readonly status: number;
}

/**
 * Runs trackers over traces to their end.
 * @param wantsAlerts - Without, less is decoded.
 */
export async function runOverTrace(
  io: CommandIo,
  operands: readonly string[],
  trackers: readonly Tracker[],
  options: InputOptions & { readonly worst: boolean },
  onAlert: ((alert: Alert) => void) | undefined,
): Promise<TraceRun> {
  const found = await findOperands(operands, options, io);
  let status = 0;
  const tell = (message: string): void => io.stderr.writeText(`${withArchiveNames(message, io)}\n`);
  try {
    const folders = found.folders.map(({ path }) => path);
    using progress = new Progress(io, true, readingProgress(folders));
    const traces = openTrace(folders, {
      ...openOptions(options),
      onFault: (error) => {
        status = 1;
        progress.hide();
        tell(`sonde: ${formatError(error)}`);
      },
    });
    const session = new StreamingSession(trackers, {
      origin: traces.origin,
      traces: traces.traces,
      ...(onAlert === undefined ? {} : { onAlert }),
    });
    if (options.worst) for (const { name } of trackers) session.set(name, { worst: true });
    for (const note of session.notes) tell(`Note: ${note}.`);
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
