/** Recordings of the running kernel with the built command. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTracefs } from '@sonde/tracer-kernel';
import { type Result, runSonde } from '../integration/built-command.ts';

/** Why nothing can be recorded here; undefined: it can. */
export const reasonNotToRecord = ((): string | undefined => {
  try {
    openTracefs();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
})();

/** For the title of a suite. */
export const whereRecorded =
  reasonNotToRecord === undefined ? '' : ` (left out: ${reasonNotToRecord})`;

/** Records into `directory`. Small buffers would lose events on a busy machine. */
export function record(directory: string, args: readonly string[]): Result {
  return runSonde(['record', '--buffer-size', '32M', '-o', directory, ...args]);
}

export const instances = '/sys/kernel/tracing/instances';

/** Names of the instances of a recorder. */
export function instancesOf(pid: number | undefined): string[] {
  return readdirSync(instances).filter((name) => name.startsWith(`sonde_${pid}_`));
}

/** Until a recorder has turned its events on; for some seconds at most. */
export async function untilRecording(pid: number | undefined): Promise<void> {
  // A new instance is on, until its maker turns it off.
  const isOn = (name: string): boolean =>
    readFileSync(join(instances, name, 'set_event'), 'utf8') !== '' &&
    readFileSync(join(instances, name, 'tracing_on'), 'utf8') === '1\n';
  for (let i = 0; i < 200 && !instancesOf(pid).some(isOn); i++) await sleep(50);
}

/** Events of a trace that pass the filter. */
export function countEvents(directory: string, event: string, filter?: string): number {
  const select = ['--event', event, ...(filter === undefined ? [] : ['--filter', filter])];
  const { stdout, stderr, status } = runSonde(['read', '-o', 'counter', ...select, directory]);
  const count = /(\d+) Event messages?$/m.exec(stdout)?.[1];
  if (status !== 0 || count === undefined) throw new Error(`sonde read: ${stderr}`);
  return Number(count);
}

export interface PeerReading {
  readonly events: number;
  /** Errors and warnings. */
  readonly complaints: string;
}

/** What the installed Babeltrace 2 makes of it. */
export function readWithBabeltrace(directory: string): PeerReading {
  const { stdout, stderr, error } = spawnSync(
    'babeltrace2',
    [directory, '-c', 'sink.utils.counter'],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (error !== undefined) throw error;
  // It counts aloud: the last count is that of all.
  const counts = [...stdout.matchAll(/(\d+) Event messages?$/gm)];
  return { events: Number(counts.at(-1)?.[1] ?? -1), complaints: stderr };
}

export const babeltraceIsMissing = spawnSync('babeltrace2', ['--version']).error !== undefined;
