/** `sonde latency --follow`: trackers over traces that are still being written, in the time of their events. */
import { type OpenTraceOptions, openTrace } from '@sonde/components';
import { StreamingSession, type Tracker } from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { findOperands, type InputOptions, openOptions } from '../find-operands.ts';
import { followTraces, lateText, pollMs, staleMs } from '../follow-traces.ts';
import { alertSourceOf } from './alert-reporter.ts';
import { urgentFirst } from './open-live.ts';
import type { OpenLive } from './run-live.ts';
import { someUsable, type UsableTrackers } from './usable-trackers.ts';

/** Opens when the first events have come: before, it is not known what a trace holds. */
export function openFollowing(
  io: CommandIo,
  operands: readonly string[],
  options: InputOptions & { readonly worst: boolean },
): OpenLive {
  return async (trackers, events) => {
    const onAlert = urgentFirst(events);
    const found = await findOperands(operands, options, io);
    const paths = found.folders.map(({ path }) => path);
    const open = openOptions(options);
    const { usable, missing } = findUsable(trackers, paths, open);
    const stop = new AbortController();
    let session: StreamingSession | undefined;
    let originNs = 0n;
    let reachedNs = 0;
    let lateCount = 0;
    let begun = (): void => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const ended = followTraces(paths, () => session!, {
      signal: AbortSignal.any([io.signal, stop.signal]),
      pollMs,
      staleMs,
      open,
      begin: (origin, opened) => {
        originNs = origin.nsFromOrigin;
        events.begin(alertSourceOf(opened));
        session = new StreamingSession(usable, { origin, traces: opened.traces, onAlert });
        if (options.worst) for (const { name } of usable) session.set(name, { worst: true });
        begun();
      },
      onPiece: (untilNs) => {
        reachedNs = untilNs;
        session!.advance(untilNs);
      },
      onLate: (count) => {
        if (lateCount === 0) events.note(lateText(count));
        lateCount += count;
      },
      wantsMore: () => true,
    }).finally(() => found.close());
    await Promise.race([beginning, ended]);
    if (session === undefined) return undefined;
    return {
      session,
      missing,
      ended,
      nowNs: () => originNs + BigInt(Math.round(reachedNs)),
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
  };
}

/** What is wrong is told now, not when events come. */
function findUsable(
  trackers: readonly Tracker[],
  paths: readonly string[],
  open: OpenTraceOptions,
): UsableTrackers {
  using opened = openTrace(paths, { ...open, onFault: () => {} });
  return someUsable(trackers, opened);
}
