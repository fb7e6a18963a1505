import { formatError, SondeError } from '@sonde/base';
import { flightRecorders, openTracefs } from '@sonde/tracer-kernel';

/**
 * Asks every `sonde record --snapshot` of this machine to write what it holds.
 * @returns what went wrong; undefined: nothing
 */
export function snapshotRecorders(): string | undefined {
  try {
    const pids = flightRecorders(openTracefs());
    for (const pid of pids) process.kill(pid, 'SIGUSR1');
    return pids.length > 0 ? undefined : 'No `sonde record --snapshot` is running.';
  } catch (error) {
    if (error instanceof SondeError) return formatError(error);
    return `The recorder can't be asked: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
