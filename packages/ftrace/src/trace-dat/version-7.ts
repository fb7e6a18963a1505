import { DecodeError } from '@sonde/base';
import { EventFormats } from '../format/event-formats.ts';
import { fileChunks } from '../recording/file-chunks.ts';
import type { RawBuffer, RawCpu, RawRecording } from '../recording/recording.ts';
import type { Decompress, TraceDatHead } from './head.ts';
import {
  readEventFormats,
  readFtraceFormats,
  readPageFormat,
  readThreads,
} from './metadata-sections.ts';
import { optionId, RecordingFacts } from './options.ts';
import { SectionReader } from './section-reader.ts';

const sectionHeaderBytes = 16;
const compressedFlag = 1;
/** Sections are read whole: longer ones, packed or not, are refused. */
const maxSectionBytes = 256 * 1024 * 1024;
const maxChunkBytes = 64 * 1024 * 1024;
const maxOptionSections = 10_000;
const maxCpus = 65_536;

/** Reads a file of version 7: sections anywhere, which options tell of. */
export function readVersion7(head: TraceDatHead, decompress: Decompress): RawRecording {
  const file = new Version7File(head, decompress);
  const facts = new RecordingFacts();
  const places = new Map<number, number>();
  const bufferOptions: SectionReader[] = [];
  for (const [id, option] of file.options()) {
    if (id === optionId.buffer) bufferOptions.push(option);
    else if (id >= optionId.headerInfo && option.restBytes === 8) places.set(id, option.offset());
    else facts.add(id, option);
  }
  const section = (id: number): SectionReader => {
    const place = places.get(id);
    if (place !== undefined) return file.section(place);
    throw new DecodeError('bad-trace-dat', `Section ${id} is missing.`, {
      path: head.source.name,
    });
  };
  const pageFormat = readPageFormat(section(optionId.headerInfo), head.byteOrder);
  const formats = new EventFormats();
  readFtraceFormats(section(optionId.ftraceEvents), formats, pageFormat.longBytes);
  readEventFormats(section(optionId.eventFormats), formats, pageFormat.longBytes);
  const threads = places.has(optionId.commandLines)
    ? readThreads(section(optionId.commandLines))
    : [];
  const buffers = bufferOptions.map((option) => file.buffer(option, facts));
  return {
    pageFormat,
    formats,
    buffers: buffers.filter(({ cpus }) => cpus.length > 0),
    threads,
    environment: facts.environment,
  };
}

class Version7File {
  readonly #head: TraceDatHead;
  readonly #decompress: Decompress;
  readonly #algorithm: string;
  readonly #firstOptions: number;

  constructor(head: TraceDatHead, decompress: Decompress) {
    this.#head = head;
    this.#decompress = decompress;
    const { source, byteOrder, endBytes } = head;
    const bytes = source.read(endBytes, 1024);
    const reader = new SectionReader(bytes, byteOrder, source.name, endBytes);
    this.#algorithm = reader.name();
    reader.name(); // the library's version
    this.#firstOptions = reader.offset();
  }

  #reader(offsetBytes: number, lengthBytes: number): SectionReader {
    const { source, byteOrder } = this.#head;
    const bytes = source.read(offsetBytes, lengthBytes);
    const reader = new SectionReader(bytes, byteOrder, source.name, offsetBytes);
    if (bytes.length < lengthBytes)
      throw reader.fault('A section goes beyond the end of the file.');
    return reader;
  }

  /** The content of the section at an offset. */
  section(offsetBytes: number): SectionReader {
    const header = this.#reader(offsetBytes, sectionHeaderBytes);
    header.u16();
    const flags = header.u16();
    header.u32();
    const length = header.offset();
    if (length > maxSectionBytes) throw header.fault(`A section has ${length} bytes.`);
    const body = this.#reader(offsetBytes + sectionHeaderBytes, length);
    if ((flags & compressedFlag) === 0) return body;
    return new SectionReader(
      this.#unpack(body, maxSectionBytes),
      this.#head.byteOrder,
      this.#head.source.name,
      offsetBytes,
    );
  }

  /** Packed length, length, packed bytes. */
  #unpack(reader: SectionReader, maxBytes: number): Uint8Array {
    const packed = reader.u32();
    const length = reader.u32();
    if (length > maxBytes) throw reader.fault(`A block says that it unpacks to ${length} bytes.`);
    return this.#unpackBlock(reader.bytes(packed), length, reader);
  }

  #unpackBlock(block: Uint8Array, lengthBytes: number, reader: SectionReader): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = this.#decompress(this.#algorithm, block, lengthBytes);
    } catch (cause) {
      const { message, place } = reader.fault(`A block can't be unpacked (${this.#algorithm}).`);
      throw new DecodeError('bad-trace-dat', message, place, { cause });
    }
    if (bytes.length !== lengthBytes) throw reader.fault('A block unpacks to another length.');
    return bytes;
  }

  /** All options of all sections of them. */
  *options(): Generator<[number, SectionReader]> {
    let next = this.#firstOptions;
    for (let count = 0; next !== 0; count++) {
      const reader = this.section(next);
      if (count > maxOptionSections) throw reader.fault('Sections of options form a ring.');
      next = 0;
      while (reader.restBytes >= 6) {
        const id = reader.u16();
        const option = reader.section(reader.u32());
        if (id === optionId.done) {
          next = option.restBytes >= 8 ? option.offset() : 0;
          break;
        }
        yield [id, option];
      }
    }
  }

  buffer(option: SectionReader, facts: RecordingFacts): RawBuffer {
    const sectionOffset = option.offset();
    const name = option.name();
    const clock = option.name();
    const subBufferBytes = option.u32();
    const count = option.u32();
    if (subBufferBytes < 64 || subBufferBytes > 1 << 20 || count > maxCpus) {
      throw option.fault('A buffer has impossible lengths.');
    }
    const flags = this.#sectionFlags(sectionOffset);
    const cpus: RawCpu[] = [];
    for (let i = 0; i < count; i++) {
      const cpuId = option.u32();
      const offset = option.offset();
      const length = option.offset();
      if (length === 0) continue;
      cpus.push({
        cpuId,
        ...facts.lossesOf(name, cpuId),
        chunks: () =>
          (flags & compressedFlag) === 0
            ? fileChunks(this.#head.source, offset, length, subBufferBytes)
            : this.#packedChunks(offset, length),
      });
    }
    return { name, clock: facts.clockOf(clock || facts.clockName), subBufferBytes, cpus };
  }

  #sectionFlags(offsetBytes: number): number {
    const header = this.#reader(offsetBytes, sectionHeaderBytes);
    header.u16();
    return header.u16();
  }

  /** A number of chunks, then each as a packed block of whole pages. */
  *#packedChunks(offsetBytes: number, lengthBytes: number): Generator<Uint8Array> {
    let at = offsetBytes + 4;
    const end = offsetBytes + lengthBytes;
    const count = this.#reader(offsetBytes, 4).u32();
    for (let i = 0; i < count && at < end; i++) {
      const head = this.#reader(at, 8);
      const packed = head.u32();
      const length = head.u32();
      if (packed > maxChunkBytes || length > maxChunkBytes) {
        throw head.fault(`A block of ${length} bytes is too long.`);
      }
      yield this.#unpackBlock(this.#reader(at + 8, packed).bytes(packed), length, head);
      at += 8 + packed;
    }
  }
}
