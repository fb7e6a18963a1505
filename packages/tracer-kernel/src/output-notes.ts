/**
 * Where each recorder writes to, for whoever finds its instance after it was killed: a text file per instance, in a folder that is gone
 * with the next boot, as the instances are.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bootId, parsePlan, planFile } from './recording-plan.ts';
import type { TracefsFolder } from './tracefs.ts';

const notesFolder = '/run/sonde/recordings';

/** Without the note (no /run), recovery has to come before the next recording. */
export function noteOutput(instance: string, directory: string): void {
  try {
    mkdirSync(notesFolder, { recursive: true, mode: 0o700 });
    writeFileSync(join(notesFolder, instance), resolve(directory));
  } catch {
    // It is for accidents only.
  }
}

export function forgetOutput(instance: string): void {
  rmSync(join(notesFolder, instance), { force: true });
}

/**
 * The folder of a killed recorder, where its recording can be completed with what the instance holds.
 * Undefined: it is gone, or belongs to another recording, or the instance holds nothing.
 */
export function recoverableOutput(tracefs: TracefsFolder, instance: string): string | undefined {
  try {
    const directory = readFileSync(join(notesFolder, instance), 'utf8');
    const plan = parsePlan(readFileSync(join(directory, planFile), 'utf8'));
    const isOf = plan.instance === instance && plan.bootId === bootId();
    return isOf && holdsEvents(tracefs, instance) ? directory : undefined;
  } catch {
    return undefined;
  }
}

function holdsEvents(tracefs: TracefsFolder, instance: string): boolean {
  const folder = `instances/${instance}/per_cpu`;
  return tracefs
    .list(folder)
    .some((cpu) => !/^entries: 0$/m.test(tracefs.read(`${folder}/${cpu}/stats`)));
}
