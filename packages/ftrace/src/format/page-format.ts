import { MetadataError } from '@sonde/base';
import type { ByteOrder } from '@sonde/trace-model';

/**
 * Where things are in a sub-buffer (`events/header_page`).
 *
 *     ┌────────────────┬──────────────────────────┬───────────────────────┬──────────────┐
 *     │ time stamp u64 │ commit word (4 or 8 bytes)│ records … (committed) │ missed count │
 *     └────────────────┴──────────────────────────┴───────────────────────┴──────────────┘
 */
export interface PageFormat {
  readonly byteOrder: ByteOrder;
  /** Of the commit word and of a stored count of missed events: `long` of the machine that traced. */
  readonly longBytes: number;
  readonly commitOffsetBytes: number;
  readonly dataOffsetBytes: number;
}

/** 64-bit, little-endian: x86-64, arm64, riscv64. */
export const defaultPageFormat: PageFormat = {
  byteOrder: 'little-endian',
  longBytes: 8,
  commitOffsetBytes: 8,
  dataOffsetBytes: 16,
};

/**
 * Parses `events/header_page`, and checks that `events/header_event` declares the record headers that we know.
 * @throws MetadataError `bad-header-page`, `unknown-record-header`
 */
export function parsePageFormat(
  headerPage: string,
  headerEvent: string | undefined,
  byteOrder: ByteOrder,
): PageFormat {
  const field = (name: string): { offset: number; size: number } => {
    const line = new RegExp(
      `field:[^;]*\\b${name};\\s*offset:(\\d{1,6});\\s*size:(\\d{1,9});`,
    ).exec(headerPage);
    if (line === null) throw badPage(`has no field \`${name}\``);
    return { offset: Number(line[1]), size: Number(line[2]) };
  };
  const timestamp = field('timestamp');
  const commit = field('commit');
  const data = field('data');
  if (timestamp.offset !== 0 || timestamp.size !== 8) throw badPage('has an odd time stamp');
  if (commit.size !== 4 && commit.size !== 8) throw badPage('has an odd commit word');
  if (commit.offset < 8 || data.offset < commit.offset + commit.size || data.offset > 256) {
    throw badPage('has fields that overlap');
  }
  if (headerEvent !== undefined) checkRecordHeader(headerEvent);
  return {
    byteOrder,
    longBytes: commit.size,
    commitOffsetBytes: commit.offset,
    dataOffsetBytes: data.offset,
  };
}

function badPage(what: string): MetadataError {
  return new MetadataError('bad-header-page', `The text of events/header_page ${what}.`);
}

/** The layout has not changed since 2009; if it ever does, reading on would give nonsense. */
function checkRecordHeader(text: string): void {
  const bits = (name: string): number => {
    const match = new RegExp(`${name}\\s*:\\s*(\\d{1,4}) bits`).exec(text);
    return match === null ? -1 : Number(match[1]);
  };
  const special = (name: string): number => {
    const match = new RegExp(`${name}\\s*:\\s*type == (\\d{1,4})`).exec(text);
    return match === null ? -1 : Number(match[1]);
  };
  const isKnown =
    bits('type_len') === 5 &&
    bits('time_delta') === 27 &&
    special('padding') === 29 &&
    special('time_extend') === 30;
  if (isKnown) return;
  throw new MetadataError(
    'unknown-record-header',
    'The text of events/header_event declares another record header than that of Linux 2.6.31 to 6.18.',
  );
}
