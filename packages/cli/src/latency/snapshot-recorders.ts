import { formatError, SondeError } from '@sonde/base';
import { openTracefs, recorderInstances } from '@sonde/tracer-kernel';

/**
 * Asks every `sonde record --snapshot` of this machine to write what it holds.
 * @returns what went wrong; undefined: nothing
 */
export function snapshotRecorders(): string | undefined {
  try {
    const tracefs = openTracefs();
    const isFlightRecorder = (name: string): boolean =>
      tracefs.read(`instances/${name}/options/overwrite`).trim() === '1';
    const recorders = recorderInstances(tracefs).live.filter(isFlightRecorder);
    // The name tells the process: `sonde_PID_START`.
    const pids = new Set(recorders.map((name) => Number(name.split('_')[1])));
    for (const pid of pids) process.kill(pid, 'SIGUSR1');
    return pids.size > 0 ? undefined : 'No `sonde record --snapshot` is running.';
  } catch (error) {
    if (error instanceof SondeError) return formatError(error);
    return `The recorder can't be asked: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
