import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SondeError } from '@sonde/base';

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Makes a folder and those above it that are missing. With `recursive`, `mkdirSync` of Node.js 20 never returns where the system says
 * that there is no such folder though its parent is there, as /proc does.
 * @param mode - Of those that are made; what the process masks is taken away.
 * @throws SondeError, at once, with what the system says as its cause
 */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    makeAll(path, mode);
  } catch (cause) {
    throw new SondeError('cannot-write', `The folder ${path} can't be made.`, {}, { cause });
  }
}

function makeAll(path: string, mode: number): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeAll(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else was faster.
    if (!isFolder(path)) throw error;
  }
}
