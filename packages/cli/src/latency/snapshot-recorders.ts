import { formatError, SondeError } from '@sonde/base';
import { flightRecorders, openTracefs } from '@sonde/tracer-kernel';

const none =
  'No `sonde record --snapshot=SIZE` is running; start one, and the next alert is told to it.';

/** @returns why no snapshot could be asked for now; undefined: one could */
export function snapshotProblem(): string | undefined {
  return ask(() => {});
}

/**
 * Asks every `sonde record --snapshot` of this machine to write what it holds.
 * @returns what went wrong; undefined: nothing
 */
export function snapshotRecorders(): string | undefined {
  return ask((pid) => process.kill(pid, 'SIGUSR1'));
}

function ask(each: (pid: number) => void): string | undefined {
  try {
    const pids = flightRecorders(openTracefs());
    for (const pid of pids) each(pid);
    return pids.length > 0 ? undefined : none;
  } catch (error) {
    if (error instanceof SondeError) return formatError(error);
    return `The recorder can't be asked: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
