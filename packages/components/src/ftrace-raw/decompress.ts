import { inflateSync } from 'node:zlib';
import type { Decompress } from '@sonde/ftrace';
import { decompress as unpackZstd } from 'fzstd';

/** The algorithms that trace-cmd writes blocks with. */
export const decompressBlock: Decompress = (algorithm, block, lengthBytes) => {
  switch (algorithm) {
    case 'zstd':
      return unpackZstd(block, new Uint8Array(lengthBytes));
    case 'zlib':
      return inflateSync(block, { maxOutputLength: Math.max(lengthBytes, 1) });
    default:
      throw new Error(`The algorithm ${JSON.stringify(algorithm)} is not known.`);
  }
};
