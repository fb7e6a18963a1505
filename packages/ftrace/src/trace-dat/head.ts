import type { ByteOrder } from '@sonde/trace-model';
import type { RandomAccess } from '../recording/recording.ts';

/**
 * Unpacks a block. `algorithm`: as the file names it, `zstd` or `zlib`.
 * @throws when the block is damaged
 */
export type Decompress = (algorithm: string, block: Uint8Array, lengthBytes: number) => Uint8Array;

/** What both versions begin with. */
export interface TraceDatHead {
  readonly source: RandomAccess;
  readonly byteOrder: ByteOrder;
  /** Of the machine's pages. */
  readonly pageBytes: number;
  /** Where the rest begins. */
  readonly endBytes: number;
}
