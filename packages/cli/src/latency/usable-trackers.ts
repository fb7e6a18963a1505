/** Of several trackers, those that a trace has events for: one that it hasn't does not stop the others. */
import { UsageError } from '@sonde/base';
import type { OpenedTraces } from '@sonde/components';
import { StreamingSession, type Tracker } from '@sonde/latency-tracker';

/** Why trackers can't run, by name. */
export type MissingTrackers = ReadonlyMap<string, UsageError>;

export interface UsableTrackers {
  readonly usable: readonly Tracker[];
  readonly missing: MissingTrackers;
}

export function usableTrackers(
  trackers: readonly Tracker[],
  { origin, traces }: OpenedTraces,
): UsableTrackers {
  const missing = new Map<string, UsageError>();
  const usable = trackers.filter((tracker) => {
    try {
      new StreamingSession([tracker], { origin, traces });
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      missing.set(tracker.name, error);
      return false;
    }
  });
  return { usable, missing };
}

/**
 * The same, of trackers that were asked for by name.
 * @throws UsageError when none can run
 */
export function someUsable(trackers: readonly Tracker[], opened: OpenedTraces): UsableTrackers {
  const found = usableTrackers(trackers, opened);
  const [first] = found.missing.values();
  if (found.usable.length === 0 && first !== undefined) throw first;
  return found;
}

/** `The tracker net_rx can't use this trace: there is no … It is left out.` */
export const leftOutText = ({ message }: Error): string => `${message} It is left out.`;
