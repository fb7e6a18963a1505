import { type CompiledFilter, compileFilter, type FilterTarget, parseFilter } from '@sonde/filter';
import {
  array,
  bool,
  clockClass,
  dataStream,
  dynamicArray,
  dynamicBlob,
  float,
  mappings,
  optional,
  sint,
  str,
  struct,
  traceClass,
  uint,
  variant,
} from '@sonde/testkit';
import type { DataStream, EventRecordClass, Scope } from '@sonde/trace-model';

/** Values of all scopes of a record: plain objects. */
export type Fields = Partial<Record<Scope, unknown>>;

export const demo = traceClass({
  packetHeader: struct({ magic: uint(32) }),
  streams: [
    {
      name: 'channel0',
      clock: clockClass(),
      packetContext: struct({ cpu_id: uint(32), packet_seq_num: uint(64) }),
      header: struct({ id: uint(16), timestamp: uint(64) }),
      commonContext: struct({
        procname: str(),
        vtid: sint(32),
        perf_cpu_cycles: uint(64),
        _app_server_user: str(),
      }),
      events: [
        {
          name: 'sched_switch',
          specificContext: struct({ ip: uint(64), vtid: sint(32) }),
          payload: struct({
            prev_comm: str(),
            next_comm: str(),
            prev_tid: sint(32),
            flags: uint(32),
            big: uint(64),
            signed: sint(64),
            ratio: float(64),
            ok: bool(8),
            state: uint(8, {
              mappings: mappings({ RUNNING: [0], SLEEPING: [1], ODD: [[3, 7], 9] }),
            }),
            msg: struct({ data: array(struct({ x: array(uint(8), 3) }), 2), kind: uint(8) }),
            'odd name': uint(8),
            seq: dynamicArray(uint(32), 0),
            blob: dynamicBlob(0),
            maybe: optional(struct({ y: uint(16) }), 1),
            choice: variant(2, { number: [[0], uint(16)], text: [[1], str()] }),
          }),
        },
        { name: 'irq', payload: struct({ prev_tid: str(), irq: uint(8) }) },
        { name: 'empty' },
      ],
    },
  ],
});

const plain = dataStream(demo.dataStreamClasses.get(0n)!);
export const stream: DataStream = {
  ...plain,
  id: 3n,
  idIsKnown: true,
  name: 'channel0_3',
  trace: {
    ...plain.trace,
    name: 'host/kernel',
    environment: new Map<string, string | bigint>([
      ['hostname', 'host'],
      ['tracer_major', 2n],
    ]),
  },
};

export function classNamed(name: string): EventRecordClass {
  for (const c of stream.dataStreamClass.eventRecordClasses.values()) if (c.name === name) return c;
  throw new Error(name);
}

export const sample: Fields = {
  'packet-header': { magic: 0xc1fc1fc1 },
  'packet-context': { cpu_id: 2, packet_seq_num: 7 },
  'event-record-header': { id: 5, timestamp: 123456789012345678n },
  'event-record-common-context': {
    procname: 'node',
    vtid: 42,
    perf_cpu_cycles: 18446744073709551615n,
    _app_server_user: 'joe',
  },
  'event-record-specific-context': { ip: 0xffffffff81000000n, vtid: 99 },
  'event-record-payload': {
    prev_comm: 'swapper/0',
    next_comm: 'a*b\\c',
    prev_tid: -5,
    flags: 0x8000_0006,
    big: 18446744073709551615n,
    signed: -9223372036854775808n,
    ratio: 2.5,
    ok: true,
    state: 4,
    msg: { data: [{ x: [1, 2, 3] }, { x: [4, 5, 6] }], kind: 9 },
    'odd name': 11,
    seq: [10, 20],
    blob: new Uint8Array(2),
    maybe: undefined,
    choice: 'picked',
  },
};

/** What a decoder would do: the demanded fields in their slots. */
export function recordOf(filter: CompiledFilter, fields: Fields): Record<`f${number}`, unknown> {
  const record: Record<`f${number}`, unknown> = {};
  for (const { scope, path, as, wide } of filter.demands) {
    let value = fields[scope];
    for (const name of path) {
      value =
        typeof value === 'object' ? (value as Record<string, unknown> | null)?.[name] : undefined;
    }
    const isRounded = wide === 'number' && typeof value === 'bigint';
    record[as] = isRounded ? Number(value) : value;
  }
  return record;
}

export function evaluate(text: string, fields: Fields = sample, event = 'sched_switch'): boolean {
  const target: FilterTarget = { eventRecordClass: classNamed(event), stream };
  const filter = compileFilter(parseFilter(text), target);
  const result = filter.test(recordOf(filter, fields));
  if (filter.outcome === 'never' && result) throw new Error('passes though never');
  if (filter.outcome === 'always' && !result) throw new Error('fails though always');
  return result;
}
