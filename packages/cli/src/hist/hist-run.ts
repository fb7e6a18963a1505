import { formatError, UsageError } from '@sonde/base';
import { openTrace, runIterator } from '@sonde/components';
import { type Alert, StreamingSession, type Tracker } from '@sonde/latency-tracker';
import { type CommandIo, withArchiveNames } from '../command-io.ts';
import { type InputOptions, openOptions, type TraceFolder } from '../find-operands.ts';
import { type MissingTrackers, usableTrackers } from '../latency/usable-trackers.ts';

export interface HistTrace {
  readonly session: StreamingSession;
  /** Columns that can't be had: tracker → why. */
  readonly missing: MissingTrackers;
  run(signal: AbortSignal, onTurn: () => void): Promise<void>;
  /** Time between the first and the last event so far (s). */
  readonly elapsedS: number;
  /** Something in the traces could not be read. */
  readonly isDamaged: boolean;
  close(): void;
}

/** Opens traces for those of the trackers that they have events for. */
export function openHistTrace(
  io: CommandIo,
  folders: readonly TraceFolder[],
  trackers: readonly Tracker[],
  options: InputOptions,
  onAlert: ((alert: Alert) => void) | undefined,
): HistTrace {
  let isDamaged = false;
  const traces = openTrace(
    folders.map(({ path }) => path),
    {
      ...openOptions(options),
      onFault: (error) => {
        isDamaged = true;
        io.stderr.writeText(`sonde: ${withArchiveNames(formatError(error), io)}\n`);
      },
    },
  );
  const sessionOptions = { origin: traces.origin, traces: traces.traces };
  const { usable, missing } = usableTrackers(trackers, traces);
  if (usable.length === 0) {
    traces.close();
    throw new UsageError(
      'no-event',
      'These traces have no events that any column is made of: system calls, block requests, sched_switch, interrupts, packets.',
    );
  }
  const session = new StreamingSession(usable, {
    ...sessionOptions,
    ...(onAlert === undefined ? {} : { onAlert }),
  });
  return {
    session,
    missing,
    async run(signal, onTurn) {
      const iterator = traces.iterate(session);
      await runIterator(iterator, signal, () => {
        onTurn();
        return true;
      });
      session.advance(iterator.lastEventNs ?? 0);
    },
    get elapsedS() {
      return session.elapsedNs / 1e9;
    },
    get isDamaged() {
      return isDamaged;
    },
    close: () => traces.close(),
  };
}
