/** Packets of one plain class of data streams, byte by byte, and what a consumer sees of them. */
import type {
  ClockClass,
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  Role,
  TraceClass,
} from '@sonde/trace-model';
import { struct, uint } from './field-classes.ts';
import { clockClass, traceClass } from './trace-classes.ts';

export interface PacketText {
  readonly begin: number | bigint;
  readonly end: number | bigint;
  /** Times (cycles); the value of each record is its number in the packet. */
  readonly events?: readonly (number | bigint)[];
  /** Data stream id. */
  readonly id?: number;
  readonly sequenceNumber?: number;
  readonly discarded?: number;
  readonly paddingBytes?: number;
  /** What the packet says of its lengths (bytes), where that is not the truth. */
  readonly saysTotalBytes?: number;
  readonly saysContentBytes?: number;
  /** What it says of its magic number. */
  readonly magic?: number;
}

export interface PacketTraceOptions {
  readonly clock?: Partial<ClockClass>;
  readonly environment?: ReadonlyMap<string, string | bigint>;
  readonly uid?: string;
}

const role = (lengthBits: number, ...roles: Role[]) => uint(lengthBits, { roles });
export const packetHeadBytes = 4 + 8 + 6 * 8;
const recordBytes = 1 + 8 + 4;
const magicNumber = 0xc1fc1fc1;

/** The trace class of `packetOf`: packets with all there is, records with id, full timestamp and a 32-bit `value`. */
export function packetTraceClass(options: PacketTraceOptions = {}): TraceClass {
  const result = traceClass({
    packetHeader: struct({
      magic: role(32, 'packet-magic-number'),
      instance: role(64, 'data-stream-id'),
    }),
    streams: [
      {
        clock: clockClass(options.clock),
        packetContext: struct({
          begin: role(64, 'default-clock-timestamp'),
          end: role(64, 'packet-end-default-clock-timestamp'),
          content: role(64, 'packet-content-length'),
          total: role(64, 'packet-total-length'),
          discarded: role(64, 'discarded-event-record-counter-snapshot'),
          sequence: role(64, 'packet-sequence-number'),
        }),
        header: struct({
          id: role(8, 'event-record-class-id'),
          time: role(64, 'default-clock-timestamp'),
        }),
        events: [{ name: 'tick', payload: struct({ value: uint(32) }) }],
      },
    ],
  });
  const { environment = result.environment, uid } = options;
  // In place: its data stream classes refer to it.
  return Object.assign(result, { environment }, uid === undefined ? {} : { uid });
}

export function packetOf(text: PacketText): Uint8Array {
  const { events = [], paddingBytes = 0 } = text;
  const contentBytes = packetHeadBytes + events.length * recordBytes;
  const bytes = new Uint8Array(contentBytes + paddingBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.magic ?? magicNumber, true);
  const words = [
    text.id ?? 0,
    text.begin,
    text.end,
    (text.saysContentBytes ?? contentBytes) * 8,
    (text.saysTotalBytes ?? bytes.length) * 8,
    text.discarded ?? 0,
    text.sequenceNumber ?? 0,
  ];
  words.forEach((word, i) => {
    view.setBigUint64(4 + i * 8, BigInt(word), true);
  });
  events.forEach((time, i) => {
    const at = packetHeadBytes + i * recordBytes;
    view.setBigUint64(at + 1, BigInt(time), true);
    view.setUint32(at + 9, i, true);
  });
  return bytes;
}

/** One packet after the other. */
export function packetsOf(...packets: readonly PacketText[]): Uint8Array {
  const parts = packets.map(packetOf);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** LTTng's index (version 1.1) of a file that holds `packets`. */
export function idxOf(packets: readonly PacketText[]): Uint8Array {
  const bytes = new Uint8Array(16 + 72 * packets.length);
  const view = new DataView(bytes.buffer);
  [0xc1f1dcc1, 1, 1, 72].forEach((word, i) => {
    view.setUint32(i * 4, word);
  });
  let offsetBytes = 0;
  packets.forEach((packet, i) => {
    const length = packetOf(packet).length;
    const words = [
      offsetBytes,
      length * 8,
      (length - (packet.paddingBytes ?? 0)) * 8,
      packet.begin,
      packet.end,
      packet.discarded ?? 0,
      0,
      packet.id ?? 0,
      packet.sequenceNumber ?? 0,
    ];
    words.forEach((word, position) => {
      view.setBigUint64(16 + i * 72 + position * 8, BigInt(word));
    });
    offsetBytes += length;
  });
  return bytes;
}

/** Messages as lines such as `0: event 17 = 2` (stream id, time in ns from the clock's origin, value). */
export class MessageLog implements Downstream {
  readonly lines: string[] = [];
  /** Absolute times of the events (ns). */
  readonly eventTimes: bigint[] = [];
  skippedCount = 0;
  readonly #wantsEvents: boolean;

  constructor(wantsEvents = true) {
    this.#wantsEvents = wantsEvents;
  }

  eventHandler(): EventHandler | null {
    if (!this.#wantsEvents) return null;
    return (cursor) => {
      const value = cursor.view.getUint32(cursor.bodyOffsetBits / 8, true);
      const ns = cursor.clockSnapshot()?.nsFromOrigin;
      this.lines.push(`${cursor.stream.id}: event ${ns} = ${value}`);
      if (ns !== undefined) this.eventTimes.push(ns);
      return -1;
    };
  }

  skippedEvents(count: number): void {
    this.skippedCount += count;
  }

  streamBeginning({ id }: DataStream, time?: ClockSnapshot): void {
    this.lines.push(`${id}: stream beginning${at(time)}`);
  }

  streamEnd({ id }: DataStream, time?: ClockSnapshot): void {
    this.lines.push(`${id}: stream end${at(time)}`);
  }

  packetBeginning({ stream, begin }: Packet, _cursor: RecordCursor): void {
    this.lines.push(`${stream.id}: packet beginning${at(begin)}`);
  }

  packetEnd({ stream, end }: Packet): void {
    this.lines.push(`${stream.id}: packet end${at(end)}`);
  }

  discardedEvents(discarded: Discarded): void {
    this.#discarded('events', discarded);
  }

  discardedPackets(discarded: Discarded): void {
    this.#discarded('packets', discarded);
  }

  inactivity(time: ClockSnapshot): void {
    this.lines.push(`inactivity${at(time)}`);
  }

  #discarded(what: string, { stream, count, begin, end }: Discarded): void {
    const range = begin && end ? ` from ${begin.nsFromOrigin} to ${end.nsFromOrigin}` : '';
    this.lines.push(`${stream.id}: ${count ?? '?'} ${what} discarded${range}`);
  }
}

function at(time: ClockSnapshot | undefined): string {
  return time === undefined ? '' : ` ${time.nsFromOrigin}`;
}
