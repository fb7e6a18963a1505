import { SondeError } from '@sonde/base';
import {
  type Alert,
  openKernelSession,
  openTracefsSession,
  type Tracker,
  type TrackerSession,
} from '@sonde/latency-tracker';
import type { OpenLive } from './run-live.ts';

const nsPerMs = 1_000_000n;

/** Alerts of the kernel have its monotonic clock, which is `process.hrtime`'s. */
function withUnixTime(onAlert: (alert: Alert) => void): (alert: Alert) => void {
  const offsetNs = BigInt(Date.now()) * nsPerMs - process.hrtime.bigint();
  return (alert) =>
    onAlert({ ...alert, beginNs: alert.beginNs + offsetNs, endNs: alert.endNs + offsetNs });
}

/** Why trackers can't run in the kernel. */
async function tryKernel(
  trackers: readonly Tracker[],
  onAlert: (alert: Alert) => void,
): Promise<TrackerSession | string> {
  const chain = trackers.find((tracker) => tracker.chain !== undefined);
  if (chain !== undefined) return `${chain.name} follows a chain of events`;
  try {
    return await openKernelSession(trackers, { onAlert: withUnixTime(onAlert) });
  } catch (error) {
    if (error instanceof SondeError) return error.message.replace(/\.$/, '');
    throw error;
  }
}

/**
 * Trackers on the running system, in the best way that this machine allows: in the kernel, else over events of a tracefs instance.
 * @throws SondeError of the second way
 */
export const openLive: OpenLive = async (trackers, onAlert, note) => {
  const inKernel = await tryKernel(trackers, onAlert);
  if (typeof inKernel !== 'string') return inKernel;
  note(`not in the kernel: ${inKernel}`);
  return openTracefsSession(trackers, onAlert);
};
