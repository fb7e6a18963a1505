/** Sub-buffers made by hand, formats in short, and converted packets read back by the CTF reader. */
import {
  ClockConverter,
  DataStreamReader,
  decodeScope,
  type FieldValue,
  indexFile,
  memorySource,
  mergePackets,
} from '@sonde/ctf';
import {
  CpuStreamConverter,
  type CpuStreamOptions,
  EventFormats,
  KernelTraceLayout,
  type LayoutOptions,
  type PacketIndexEntry,
  type PacketOutput,
  ProcessTable,
  parseEventFormat,
} from '@sonde/ftrace';
import type { DataStream, Discarded, Downstream, Packet, TraceClass } from '@sonde/trace-model';

export interface DecodedEvent {
  readonly name: string;
  readonly cycles: bigint;
  readonly context: Readonly<Record<string, FieldValue>>;
  readonly payload: Readonly<Record<string, FieldValue>>;
}

export interface DecodedStream {
  readonly events: DecodedEvent[];
  readonly packets: Packet[];
  /** Number of events, or undefined. */
  readonly discarded: (bigint | undefined)[];
}

/** Reads packets of one data stream with the trace class that they were written for. */
export function decodePackets(
  traceClass: TraceClass,
  packets: readonly Uint8Array[],
): DecodedStream {
  const index = indexFile(memorySource('stream', joined(packets)), traceClass);
  const { dataStreamClass } = index;
  const stream: DataStream = {
    trace: { traceClass, path: 'trace', environment: traceClass.environment },
    dataStreamClass,
    id: index.dataStreamId ?? 0n,
    idIsKnown: true,
    name: 'stream',
  };
  const result: DecodedStream = { events: [], packets: [], discarded: [] };
  const downstream: Downstream = {
    eventHandler: () => (cursor) => {
      result.events.push({
        name: cursor.eventRecordClass.name ?? '',
        cycles: cursor.clockSnapshot()?.cycles ?? -1n,
        context: plain(decodeScope(cursor, 'event-record-common-context')),
        payload: plain(decodeScope(cursor, 'event-record-payload')),
      });
      return -1;
    },
    streamBeginning() {},
    streamEnd() {},
    packetBeginning: (packet) => result.packets.push(packet),
    packetEnd() {},
    discardedEvents: ({ count }: Discarded) => result.discarded.push(count),
    discardedPackets() {
      throw new Error('no packet is ever lost');
    },
    inactivity() {},
  };
  const clock = new ClockConverter(dataStreamClass.defaultClockClass!);
  const reader = new DataStreamReader(
    stream,
    mergePackets([index]),
    clock,
    { nsFromOrigin: 0n },
    downstream,
  );
  while (reader.run(Number.POSITIVE_INFINITY, 1000) === 'budget');
  return result;
}

function plain(value: FieldValue): Readonly<Record<string, FieldValue>> {
  return { ...(value as Record<string, FieldValue> | undefined) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Keeps packets and what is said about them. */
export class PacketLog implements PacketOutput {
  readonly packets: Uint8Array[] = [];
  readonly entries: PacketIndexEntry[] = [];

  writePacket(packet: Uint8Array, entry: PacketIndexEntry): void {
    this.packets.push(packet.slice());
    this.entries.push(entry);
  }
}

const commonFields = `	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;
`;

/** A format: `u32 a`, `char comm[16]`, `__data_loc char[] name`, … one after another from byte 8, aligned to their length. */
export function format(id: number, path: string, fields: readonly string[]) {
  const [system = '', name = ''] = path.split('/');
  let offset = 8;
  const lines = fields.map((text) => {
    const size = lengthOf(text);
    const alignment = lengthOf(text.startsWith('__') ? text : text.replace(/\[.*/, ''));
    offset = Math.ceil(offset / alignment) * alignment;
    const signed = /^(s\d|int|long|pid_t)/.test(text) ? 1 : 0;
    const line = `\tfield:${text};\toffset:${offset};\tsize:${size};\tsigned:${signed};`;
    offset += size;
    return line;
  });
  return parseEventFormat(
    system,
    `name: ${name}\nID: ${id}\nformat:\n${commonFields}\n${lines.join('\n')}\n\nprint fmt: ""\n`,
  );
}

function lengthOf(text: string): number {
  if (text.startsWith('__')) return 4;
  const dimension = /\[(\d*)\]/.exec(text)?.[1];
  const [type = ''] = text.split(' ');
  const bits = Number(/\d+/.exec(type)?.[0] ?? { int: 32, long: 64, pid_t: 32 }[type] ?? 8);
  return (bits / 8) * (dimension === undefined ? 1 : Number(dimension || 0));
}

/** Layout, converter and log for one CPU. */
export function converter(
  formats: Iterable<ReturnType<typeof format>>,
  layoutOptions: Partial<LayoutOptions> = {},
  options: Partial<CpuStreamOptions> = {},
) {
  const layout = new KernelTraceLayout(new EventFormats(formats), {
    clock: { name: 'mono', unixOffsetNs: 0n },
    uuid: new Uint8Array(16),
    ...layoutOptions,
  });
  const log = new PacketLog();
  const processes = options.processes ?? new ProcessTable();
  const cpu = new CpuStreamConverter({ layout, cpuId: 3, processes, output: log, ...options });
  return {
    layout,
    log,
    processes,
    cpu,
    /** Ends the stream and reads it. */
    decode: () => {
      cpu.flush();
      return decodePackets(layout.traceClass, log.packets);
    },
  };
}
