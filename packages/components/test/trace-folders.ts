import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeJsonMetadata } from '@sonde/ctf';
import {
  type PacketText,
  type PacketTraceOptions,
  packetsOf,
  packetTraceClass,
} from '@sonde/testkit';

/** Path below a folder → bytes, text, or packets of a data stream file. */
export interface FolderText {
  readonly [path: string]: Uint8Array | string | readonly PacketText[];
}

const folders: string[] = [];

/** A new temporary folder with these files. `removeFolders` removes it. */
export function folderWith(files: FolderText): string {
  const root = mkdtempSync(join(tmpdir(), 'sonde-test-'));
  folders.push(root);
  addFiles(root, files);
  return root;
}

export function addFiles(root: string, files: FolderText): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    const isPackets = typeof content !== 'string' && !(content instanceof Uint8Array);
    writeFileSync(full, isPackets ? packetsOf(...content) : content);
  }
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The metadata stream of `packetTraceClass`. */
export function metadataOf(options: PacketTraceOptions = {}): Uint8Array {
  return writeJsonMetadata(packetTraceClass(options));
}
