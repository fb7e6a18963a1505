/** Alerts as a CTF 1.8 trace, with latency-tracker's event names and fields first, so that whatever reads its traces reads ours. */
import {
  DataStreamWriter,
  outputTraceClass,
  type PlainValue,
  pairTraceClasses,
  parseTsdl,
  toCtf1,
  writeTsdl,
} from '@sonde/ctf';
import type { DataStream, EventRecordClass, TraceClass } from '@sonde/trace-model';
import type { Alert, Tracker } from '../declaration.ts';
import { alertWho, frameText } from './alert-output.ts';

/** A packet is ended when it has so many events. */
const packetEvents = 1024;

const stackFields =
  'uint32_t stack_length; uint64_t stack[stack_length]; string symbols; uint32_t user_stack_length; uint64_t user_stack[user_stack_length]; string user_symbols;';
const commonFields = `uint32_t out_id; uint64_t start_ts; uint32_t cpu_id; string key; string info; ${stackFields}`;
const task = 'string comm; int32_t tid; uint64_t delay; uint32_t flag;';

/** Tracker → the module's event, and the fields that it has in the module. */
const moduleEvents: Readonly<Record<string, readonly [event: string, fields: string]>> = {
  wakeup: ['wakeup', task],
  offcpu: ['offcpu_sched_switch', task],
  syscall: ['syscall', task],
  block: ['block', `uint32_t dev; uint64_t sector; ${task}`],
  net_rx: ['net', `string iface; ${task}`],
  ttfb: ['ttfb', task],
};

/** Where the alerts come from. */
export interface AlertSource {
  /** Of the traced machine: what is read beside its traces belongs to it. Undefined: unknown, or several. */
  readonly hostname: string | undefined;
  /** Times count from the Unix epoch, as those of traces that they are read with. */
  readonly isFromUnixEpoch: boolean;
}

function metadataOf(trackers: readonly Tracker[], isFromUnixEpoch: boolean): string {
  const events = trackers.map(({ name }, id) => {
    const [event, fields] = moduleEvents[name] ?? [name, task];
    return `event { id = ${id}; name = "latency_tracker_${event}"; stream_id = 0; fields := struct { ${fields} ${commonFields} }; };`;
  });
  return `/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 32; align = 8; signed = true; } := int32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
trace { major = 1; minor = 8; byte_order = le; packet.header := struct { uint32_t magic; uint32_t stream_id; }; };
env { domain = "kernel"; tracer_name = "sonde-latency"; };
clock { name = "time"; freq = 1000000000; offset = 0; absolute = ${isFromUnixEpoch ? 'TRUE' : 'FALSE'}; };
typealias integer { size = 64; align = 8; signed = false; map = clock.time.value; } := time_t;
stream {
  id = 0;
  packet.context := struct { time_t timestamp_begin; time_t timestamp_end; uint64_t content_size; uint64_t packet_size; };
  event.header := struct { uint32_t id; time_t timestamp; };
};
${events.join('\n')}
`;
}

/** Turns alerts into packets of one data stream. Whoever makes it writes `metadata` and what `write` is given. */
export class AlertTrace {
  /** The text of the file `metadata`. */
  readonly metadata: string;
  readonly #classes = new Map<string, EventRecordClass>();
  readonly #writer: DataStreamWriter;
  #count = 0;
  #lastNs = 0n;

  /** @param write - Gets each packet, valid during the call. */
  constructor(
    trackers: readonly Tracker[],
    { hostname, isFromUnixEpoch }: AlertSource,
    write: (packet: Uint8Array) => void,
  ) {
    const parsed = parseTsdl(metadataOf(trackers, isFromUnixEpoch));
    const environment = new Map(parsed.environment);
    if (hostname !== undefined) environment.set('hostname', hostname);
    const source = outputTraceClass({ ...parsed, environment });
    const traceClass = toCtf1(source);
    this.metadata = writeTsdl(traceClass);
    const dataStreamClass = source.dataStreamClasses.get(0n)!;
    trackers.forEach(({ name }, id) => {
      this.#classes.set(name, dataStreamClass.eventRecordClasses.get(BigInt(id))!);
    });
    const pairs = pairTraceClasses(source, traceClass);
    this.#writer = new DataStreamWriter(streamOf(source), traceClass, pairs, write);
  }

  add(alert: Alert): void {
    const eventRecordClass = this.#classes.get(alert.tracker);
    if (eventRecordClass === undefined) return;
    // Timeouts are told when they are found, after alerts that ended later.
    if (alert.endNs > this.#lastNs) this.#lastNs = alert.endNs;
    if (this.#count === 0) this.#writer.beginPacketWith(this.#lastNs, {});
    this.#writer.writeEvent(eventRecordClass, this.#lastNs, {
      'event-record-payload': payloadOf(alert, eventRecordClass),
    });
    if (++this.#count === packetEvents) this.flush();
  }

  /** Ends the packet: what was added can be read. */
  flush(): void {
    if (this.#count > 0) this.#writer.endPacket({ endCycles: this.#lastNs });
    this.#count = 0;
  }
}

function streamOf(traceClass: TraceClass): DataStream {
  const trace = { traceClass, path: '', environment: traceClass.environment };
  const dataStreamClass = traceClass.dataStreamClasses.get(0n)!;
  return { trace, dataStreamClass, id: 0n, idIsKnown: false, name: 'alerts' };
}

const flags = { alert: 0n, waiting: 0n, timeout: 1n, gc: 3n } as const;
const unsigned32 = (value: number): bigint => BigInt.asUintN(32, BigInt(Math.trunc(value)));

/** A NUL would end the text in the trace. */
const plainText = (text: string): string => text.replaceAll('\0', '');

function payloadOf(alert: Alert, { payload }: EventRecordClass): PlainValue {
  const kernel = alert.kernelStack ?? [];
  const user = alert.userStack ?? [];
  const [first, second] = alert.key.map(Number);
  const values: { readonly [name: string]: PlainValue } = {
    comm: plainText(alert.comm ?? ''),
    tid: BigInt(alert.tid ?? -1),
    delay: BigInt(Math.max(0, Math.round(alert.delayNs))),
    flag: flags[alert.kind],
    dev: unsigned32(Number(alert.info['dev'] ?? first ?? 0) || 0),
    sector: BigInt.asUintN(64, BigInt(Number(alert.info['sector'] ?? second ?? 0) || 0)),
    iface: plainText(String(alert.info['iface'] ?? '')),
    out_id: unsigned32(alert.outId),
    start_ts: BigInt.asUintN(64, alert.beginNs),
    cpu_id: unsigned32(alert.cpuId),
    key: plainText(alert.key.join(':')),
    info: plainText(alertWho(alert)),
    stack_length: BigInt(kernel.length),
    stack: kernel.map(({ address }) => address),
    symbols: plainText(kernel.map(frameText).join('\n')),
    user_stack_length: BigInt(user.length),
    user_stack: user.map(({ address }) => address),
    user_symbols: plainText(user.map(frameText).join('\n')),
  };
  return Object.fromEntries(payload!.members.map(({ name }) => [name, values[name]!]));
}
