/** The parts of a trace.dat that versions 6 and 7 have in common. */

import type { ByteOrder } from '@sonde/trace-model';
import { parseEventFormat } from '../format/event-format.ts';
import type { EventFormats } from '../format/event-formats.ts';
import { type PageFormat, parsePageFormat } from '../format/page-format.ts';
import type { ThreadFacts } from '../process/process-table.ts';
import type { SectionReader } from './section-reader.ts';

/** More systems or events than any kernel has: the number is wrong. */
const maxCount = 1_000_000;

export function readPageFormat(reader: SectionReader, byteOrder: ByteOrder): PageFormat {
  const block = (title: string): string => {
    if (reader.text(title.length + 1) !== title) throw reader.fault(`\`${title}\` is missing.`);
    return reader.text(reader.offset());
  };
  const headerPage = block('header_page');
  return parsePageFormat(headerPage, block('header_event'), byteOrder);
}

/** Formats of the system `ftrace`. */
export function readFtraceFormats(
  reader: SectionReader,
  formats: EventFormats,
  longBytes: number,
): void {
  readFormats(reader, 'ftrace', formats, longBytes);
}

/** Formats of all other systems. */
export function readEventFormats(
  reader: SectionReader,
  formats: EventFormats,
  longBytes: number,
): void {
  const count = reader.u32();
  if (count > maxCount) throw reader.fault(`There are ${count} event systems.`);
  for (let i = 0; i < count; i++) readFormats(reader, reader.name(), formats, longBytes);
}

function readFormats(
  reader: SectionReader,
  system: string,
  formats: EventFormats,
  longBytes: number,
): void {
  const count = reader.u32();
  if (count > maxCount) throw reader.fault(`There are ${count} events in ${system}.`);
  for (let i = 0; i < count; i++) {
    formats.add(parseEventFormat(system, reader.text(reader.offset()), longBytes));
  }
}

/** `saved_cmdlines`: a thread and its name a line. */
export function readThreads(reader: SectionReader): (ThreadFacts & { tid: number })[] {
  const threads: (ThreadFacts & { tid: number })[] = [];
  for (const line of reader.text(reader.offset()).split('\n')) {
    const [, tid, comm] = /^\s*(\d{1,10}) (.*)$/.exec(line) ?? [];
    if (tid !== undefined && comm !== undefined) threads.push({ tid: Number(tid), comm });
  }
  return threads;
}
