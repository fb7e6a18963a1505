import { hostname } from 'node:os';
import { SondeError, UsageError } from '@sonde/base';
import {
  type Alert,
  type KernelSession,
  openKernelSession,
  openTracefsSession,
  type Tracker,
  type TrackerSession,
} from '@sonde/latency-tracker';
import type { LiveEvents, LiveOptions, LiveSource, OpenLive } from './run-live.ts';
import type { MissingTrackers } from './usable-trackers.ts';

const nsPerMs = 1_000_000n;

/** Alerts of the kernel have its monotonic clock, which is `process.hrtime`'s. */
function withUnixTime(onAlert: (alert: Alert) => void): (alert: Alert) => void {
  const offsetNs = BigInt(Date.now()) * nsPerMs - process.hrtime.bigint();
  return (alert) =>
    onAlert({ ...alert, beginNs: alert.beginNs + offsetNs, endNs: alert.endNs + offsetNs });
}

/** An alert in the kernel is acted upon within 100 ms (ms). */
const urgentPollMs = 20;

/** Where there is nothing to be looked for. */
export function urgentFirst({ onAlert, onUrgent }: LiveEvents): (alert: Alert) => void {
  if (onUrgent === undefined) return onAlert;
  return (alert) => {
    if (alert.kind !== 'waiting') onUrgent();
    onAlert(alert);
  };
}

/** Why trackers can't run in the kernel. */
async function tryKernel(
  trackers: readonly Tracker[],
  { onAlert, onUrgent }: LiveEvents,
  options: LiveOptions,
): Promise<KernelSession | SondeError> {
  try {
    return await openKernelSession(trackers, {
      ...options,
      namesLater: true,
      onAlert: withUnixTime(onAlert),
      ...(onUrgent === undefined ? {} : { onUrgent, pollMs: urgentPollMs }),
    });
  } catch (error) {
    if (error instanceof SondeError) return error;
    throw error;
  }
}

/** What is wrong with a tracker, and better told over a tracefs instance than in the kernel: there keys may be texts. */
const toldByTracefs: readonly string[] = ['no-event', 'key-types-differ'];

/**
 * Trackers on the running system, in the best way that this machine allows: in the kernel, else over events of a tracefs instance.
 * @throws SondeError of the second way
 */
export const openLive: OpenLive = async (trackers, events, options) => {
  events.begin({ hostname: hostname(), isFromUnixEpoch: true });
  const inKernel = await tryKernel(trackers, events, options);
  if (!(inKernel instanceof SondeError)) return kernelSource(inKernel);
  const note = (): void => events.note(`not in the kernel: ${inKernel.message.replace(/\.$/, '')}`);
  try {
    const session = openTracefsSession(trackers, urgentFirst(events));
    note();
    return { session };
  } catch (error) {
    // What is wrong with a tracker is told once.
    const isSame = inKernel instanceof UsageError && error instanceof UsageError;
    if (!isSame) note();
    if (isSame && trackers.length > 1) {
      const some = await openSome(trackers, events, options);
      if (some !== undefined) return some;
    }
    if (!isSame || toldByTracefs.includes(error.code)) throw error;
    throw new UsageError(inKernel.code, inKernel.message);
  }
};

/** Those of several trackers that can run, in the kernel where it takes any. */
async function openSome(
  trackers: readonly Tracker[],
  events: LiveEvents,
  options: LiveOptions,
): Promise<LiveSource | undefined> {
  const inKernel = await tryPossible(trackers, async (some) => {
    const session = await tryKernel(some, events, options);
    if (session instanceof SondeError) throw session;
    return session;
  });
  if ('session' in inKernel) return { ...inKernel, ...kernelSource(inKernel.session) };
  const inTracefs = await tryPossible(trackers, async (some) =>
    openTracefsSession(some, urgentFirst(events)),
  );
  return 'session' in inTracefs ? inTracefs : undefined;
}

const kernelSource = (session: KernelSession): LiveSource => ({
  session,
  named: (alert) => session.named(alert),
  stop: async () => session.stop(),
});

/** Those of the trackers that this machine can run, and why not the others. */
export interface LiveChoice extends Choice<TrackerSession> {
  /** An alert with names for the addresses in its stacks. */
  named(alert: Alert): Alert;
}

interface Choice<S extends TrackerSession> {
  readonly session: S;
  readonly missing: MissingTrackers;
}

/**
 * The same for as many of the trackers as possible.
 * @throws SondeError when none can run
 */
export async function openPossible(
  trackers: readonly Tracker[],
  onAlert: (alert: Alert) => void,
  note: (text: string) => void,
): Promise<LiveChoice> {
  const inKernel = await tryPossible(trackers, (some) =>
    openKernelSession(some, { namesLater: true, onAlert: withUnixTime(onAlert) }),
  );
  if ('session' in inKernel) {
    return { ...inKernel, named: (alert) => inKernel.session.named(alert) };
  }
  note(`not in the kernel: ${inKernel.message.replace(/\.$/, '')}`);
  const inTracefs = await tryPossible(trackers, async (some) => openTracefsSession(some, onAlert));
  if ('session' in inTracefs) return { ...inTracefs, named: (alert) => alert };
  throw inTracefs;
}

/** First all at once; where that is refused for what one of them needs, those that can run alone. */
async function tryPossible<S extends TrackerSession>(
  trackers: readonly Tracker[],
  open: (some: readonly Tracker[]) => Promise<S>,
): Promise<Choice<S> | SondeError> {
  const missing = new Map<string, UsageError>();
  try {
    return { session: await open(trackers), missing };
  } catch (error) {
    if (!(error instanceof SondeError)) throw error;
    if (!(error instanceof UsageError)) return error;
  }
  const possible: Tracker[] = [];
  for (const tracker of trackers) {
    try {
      (await open([tracker])).close();
      possible.push(tracker);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      missing.set(tracker.name, error);
    }
  }
  const [first] = missing.values();
  if (possible.length === 0) return first!;
  return { session: await open(possible), missing };
}
