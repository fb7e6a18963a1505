import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type Alert,
  catalogue,
  type KernelOptions,
  type KernelSession,
  openKernelSession,
  parseTracker,
  type Tracker,
  type TrackerDeclaration,
} from '../../src/index.ts';

/** Tests of the running kernel run as root; elsewhere their titles say why they do not. */
export const isRoot = process.geteuid?.() === 0;
export const needs = (title: string, ...programs: readonly string[]): [boolean, string] => {
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0);
  if (!isRoot) return [false, `${title} (left out: this needs root)`];
  if (missing.length > 0) return [false, `${title} (left out: no ${missing.join(', ')})`];
  return [true, title];
};

export function trackerNamed(name: string, changes: Partial<TrackerDeclaration> = {}): Tracker {
  const declaration = catalogue.find((candidate) => candidate.name === name)!;
  return parseTracker({ ...declaration, ...changes });
}

export async function openSession(
  trackers: readonly Tracker[],
  options: KernelOptions = {},
): Promise<{ session: KernelSession; alerts: Alert[] }> {
  const alerts: Alert[] = [];
  const session = await openKernelSession(trackers, {
    onAlert: (alert) => alerts.push(alert),
    ...options,
  });
  onTestFinished(() => session.close());
  return { session, alerts };
}

/** A folder that goes away with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sonde-latency-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program under another name: what it does can be told apart from all else on the machine. */
export function programNamed(name: string, program: string): string {
  const path = join(scratchFolder(), name);
  symlinkSync(spawnSync('which', [program]).stdout.toString().trim(), path);
  return path;
}

export async function run(command: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return outputOf(child);
}

export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout!.on('data', (data) => {
    output += data;
  });
  await once(child, 'close');
  return output;
}

/** Resolves when the program has printed the text. */
export async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  for await (const data of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += data;
    if (output.includes(text)) return;
  }
  throw new Error(`The program ended without "${text}": ${output}`);
}

export const symbolsOf = (stack: Alert['kernelStack']): string =>
  (stack ?? []).map(({ symbol }) => symbol ?? '?').join(' ');
