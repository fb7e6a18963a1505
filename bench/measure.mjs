import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Extra certificates are read by every Node process at its start: 30 ms for a system's whole list, which no trace needs. */
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/**
 * Runs a command to its end: CPU time of the process (user + system, s), wall time (s), peak resident memory (MB).
 * Throws when it fails.
 */
export async function measure(command) {
  const begin = performance.now();
  // bash's own `time` gives user and system time of the child to the millisecond, whatever the program.
  const child = spawn(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&9', 'time', ...command],
    {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe', ...Array(6).fill('ignore'), 'pipe'],
    },
  );
  let times = '';
  let errors = '';
  child.stderr.on('data', (chunk) => (times += chunk));
  child.stdio[9].on('data', (chunk) => (errors += chunk));
  let peakKb = 0;
  const timer = setInterval(() => {
    peakKb = Math.max(peakKb, peakOfChildren(child.pid));
  }, 10);
  const status = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (status !== 0) throw new Error(`${command.join(' ')} failed (${status}): ${errors}`);
  const [userS, systemS] = times.trim().split('\n').at(-1).split(' ').map(Number);
  return {
    cpuS: userS + systemS,
    wallS: (performance.now() - begin) / 1000,
    peakMb: peakKb / 1024,
  };
}

/** VmHWM of the children of a process (KiB); 0 when there are none any more. */
function peakOfChildren(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Math.max(0, ...children.split(' ').filter(Boolean).map(peakOf));
  } catch {
    return 0;
  }
}

function peakOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
