/**
 * Where each recorder writes to, for whoever finds its instance after it was killed: a text file per instance, in a folder that is gone
 * with the next boot, as the instances are.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolders } from '@sonde/components';

const notesFolder = '/run/sonde/recordings';

/** Without the note (no /run), recovery has to come before the next recording. */
export function noteOutput(instance: string, directory: string): void {
  try {
    makeFolders(notesFolder, 0o700);
    writeFileSync(join(notesFolder, instance), resolve(directory));
  } catch {
    // It is for accidents only.
  }
}

export function forgetOutput(instance: string): void {
  rmSync(join(notesFolder, instance), { force: true });
}

export function outputOf(instance: string): string | undefined {
  try {
    return readFileSync(join(notesFolder, instance), 'utf8');
  } catch {
    return undefined;
  }
}
