/** The files of one CTF trace under construction, in LTTng's arrangement: metadata, data stream files, `index/*.idx`. */

import { closeSync, ftruncateSync, linkSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '@sonde/components';
import type { Native } from '@sonde/ebpf';
import type { PacketIndexEntry } from '@sonde/ftrace';
import { WriteBehind } from './write-behind.ts';

const indexMagic = 0xc1f1_dcc1;
const indexHeaderBytes = 16;
export const indexRecordBytes = 72;

interface StreamFiles {
  readonly dataFd: number;
  readonly indexFd: number;
  readonly sizes: { data: number; index: number };
  readonly behind: WriteBehind | undefined;
  /** Number of packets of an earlier run. */
  readonly begunWith: bigint;
}

/** What a stream file holds already; see `repairStream`. */
export interface StreamBegun {
  readonly dataBytes: number;
  readonly indexBytes: number;
  readonly nextSequenceNumber: bigint;
}

/** In the packets of our traces (`packetContext` in @sonde/ftrace). */
export const sequenceNumberOffset = 64;

/**
 * A stream's files come into being with its first packet. A packet that can't be written whole (disk full) is cut off again:
 * what is there stays a valid trace.
 */
export class CtfFolder {
  readonly path: string;
  /** All files. */
  writtenBytes: number;
  readonly #files = new Map<string, StreamFiles>();
  readonly #begun: ReadonlyMap<string, StreamBegun>;
  readonly #native: Native | undefined;
  readonly #record = new DataView(new ArrayBuffer(indexRecordBytes));

  /**
   * Makes the folder. The metadata precedes all data, so that there is never data which nobody can read.
   * @param begun - Streams that go on in their files.
   * @param native - Keeps the files from filling the page cache.
   * @param twin - Of the same trace: its file of metadata is shared, where the file system can do that.
   */
  constructor(
    path: string,
    metadata: string | Uint8Array,
    begun: ReadonlyMap<string, StreamBegun> = new Map(),
    native?: Native,
    twin?: string,
  ) {
    this.path = path;
    this.#begun = begun;
    this.#native = native;
    makeFolders(join(path, 'index'));
    if (twin === undefined || !isLinked(join(twin, 'metadata'), join(path, 'metadata'))) {
      writeFileSync(join(path, 'metadata'), metadata, { flush: true });
    }
    this.writtenBytes = Buffer.byteLength(metadata);
  }

  /** @param stream - `channel0_3`, for example. @throws what writing throws, such as ENOSPC */
  writePacket(stream: string, packet: Uint8Array, entry: PacketIndexEntry): void {
    let files = this.#files.get(stream);
    if (files === undefined) this.#files.set(stream, (files = this.#create(stream)));
    const { sizes } = files;
    const sequenceNumber = files.begunWith + entry.sequenceNumber;
    if (files.begunWith > 0n) setSequenceNumber(packet, sequenceNumber);
    writeWhole(files.dataFd, packet, sizes.data);
    // Where packets are appended to a file of an earlier run, only the file knows the offset.
    fillIndexRecord(this.#record, { ...entry, offsetBytes: sizes.data, sequenceNumber });
    sizes.data += packet.length;
    this.writtenBytes += packet.length + indexRecordBytes;
    files.behind?.written(sizes.data);
    writeWhole(files.indexFd, new Uint8Array(this.#record.buffer), sizes.index);
    sizes.index += indexRecordBytes;
  }

  close(): void {
    for (const { dataFd, indexFd } of this.#files.values()) {
      closeSync(dataFd);
      closeSync(indexFd);
    }
    this.#files.clear();
  }

  #create(name: string): StreamFiles {
    const dataPath = join(this.path, name);
    const indexPath = join(this.path, 'index', `${name}.idx`);
    const begun = this.#begun.get(name);
    if (begun !== undefined) {
      const sizes = { data: begun.dataBytes, index: begun.indexBytes };
      const [dataFd, indexFd] = [openSync(dataPath, 'r+'), openSync(indexPath, 'r+')];
      const behind = this.#writeBehind(dataFd, sizes.data);
      return { dataFd, indexFd, sizes, behind, begunWith: begun.nextSequenceNumber };
    }
    const dataFd = openSync(dataPath, 'wx');
    const indexFd = openSync(indexPath, 'wx');
    writeWhole(indexFd, indexHeader(), 0);
    const sizes = { data: 0, index: indexHeaderBytes };
    return { dataFd, indexFd, sizes, behind: this.#writeBehind(dataFd, 0), begunWith: 0n };
  }

  #writeBehind(fd: number, beginBytes: number): WriteBehind | undefined {
    return this.#native && new WriteBehind(this.#native, fd, { beginBytes });
  }
}

function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Writes all bytes at `offset`, or none. */
export function writeWhole(fd: number, bytes: Uint8Array, offset: number): void {
  let done = 0;
  try {
    while (done < bytes.length) {
      done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
    }
  } catch (error) {
    if (done > 0) ftruncateSync(fd, offset);
    throw error;
  }
}

export function indexHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(indexHeaderBytes));
  view.setUint32(0, indexMagic);
  view.setUint32(4, 1);
  view.setUint32(8, 1);
  view.setUint32(12, indexRecordBytes);
  return new Uint8Array(view.buffer);
}

function setSequenceNumber(packet: Uint8Array, sequenceNumber: bigint): void {
  const view = new DataView(packet.buffer, packet.byteOffset);
  view.setBigUint64(sequenceNumberOffset, sequenceNumber, endianness() === 'LE');
}

/** LTTng's index, version 1.1: big-endian. */
export function fillIndexRecord(view: DataView, entry: PacketIndexEntry): void {
  const lengthBits = BigInt(entry.lengthBytes) * 8n;
  view.setBigUint64(0, BigInt(entry.offsetBytes));
  view.setBigUint64(8, lengthBits);
  view.setBigUint64(16, lengthBits);
  view.setBigUint64(24, entry.beginCycles);
  view.setBigUint64(32, entry.endCycles);
  view.setBigUint64(40, entry.discardedEvents);
  view.setBigUint64(48, BigInt(entry.dataStreamClassId));
  view.setBigUint64(56, BigInt(entry.dataStreamId));
  view.setBigUint64(64, entry.sequenceNumber);
}
