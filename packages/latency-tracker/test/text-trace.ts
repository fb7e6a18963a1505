/** Traces as text: one event a line, `TIME CPU NAME field=value …`; `TIME CPU LOST from TIME` for discarded events. */
import { BitWriter, encodeValue } from '@sonde/ctf';
import { type Alert, StreamingSession, type Tracker } from '@sonde/latency-tracker';
import { clockClass, packet, sint, str, struct, traceClass, uint } from '@sonde/testkit';
import type { DataStream, EventHandler, FieldClass, RecordCursor, Trace } from '@sonde/trace-model';

interface Line {
  readonly timeNs: number;
  readonly cpuId: number;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface TextTraceOptions {
  /** Names of the common context's fields, given with each event: numbers, but for `procname`. */
  readonly contexts?: readonly string[];
  readonly hostname?: string;
}

const isNumber = (text: string): boolean => /^-?\d+$/.test(text);
const textFields = new Set(['comm', 'prev_comm', 'next_comm', 'name', 'procname']);

function parse(text: string): Line[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [time, cpu, name, ...fields] = line.split(/\s+/);
      const pairs = fields.map((field): [string, string] => {
        const at = field.indexOf('=');
        return [field.slice(0, at), field.slice(at + 1)];
      });
      return {
        timeNs: Number(time),
        cpuId: Number(cpu),
        name: name!,
        fields: Object.fromEntries(pairs),
      };
    });
}

function fieldClassOf(name: string, value: string): FieldClass {
  if (textFields.has(name) || !isNumber(value)) return str();
  return /state|ret/.test(name) ? sint(64) : uint(64);
}

/** A stream per CPU, and their events in the order of the text. */
export class TextTrace {
  readonly trace: Trace;
  readonly #lines: readonly Line[];
  readonly #streams = new Map<number, DataStream>();

  constructor(text: string, { contexts = [], hostname = 'host' }: TextTraceOptions = {}) {
    this.#lines = parse(text);
    const events = new Map<string, Record<string, FieldClass>>();
    for (const { name, fields } of this.#lines) {
      const known = events.get(name) ?? {};
      for (const [field, value] of Object.entries(fields)) {
        if (!contexts.includes(field)) known[field] = fieldClassOf(field, value);
      }
      events.set(name, known);
    }
    const traceClassOfText = traceClass({
      streams: [
        {
          clock: clockClass(),
          packetContext: struct({ cpu_id: uint(32) }),
          commonContext: struct(
            Object.fromEntries(
              contexts.map((name) => [name, name === 'procname' ? str() : sint(32)]),
            ),
          ),
          events: [...events].map(([name, fields]) => ({ name, payload: struct(fields) })),
        },
      ],
    });
    const environment = new Map([['hostname', hostname]]);
    this.trace = { traceClass: traceClassOfText, path: hostname, environment };
    for (const { cpuId } of this.#lines) {
      if (this.#streams.has(cpuId)) continue;
      const dataStreamClass = traceClassOfText.dataStreamClasses.get(0n)!;
      const stream = { trace: this.trace, dataStreamClass, id: BigInt(cpuId), idIsKnown: true };
      this.#streams.set(cpuId, { ...stream, name: `cpu${cpuId}` });
    }
  }

  run(session: StreamingSession): void {
    const handlers = new Map<string, EventHandler | null>();
    for (const [cpuId, stream] of this.#streams) {
      session.streamBeginning(stream);
      session.packetBeginning(packet(stream), this.#cursor(stream, cpuId));
    }
    for (const line of this.#lines) {
      const stream = this.#streams.get(line.cpuId)!;
      if (line.name === 'LOST') {
        const at = (ns: number) => ({ cycles: BigInt(ns), nsFromOrigin: BigInt(ns) });
        const begin = at(Number(line.fields['from']));
        session.discardedEvents({ stream, count: 1n, begin, end: at(line.timeNs) });
        continue;
      }
      const cursor = this.#cursor(stream, line.cpuId, line);
      const key = `${line.cpuId} ${line.name}`;
      let handler = handlers.get(key);
      if (handler === undefined) {
        handler = session.eventHandler(cursor);
        handlers.set(key, handler);
      }
      handler?.(cursor);
    }
  }

  #cursor(stream: DataStream, cpuId: number, line?: Line): RecordCursor {
    const { dataStreamClass } = stream;
    const classes = [...dataStreamClass.eventRecordClasses.values()];
    const eventRecordClass = classes.find(({ name }) => name === line?.name) ?? classes[0]!;
    const out = new BitWriter();
    const keys: number[] = [];
    encodeValue(out, dataStreamClass.packetContext!, { cpu_id: cpuId }, keys);
    const bodyOffsetBits = out.offsetBits;
    if (line !== undefined) {
      for (const root of [dataStreamClass.eventRecordCommonContext!, eventRecordClass.payload!]) {
        const values = root.members.map(({ name, fieldClass }) => {
          const value = line.fields[name] ?? (textFields.has(name) ? '' : '0');
          return [name, fieldClass.type === 'null-terminated-string' ? value : BigInt(value)];
        });
        encodeValue(out, root, Object.fromEntries(values), keys);
      }
    }
    const bytes = new Uint8Array(out.bytes.length + 16);
    bytes.set(out.bytes);
    const timeNs = line?.timeNs ?? 0;
    const time = { cycles: BigInt(timeNs), nsFromOrigin: BigInt(timeNs) };
    return {
      stream,
      packet: packet(stream),
      eventRecordClass,
      timeNs,
      bytes,
      view: new DataView(bytes.buffer),
      bodyOffsetBits,
      contentEndBits: out.offsetBits,
      keys,
      packetContextOffsetBits: 0,
      clockSnapshot: () => time,
    };
  }
}

/** Runs a tracker over a text; every pair is an alert unless the tracker has a threshold. */
export function track(
  tracker: Tracker,
  text: string,
  options: TextTraceOptions & { readonly endNs?: number } = {},
): { readonly session: StreamingSession; readonly alerts: readonly Alert[] } {
  const alerts: Alert[] = [];
  const trace = new TextTrace(text, options);
  const session = new StreamingSession([tracker], {
    origin: { nsFromOrigin: 0n },
    traces: [trace.trace],
    onAlert: (alert) => alerts.push(alert),
  });
  trace.run(session);
  if (options.endNs !== undefined) session.advance(options.endNs);
  return { session, alerts };
}

/** `5 100+30` : thread (or key), begin and delay. */
export function pairsOf(alerts: readonly Alert[]): string[] {
  return alerts
    .filter(({ kind }) => kind === 'alert')
    .map(({ tid, key, beginNs, delayNs }) => `${tid ?? key.join(':')} ${beginNs}+${delayNs}`);
}

export function everyPair(tracker: Tracker): Tracker {
  return { ...tracker, alert: { ...tracker.alert, thresholdNs: -1, halfStack: false } };
}
