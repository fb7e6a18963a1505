/** The part of a filter that the kernel can't do, on events as they are written. */

import { compileProjection, type ProjectedRecord } from '@sonde/ctf';
import {
  type CompiledFilter,
  compileFilter,
  type FilterExpression,
  type FilterRecord,
} from '@sonde/filter';
import {
  type EventFilter,
  type KernelEvent,
  type KernelTraceLayout,
  kernelStreamId,
} from '@sonde/ftrace';
import type { DataStream, EventRecordClass, RecordCursor } from '@sonde/trace-model';

/** What is left of a filter for one event: an expression, or nothing passes. */
export type FilterRest = FilterExpression | 'never';

/** As a reader has it: for filters that ask for what belongs to the stream. */
export function kernelStreamOf({ traceClass }: KernelTraceLayout): DataStream {
  return {
    trace: { traceClass, path: 'trace', environment: traceClass.environment },
    dataStreamClass: traceClass.dataStreamClasses.get(BigInt(kernelStreamId))!,
    id: 0n,
    idIsKnown: false,
    name: 'kernel',
  };
}

export function eventRecordClassOf(stream: DataStream, { id }: KernelEvent): EventRecordClass {
  return stream.dataStreamClass.eventRecordClasses.get(BigInt(id))!;
}

type RecordTest = (cursor: RecordCursor) => boolean;

export class RecorderFilter implements EventFilter {
  /** By the event's ID. */
  readonly #tests: (RecordTest | undefined)[] = [];
  readonly #record: CopiedRecord;

  /** @param rests - By event. What is not in it passes. */
  constructor(layout: KernelTraceLayout, rests: ReadonlyMap<KernelEvent, FilterRest>) {
    const stream = kernelStreamOf(layout);
    this.#record = new CopiedRecord(stream);
    for (const [event, rest] of rests) {
      this.#tests[event.id] = testOf(stream, eventRecordClassOf(stream, event), rest);
    }
  }

  passes({ id }: KernelEvent, view: DataView, begin: number, end: number): boolean {
    const test = this.#tests[id];
    return test === undefined || test(this.#record.take(view, begin, end));
  }
}

/** In the packets of our traces: packet header, and with it the packet context. */
const packetHeaderBytes = 32;
const packetHeadBytes = 84;
/** Readers want as many zeros behind the content. */
const paddingBytes = 16;

/** One record in a packet of its own, for readers of packets. */
class CopiedRecord implements RecordCursor {
  readonly stream: DataStream;
  readonly packet: RecordCursor['packet'];
  eventRecordClass!: EventRecordClass;
  readonly timeNs = Number.NaN;
  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);
  readonly bodyOffsetBits = packetHeadBytes * 8;
  readonly packetContextOffsetBits = packetHeaderBytes * 8;
  contentEndBits = 0;
  readonly keys: (number | bigint)[];

  constructor(stream: DataStream) {
    this.stream = stream;
    this.packet = { stream, index: 0 };
    this.keys = new Array(stream.trace.traceClass.keySlotCount).fill(0);
  }

  /** @param view - From the beginning of its packet. */
  take(view: DataView, begin: number, end: number): this {
    const contentBytes = packetHeadBytes + end - begin;
    if (contentBytes + paddingBytes > this.bytes.length) {
      this.bytes = new Uint8Array(2 * (contentBytes + paddingBytes));
      this.view = new DataView(this.bytes.buffer);
    }
    const { bytes } = this;
    for (let i = 0; i < packetHeadBytes; i++) bytes[i] = view.getUint8(i);
    for (let i = begin, to = packetHeadBytes; i < end; i++, to++) bytes[to] = view.getUint8(i);
    bytes.fill(0, contentBytes, contentBytes + paddingBytes);
    this.contentEndBits = contentBytes * 8;
    return this;
  }

  clockSnapshot(): undefined {
    return undefined;
  }
}

function testOf(
  stream: DataStream,
  eventRecordClass: EventRecordClass,
  rest: FilterRest,
): RecordTest {
  if (rest === 'never') return () => false;
  const filter: CompiledFilter = compileFilter(rest, { eventRecordClass, stream });
  if (filter.outcome !== 'depends') return () => filter.outcome === 'always';
  const projection = compileProjection(eventRecordClass, filter.demands);
  const record: ProjectedRecord = projection.record;
  return (cursor) => {
    projection.read(cursor);
    return filter.test(record as FilterRecord);
  };
}
