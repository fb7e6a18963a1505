import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type RandomAccess, type RawRecording, readTraceDat } from '@sonde/ftrace';

export const fixtures = join(import.meta.dirname, '../../../fixtures/ftrace');

export function memoryAccess(name: string, bytes: Uint8Array): RandomAccess {
  return {
    name,
    lengthBytes: bytes.length,
    read: (offset, length) => bytes.slice(offset, offset + length),
  };
}

export function version6Bytes(): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(join(fixtures, 'v6.dat.gz'))));
}

/** trace-cmd's recording on Linux 6.18: it has the formats of all 2305 events of that kernel. */
export function version6Recording(): RawRecording {
  return readTraceDat(memoryAccess('v6.dat', version6Bytes()), () => {
    throw new Error('nothing is packed in version 6');
  });
}
