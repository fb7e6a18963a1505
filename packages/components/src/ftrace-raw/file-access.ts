import { UsageError } from '@sonde/base';
import type { RandomAccess } from '@sonde/ftrace';
import { FileSource } from '../ctf-fs/file-source.ts';

/** A regular file of a raw recording. */
export function fileAccess(path: string): RandomAccess {
  const source = new FileSource(path);
  return {
    name: path,
    lengthBytes: source.lengthBytes,
    read(offsetBytes, lengthBytes) {
      const room = Math.max(0, Math.min(lengthBytes, source.lengthBytes - offsetBytes));
      const bytes = new Uint8Array(room);
      const count = source.read(offsetBytes, bytes, 0, room);
      return bytes.subarray(0, count);
    },
  };
}

/** The same; what is missing is named. @throws UsageError */
export function openRawFile(folder: string, path: string): RandomAccess {
  try {
    return fileAccess(path);
  } catch (cause) {
    const message = `The raw recording ${folder} has no file ${path}.`;
    throw new UsageError('incomplete-raw-recording', message, {}, { cause });
  }
}
