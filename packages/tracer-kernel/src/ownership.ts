/**
 * Whose a tracefs instance is: the name tells. `sonde_1234_567890` belongs to process 1234 that started at tick 567890; its
 * uprobes are in the group of the same name. So nothing has to be kept elsewhere, and what a killed recorder left is recognised.
 */
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { forgetOutput } from './output-notes.ts';
import { errnoOf, type TracefsFolder } from './tracefs.ts';

export interface Owner {
  readonly pid: number;
  /** Since boot (clock ticks): a process ID may come again, with another start. */
  readonly startTicks: number;
}

/** Undefined: there is no such process, or it has ended and only waits for its parent to notice. */
function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    const startTimeField = 19; // counted from the state, which follows the name
    return 'ZX'.includes(state) ? undefined : Number(fields[startTimeField]);
  } catch {
    return undefined;
  }
}

let sessions = 0;

/** A name for an instance of this process; each call gives another one. */
export function newInstanceName(): string {
  const suffix = sessions === 0 ? '' : `_${sessions}`;
  sessions++;
  return `sonde_${process.pid}_${startTicksOf(process.pid) ?? 0}${suffix}`;
}

/** Undefined: the instance (or group of uprobes) is not ours. */
export function ownerOf(name: string): Owner | undefined {
  const [, pid, startTicks] = /^sonde_(\d+)_(\d+)(?:_\d+)?$/.exec(name) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), startTicks: Number(startTicks) };
}

export function ownerIsAlive({ pid, startTicks }: Owner): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Instances of recorders, by whether these still run. */
export function recorderInstances(tracefs: TracefsFolder): {
  readonly live: readonly string[];
  readonly orphaned: readonly string[];
} {
  const live: string[] = [];
  const orphaned: string[] = [];
  for (const name of readdirSync(join(tracefs.path, 'instances'))) {
    const owner = ownerOf(name);
    if (owner !== undefined) (ownerIsAlive(owner) ? live : orphaned).push(name);
  }
  return { live, orphaned };
}

/** Processes that record into a ring that overwrites: they write it at SIGUSR1. */
export function flightRecorders(tracefs: TracefsFolder): number[] {
  return recorderInstances(tracefs)
    .live.filter((name) => tracefs.read(`instances/${name}/options/overwrite`).trim() === '1')
    .flatMap((name) => ownerOf(name)?.pid ?? []);
}

/**
 * Removes an instance, with its buffers; its events go off. One that somebody reads stays: the kernel says it is busy (a recorder of
 * another PID namespace looks dead from here).
 * @returns whether it is gone
 */
export function removeInstance(tracefs: TracefsFolder, name: string): boolean {
  try {
    rmdirSync(join(tracefs.path, 'instances', name));
    forgetOutput(name);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return true;
    if (errno === 'EBUSY') return false;
    throw error;
  }
}

/** Uprobes by group: `p:GROUP/NAME PATH:OFFSET …` in `uprobe_events`. */
function uprobesOf(tracefs: TracefsFolder): { readonly group: string; readonly name: string }[] {
  if (!tracefs.has('uprobe_events')) return [];
  const probes: { group: string; name: string }[] = [];
  for (const line of tracefs.read('uprobe_events').split('\n')) {
    const [, group, name] = /^[pr]:(\w+)\/(\w+) /.exec(line) ?? [];
    if (group !== undefined && name !== undefined) probes.push({ group, name });
  }
  return probes;
}

/** Removes the uprobes of one group; those in use stay. @returns how many went */
export function removeUprobes(tracefs: TracefsFolder, group: string): number {
  let count = 0;
  for (const probe of uprobesOf(tracefs)) {
    if (probe.group !== group) continue;
    try {
      tracefs.append('uprobe_events', `-:${probe.group}/${probe.name}\n`);
      count++;
    } catch {
      // In use: by an instance that is not gone.
    }
  }
  return count;
}

export interface Removed {
  readonly instances: readonly string[];
  readonly uprobes: number;
  /** Instances that stay, since their recordings can be completed with them. They record no more. */
  readonly kept: readonly { readonly instance: string; readonly directory: string }[];
}

/**
 * Removes what recorders left that don't run any more. What belongs to live ones, or to others, is not touched.
 * @param recoverable - The folder of a recording that can be completed: its instance stays. Default: nothing stays.
 */
export function removeOrphans(
  tracefs: TracefsFolder,
  recoverable: (instance: string) => string | undefined = () => undefined,
): Removed {
  const instances: string[] = [];
  const kept: { instance: string; directory: string }[] = [];
  for (const instance of recorderInstances(tracefs).orphaned) {
    const directory = recoverable(instance);
    if (directory !== undefined) {
      // What it holds must last; what happens after the recorder's end is nobody's.
      tracefs.write(`instances/${instance}/tracing_on`, '0');
      kept.push({ instance, directory });
    } else if (removeInstance(tracefs, instance)) {
      instances.push(instance);
    }
  }
  const isKept = new Set(kept.map(({ instance }) => instance));
  const groups = new Set(uprobesOf(tracefs).map(({ group }) => group));
  let uprobes = 0;
  for (const group of groups) {
    const owner = ownerOf(group);
    if (owner === undefined || ownerIsAlive(owner) || isKept.has(group)) continue;
    uprobes += removeUprobes(tracefs, group);
  }
  return { instances, uprobes, kept };
}
