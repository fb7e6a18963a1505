import { EventFormats } from '../format/event-formats.ts';
import { fileChunks } from '../recording/file-chunks.ts';
import type { RandomAccess, RawBuffer, RawCpu, RawRecording } from '../recording/recording.ts';
import type { TraceDatHead } from './head.ts';
import {
  readEventFormats,
  readFtraceFormats,
  readPageFormat,
  readThreads,
} from './metadata-sections.ts';
import { optionId, RecordingFacts } from './options.ts';
import { SectionReader } from './section-reader.ts';

const tagBytes = 10;
/** Everything before the events: formats, symbols, options. */
const maxHeadBytes = 256 * 1024 * 1024;
const maxCpus = 65_536;

interface BufferPlace {
  readonly offsetBytes: number;
  readonly name: string;
}

/** Reads a file of version 6: one thing after another, data at its end. */
export function readVersion6({
  source,
  byteOrder,
  pageBytes,
  endBytes,
}: TraceDatHead): RawRecording {
  const length = Math.min(source.lengthBytes - endBytes, maxHeadBytes);
  const bytes = source.read(endBytes, length);
  const reader = new SectionReader(bytes, byteOrder, source.name, endBytes);
  const pageFormat = readPageFormat(reader, byteOrder);
  const formats = new EventFormats();
  readFtraceFormats(reader, formats, pageFormat.longBytes);
  readEventFormats(reader, formats, pageFormat.longBytes);
  reader.bytes(reader.u32()); // kallsyms
  reader.bytes(reader.u32()); // printk_formats
  const threads = readThreads(reader);
  const facts = new RecordingFacts();
  const cpuCount = reader.u32();
  const places: BufferPlace[] = [];
  const buffers: RawBuffer[] = [];
  const add = (from: SectionReader, name: string): void => {
    const buffer = readBuffer(from, name, { source, facts, cpuCount, pageBytes }, places);
    if (buffer.cpus.length > 0) buffers.push(buffer);
  };
  add(reader, '');
  for (const { offsetBytes, name } of places.splice(0)) {
    const rest = source.read(offsetBytes, Math.min(source.lengthBytes - offsetBytes, 1 << 20));
    add(new SectionReader(rest, byteOrder, source.name, offsetBytes), name);
  }
  return { pageFormat, formats, buffers, threads, environment: facts.environment };
}

interface BufferFacts {
  readonly source: RandomAccess;
  readonly facts: RecordingFacts;
  readonly cpuCount: number;
  readonly pageBytes: number;
}

/** Options, if there are any, then where the data of each CPU is. */
function readBuffer(
  reader: SectionReader,
  name: string,
  { source, facts, cpuCount, pageBytes }: BufferFacts,
  places: BufferPlace[],
): RawBuffer {
  let count = cpuCount;
  let tag = reader.text(tagBytes);
  if (tag.startsWith('options')) {
    facts.cpuCount = undefined;
    readOptions(reader, facts, places);
    count = facts.cpuCount ?? cpuCount;
    tag = reader.text(tagBytes);
  }
  if (tag !== 'flyrecord') {
    throw reader.fault(
      'The file holds no ring-buffer data (a latency tracer wrote its text instead).',
    );
  }
  if (count > maxCpus) throw reader.fault(`${count} CPUs are not possible.`);
  const cpus: RawCpu[] = [];
  for (let cpuId = 0; cpuId < count; cpuId++) {
    const offset = reader.offset();
    const length = reader.offset();
    if (length === 0) continue;
    if (offset + length > source.lengthBytes) {
      throw reader.fault(`The data of CPU ${cpuId} goes beyond the end of the file.`);
    }
    cpus.push({
      cpuId,
      ...facts.lossesOf(name, cpuId),
      chunks: () => fileChunks(source, offset, length, pageBytes),
    });
  }
  // Since trace-cmd 2.9: the clock of the instance.
  const clockText = reader.restBytes >= 8 ? reader.text(Math.min(reader.offset(), 256)) : '';
  const clock = facts.clockOf(/^\[(\w[\w-]*)\]$/.exec(clockText)?.[1] ?? facts.clockName);
  return { name, clock, subBufferBytes: pageBytes, cpus };
}

function readOptions(reader: SectionReader, facts: RecordingFacts, places: BufferPlace[]): void {
  for (;;) {
    const id = reader.u16();
    if (id === optionId.done) return;
    const option = reader.section(reader.u32());
    if (id !== optionId.buffer) facts.add(id, option);
    else places.push({ offsetBytes: option.offset(), name: option.name() });
  }
}
