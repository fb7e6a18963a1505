import { promisify } from 'node:util';
import yauzl from 'yauzl';
import type { UnpackTarget } from './unpack-target.ts';

/** Sizes and names are checked by yauzl too: an entry never gives more bytes than it says. */
export async function unpackZip(path: string, target: UnpackTarget): Promise<void> {
  const zip = await promisify(openZip)(path);
  const openEntry = promisify(zip.openReadStream.bind(zip));
  try {
    for (let entry = await nextEntry(zip); entry !== undefined; entry = await nextEntry(zip)) {
      if (entry.fileName.endsWith('/')) target.addFolder(entry.fileName);
      else if (!isLink(entry)) await target.addFile(entry.fileName, await openEntry(entry));
    }
  } finally {
    zip.close();
  }
}

function openZip(path: string, callback: (error: Error | null, zip: yauzl.ZipFile) => void): void {
  yauzl.open(path, { lazyEntries: true, autoClose: false }, callback);
}

function nextEntry(zip: yauzl.ZipFile): Promise<yauzl.Entry | undefined> {
  return new Promise((resolve, reject) => {
    zip.removeAllListeners();
    zip.once('entry', resolve);
    zip.once('end', () => resolve(undefined));
    zip.once('error', reject);
    zip.readEntry();
  });
}

/** Archives made on Unix keep the file's mode in the upper half of the external attributes. */
function isLink(entry: yauzl.Entry): boolean {
  const fileTypeBits = (entry.externalFileAttributes >>> 16) & 0o170000;
  return fileTypeBits === 0o120000;
}
