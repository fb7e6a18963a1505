import { DecodeError } from '@sonde/base';
import type { ByteOrder } from '@sonde/trace-model';
import type { RandomAccess, RawRecording } from '../recording/recording.ts';
import type { Decompress, TraceDatHead } from './head.ts';
import { SectionReader } from './section-reader.ts';
import { readVersion6 } from './version-6.ts';
import { readVersion7 } from './version-7.ts';

const magic = [0x17, 0x08, 0x44];
const title = 'tracing';
const headBytes = 64;
const maxPageBytes = 1 << 20;

/** Whether a file begins as trace-cmd's do. */
export function isTraceDat(firstBytes: Uint8Array): boolean {
  if (firstBytes.length < magic.length + title.length) return false;
  const isMagic = magic.every((byte, i) => firstBytes[i] === byte);
  return isMagic && new TextDecoder().decode(firstBytes.subarray(3, 10)) === title;
}

/**
 * Opens what `trace-cmd record` wrote (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)). Reads all but the events.
 * @throws DecodeError `bad-trace-dat`, `unknown-trace-dat-version`; MetadataError for formats
 */
export function readTraceDat(source: RandomAccess, decompress: Decompress): RawRecording {
  const first = source.read(0, headBytes);
  if (!isTraceDat(first)) {
    throw new DecodeError('bad-trace-dat', 'The file is no trace.dat of trace-cmd.', {
      path: source.name,
    });
  }
  const start = magic.length + title.length;
  const { version, byteOrder, pageBytes, endBytes } = readHead(source, first, start);
  if (pageBytes < 512 || pageBytes > maxPageBytes) {
    throw new DecodeError('bad-trace-dat', `Pages of ${pageBytes} bytes are not possible.`, {
      path: source.name,
      offsetBytes: endBytes - 4,
    });
  }
  const head: TraceDatHead = { source, byteOrder, pageBytes, endBytes };
  return version === 7 ? readVersion7(head, decompress) : readVersion6(head);
}

function readHead(source: RandomAccess, first: Uint8Array, start: number) {
  const text = new SectionReader(first.subarray(start), 'little-endian', source.name, start);
  const version = Number(text.name());
  if (version !== 6 && version !== 7) {
    throw new DecodeError(
      'unknown-trace-dat-version',
      'Only versions 6 and 7 of trace.dat are known.',
      { path: source.name },
    );
  }
  const [endian, longBytes] = text.bytes(2);
  const byteOrder: ByteOrder = endian === 0 ? 'little-endian' : 'big-endian';
  if (longBytes !== 4 && longBytes !== 8) throw text.fault('The length of `long` is wrong.');
  const at = start + text.position;
  const number = new SectionReader(first.subarray(at), byteOrder, source.name, at);
  return { version, byteOrder, pageBytes: number.u32(), endBytes: at + 4 };
}
