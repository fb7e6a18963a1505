import { DecodeError } from '@sonde/base';
import { decodePacketHead, type PacketHead } from '@sonde/ctf';
import {
  array,
  clockClass,
  key,
  staticBlob,
  struct,
  type TraceClassText,
  traceClass,
  uint,
  vuint,
} from '@sonde/testkit';
import type { Role } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { packetBytes } from './decode-source.ts';

const role = (lengthBits: number, ...roles: Role[]) => uint(lengthBits, { roles });
const uuid = Uint8Array.from({ length: 16 }, (_, i) => i);
const uuidHex = '000102030405060708090a0b0c0d0e0f';

function headOf(text: TraceClassText, content: string, clockCycles?: bigint): PacketHead {
  const bytes = packetBytes(content);
  const view = new DataView(bytes.buffer);
  return decodePacketHead(traceClass(text), bytes, view, (bytes.length - 16) * 8, {
    streamName: 'chan_0',
    packetIndex: 2,
    ...(clockCycles !== undefined && { clockCycles }),
  });
}

function failureOf(text: TraceClassText, content: string): DecodeError {
  try {
    const { lengthFault } = headOf(text, content);
    if (lengthFault) return lengthFault;
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const events = [{}];

describe('packet header', () => {
  const lttng: TraceClassText = {
    metadataStreamUuid: uuid,
    packetHeader: struct({
      magic: role(32, 'packet-magic-number'),
      uuid: array(uint(8), 16, { roles: ['metadata-stream-uuid'] }),
      stream_id: role(32, 'data-stream-class-id'),
      stream_instance_id: role(64, 'data-stream-id'),
    }),
    streams: [{ events }, { id: 7, events }],
  };

  test('selects the data stream class', () => {
    const head = headOf(lttng, `c11ffcc1 ${uuidHex} 07000000 2a00000000000000`);
    expect(head.dataStreamClass.id).toBe(7n);
    expect(head.dataStreamId).toBe(42n);
    expect(head.packetContextOffsetBits).toBe(256);
    expect(head.recordsOffsetBits).toBe(256);
    expect(head.contentLengthBits).toBeUndefined();
  });

  test('the magic number may be in the other byte order', () => {
    expect(headOf(lttng, `c1fc1fc1 ${uuidHex} 07000000 2a00000000000000`).dataStreamId).toBe(42n);
  });

  test('without an id the only class is it, whatever its id', () => {
    const head = headOf({ streams: [{ id: 5, events }] }, '');
    expect(head.dataStreamClass.id).toBe(5n);
    expect(head.dataStreamId).toBeUndefined();
  });

  test('the UUID may be a blob', () => {
    const packetHeader = struct({ uuid: staticBlob(16, { roles: ['metadata-stream-uuid'] }) });
    const text = { metadataStreamUuid: uuid, packetHeader, streams: [{ events }] };
    expect(headOf(text, uuidHex).recordsOffsetBits).toBe(128);
    expect(headOf(text, uuidHex).uuidDiffers).toBeUndefined();
    expect(headOf(text, 'ff0102030405060708090a0b0c0d0e0f').uuidDiffers).toBe(true);
  });

  const failures: readonly [string, string, string, string, number][] = [
    [
      'magic number',
      'c11ffcc2',
      'bad-magic-number',
      'The magic number of the packet is 0xc2fc1fc1, not 0xc1fc1fc1.',
      0,
    ],
    [
      'stream class',
      `c11ffcc1 ${uuidHex} 06000000 2a00000000000000`,
      'unknown-data-stream-class',
      'No data stream class has the ID 6.',
      256,
    ],
    [
      'end of data',
      `c11ffcc1 ${uuidHex} 06`,
      'beyond-data',
      'Cannot read field `stream_id`: 32 bits wanted, 8 bits left in the data.',
      160,
    ],
  ];
  test.each(failures)('fault: %s', (_title, content, code, message, offsetBits) => {
    const place = { stream: 'chan_0', packetIndex: 2, offsetBits };
    expect(failureOf(lttng, content)).toMatchObject({ code, message, place });
  });
});

describe('packet context', () => {
  const withContext = (members: Parameters<typeof struct>[0]): TraceClassText => ({
    streams: [{ clock: clockClass(), packetContext: struct(members), events }],
  });
  const total = role(16, 'packet-total-length');
  const content = role(16, 'packet-content-length');

  test('lengths, counters, sequence number and keys', () => {
    const text = withContext({
      content,
      total,
      discarded: role(24, 'discarded-event-record-counter-snapshot'),
      seq: role(8, 'packet-sequence-number'),
      n: key(1, uint(8)),
    });
    expect(headOf(text, '4800 5000 0a0000 03 63')).toMatchObject({
      contentLengthBits: 72,
      totalLengthBits: 80,
      discardedEventCounter: 10n,
      discardedEventCounterBits: 24,
      sequenceNumber: 3n,
      recordsOffsetBits: 72,
      keys: [undefined, 99],
    });
  });

  test('one length stands for both', () => {
    const lengths = { contentLengthBits: 64, totalLengthBits: 64 };
    expect(headOf(withContext({ total }), '4000')).toMatchObject(lengths);
    expect(headOf(withContext({ content }), '4000')).toMatchObject(lengths);
  });

  const faults: readonly [string, Parameters<typeof struct>[0], string, string, string, number][] =
    [
      [
        'total length not in bytes',
        { total },
        '4100',
        'packet-total-length-not-in-bytes',
        "The total length of the packet (65 bits) isn't a multiple of 8 bits.",
        16,
      ],
      [
        'content beyond total',
        { total, content },
        '4000 4100',
        'packet-content-beyond-total',
        'The content length of the packet (65 bits) is greater than its total length (64 bits).',
        32,
      ],
      [
        'content too short',
        { total, content },
        '4000 1800',
        'packet-content-too-short',
        'The content length of the packet (24 bits) is less than its header and context (32 bits).',
        32,
      ],
    ];
  test.each(faults)('fault: %s', (_title, members, bytes, code, message, offsetBits) => {
    const place = { stream: 'chan_0', packetIndex: 2, offsetBits };
    expect(failureOf(withContext(members), bytes)).toMatchObject({ code, message, place });
  });

  test('the end timestamp does not move the clock', () => {
    const begin = role(32, 'default-clock-timestamp');
    const end = role(32, 'packet-end-default-clock-timestamp');
    const times = { beginCycles: 5n, endCycles: 9n };
    expect(headOf(withContext({ begin, end }), '05000000 09000000')).toMatchObject(times);
    expect(headOf(withContext({ end, begin }), '09000000 05000000')).toMatchObject(times);
    expect(headOf(withContext({ end }), '09000000').beginCycles).toBeUndefined();
  });

  const updates: readonly [string, Parameters<typeof struct>[0], string, bigint, bigint][] = [
    [
      'a full timestamp resets it',
      { t: role(64, 'default-clock-timestamp') },
      '0100000000000000',
      2n ** 63n,
      1n,
    ],
    [
      'a greater value replaces low bits',
      { t: role(16, 'default-clock-timestamp') },
      '0300',
      0x1_0002n,
      0x1_0003n,
    ],
    [
      'an equal value is no wrap',
      { t: role(16, 'default-clock-timestamp') },
      '0200',
      0x1_0002n,
      0x1_0002n,
    ],
    [
      'a smaller value wraps',
      { t: role(16, 'default-clock-timestamp') },
      '0100',
      0x1_0002n,
      0x2_0001n,
    ],
    [
      'a wrap at 2^64 starts over',
      { t: role(8, 'default-clock-timestamp') },
      '00',
      2n ** 64n - 1n,
      0n,
    ],
    [
      'a variable-length value has 7 bits a byte',
      { t: vuint({ roles: ['default-clock-timestamp'] }) },
      '8100',
      0x4002n,
      0x8001n,
    ],
  ];
  test.each(updates)('clock: %s', (_title, members, bytes, before, after) => {
    expect(headOf(withContext(members), bytes, before).beginCycles).toBe(after);
  });
});
