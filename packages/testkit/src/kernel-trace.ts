/**
 * Kernel traces as text, for tests that a person can check by hand:
 *
 * ```
 * env tracer_minor=7                                 # instead of LTTng 2.13's
 * 100  0  sched_switch  prev_tid=0 next_tid=7 next_comm=cat
 * 120  0  syscall_entry_read  fd=3  @procname=cat    # @: in the common context
 * 200  0  lost 12                                    # events discarded since the one before
 * 250  0  lost-between 3                            # so that no packet was there to end
 * 300  0  lost-packets 2
 * ```
 *
 * Time (ns), CPU, name, fields. Whole numbers are signed 64-bit integers, `0x…` unsigned ones, `[1,2]` arrays, the rest strings.
 * What comes out is a CTF 1.8 trace such as LTTng writes, with a data stream per CPU.
 */

/** The files of a trace: what a folder of it would hold. */
export interface KernelTraceFiles {
  readonly metadata: string;
  /** By file name, `cpu_0`. */
  readonly streams: ReadonlyMap<string, Uint8Array>;
}

type Value = bigint | string | readonly bigint[];
type Fields = Map<string, Value>;

interface EventLine {
  readonly kind: 'event';
  readonly timeNs: bigint;
  readonly name: string;
  readonly payload: Fields;
  readonly context: Fields;
}
interface BoundaryLine {
  readonly kind: 'packet' | 'lost' | 'lost-between' | 'lost-packets';
  readonly timeNs: bigint;
  readonly count: bigint;
}
type Line = EventLine | BoundaryLine;

interface EventClass {
  readonly id: number;
  readonly name: string;
  readonly fields: Fields;
}

const defaultEnvironment: readonly (readonly [string, string])[] = [
  ['hostname', 'host'],
  ['domain', 'kernel'],
  ['sysname', 'Linux'],
  ['tracer_name', 'lttng-modules'],
  ['tracer_major', '2'],
  ['tracer_minor', '13'],
  ['tracer_patchlevel', '9'],
];

const magicNumber = 0xc1fc1fc1;
const fieldPattern = /(@?[A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S*)/g;

function parseValue(text: string): Value {
  if (text.startsWith('[')) {
    const inner = text.slice(1, -1).trim();
    return inner === '' ? [] : inner.split(',').map((element) => BigInt(element.trim()));
  }
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (/^-?\d+$/.test(text) || /^0x[\da-f]+$/i.test(text)) return BigInt(text);
  return text;
}

function parseFields(text: string): { payload: Fields; context: Fields } {
  const payload: Fields = new Map();
  const context: Fields = new Map();
  for (const [, name, value] of text.matchAll(fieldPattern)) {
    if (name!.startsWith('@')) context.set(name!.slice(1), parseValue(value!));
    else payload.set(name!, parseValue(value!));
  }
  return { payload, context };
}

const boundaries = ['packet', 'lost', 'lost-between', 'lost-packets'] as const;
const isBoundary = (name: string): name is BoundaryLine['kind'] =>
  (boundaries as readonly string[]).includes(name);

class TraceText {
  readonly environment = new Map<string, string>(defaultEnvironment);
  readonly lines = new Map<bigint, Line[]>();
  readonly contextFields: Fields = new Map();
  readonly classes = new Map<string, EventClass>();
  firstNs: bigint | undefined;
  lastNs = 0n;

  constructor(text: string) {
    for (const raw of text.split('\n')) {
      const line = raw.replace(/(^|\s)#.*$/, '').trim();
      if (line !== '') this.#parse(line);
    }
  }

  #parse(line: string): void {
    if (line.startsWith('env')) {
      for (const [name, value] of parseFields(line.slice(3)).payload) {
        if (value === '') this.environment.delete(name);
        else this.environment.set(name, String(value));
      }
      return;
    }
    const [, time, cpu, name, rest] = /^([\d_]+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (time === undefined) throw new Error(`Not a line of a kernel trace: ${line}`);
    const timeNs = BigInt(time.replaceAll('_', ''));
    this.firstNs = this.firstNs === undefined || timeNs < this.firstNs ? timeNs : this.firstNs;
    if (timeNs > this.lastNs) this.lastNs = timeNs;
    const list = this.lines.get(BigInt(cpu!)) ?? [];
    this.lines.set(BigInt(cpu!), list);
    if (isBoundary(name!)) {
      list.push({ kind: name, timeNs, count: BigInt(rest || 0) });
      return;
    }
    const { payload, context } = parseFields(rest!);
    for (const [field, value] of context) {
      if (!this.contextFields.has(field)) this.contextFields.set(field, value);
    }
    list.push({ kind: 'event', timeNs, name: name!, payload, context });
  }

  classOf(name: string, fields: Fields): EventClass {
    const key = `${name} ${[...fields].map(([field, value]) => `${field}:${typeName(value)}`)}`;
    let found = this.classes.get(key);
    if (found === undefined) {
      found = { id: this.classes.size, name, fields };
      this.classes.set(key, found);
    }
    return found;
  }
}

const typeName = (value: Value): string =>
  typeof value === 'string'
    ? 'string'
    : typeof value === 'bigint'
      ? value > 0x7fff_ffff_ffff_ffffn
        ? 'uint64'
        : 'int64'
      : `array ${value.length}`;

/** One member of a structure, in TSDL. */
function declare(name: string, value: Value): string {
  const type = typeName(value);
  if (type === 'string') return `string ${name};`;
  if (typeof value === 'object') return `int64 ${name}[${value.length}];`;
  return `${type} ${name};`;
}

const structure = (fields: Fields): string =>
  `struct { ${[...fields].map(([name, value]) => declare(name, value)).join(' ')} }`;

function metadataOf(text: TraceText): string {
  const environment = [...text.environment].map(([name, value]) =>
    /^\d+$/.test(value) ? `${name} = ${value};` : `${name} = ${JSON.stringify(value)};`,
  );
  const integers = [8, 32, 64].map(
    (size) => `typealias integer { size = ${size}; align = 8; } := uint${size};`,
  );
  const events = [...text.classes.values()].map(
    ({ id, name, fields }) =>
      `event { name = ${JSON.stringify(name)}; id = ${id}; stream_id = 0; fields := ${structure(fields)}; };`,
  );
  return `/* CTF 1.8 */
${integers.join('\n')}
typealias integer { size = 64; align = 8; signed = true; } := int64;
trace { major = 1; minor = 8; byte_order = le; packet.header := struct { uint32 magic; }; };
env { ${environment.join(' ')} };
clock { name = "monotonic"; freq = 1000000000; offset_s = 0; };
typealias integer { size = 64; align = 8; map = clock.monotonic.value; } := timestamp;
stream {
  id = 0;
  packet.context := struct { timestamp timestamp_begin; timestamp timestamp_end; uint64 content_size; uint64 packet_size; uint64 packet_seq_num; uint64 events_discarded; uint32 cpu_id; };
  event.header := struct { uint32 id; timestamp timestamp; };
  ${text.contextFields.size > 0 ? `event.context := ${structure(text.contextFields)};` : ''}
};
${events.join('\n')}
`;
}

/** Little-endian bytes, growing. */
class Bytes {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  integer(value: bigint | number, lengthBytes: number): void {
    let rest = BigInt.asUintN(lengthBytes * 8, BigInt(value));
    for (let i = 0; i < lengthBytes; i++) {
      this.#bytes.push(Number(rest & 255n));
      rest >>= 8n;
    }
  }

  value(value: Value): void {
    if (typeof value === 'string') this.append([...new TextEncoder().encode(value), 0]);
    else if (typeof value === 'bigint') this.integer(value, 8);
    else for (const element of value) this.integer(element, 8);
  }

  append(bytes: Iterable<number>): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  toArray(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  values(): Iterable<number> {
    return this.#bytes;
  }
}

const laterOf = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** One data stream: the packets of a CPU. */
class StreamText {
  readonly #bytes = new Bytes();
  readonly #cpuId: bigint;
  readonly #text: TraceText;
  #records = new Bytes();
  #beginNs: bigint;
  #sequence = 0n;
  #discarded = 0n;
  #lastNs: bigint;

  constructor(text: TraceText, cpuId: bigint) {
    this.#text = text;
    this.#cpuId = cpuId;
    this.#beginNs = text.firstNs!;
    this.#lastNs = this.#beginNs;
  }

  toArray(lines: readonly Line[]): Uint8Array {
    for (const line of lines) {
      if (line.kind === 'event') {
        this.#event(line);
        continue;
      }
      // What LTTng discards falls between the last record of a packet and the packet's end, or it has ended before.
      if (line.kind === 'lost') this.#discarded += line.count;
      const endsEarly = line.kind === 'lost-packets' || line.kind === 'lost-between';
      this.#endPacket(endsEarly ? this.#lastNs : line.timeNs);
      if (line.kind === 'lost-between') this.#discarded += line.count;
      if (line.kind === 'lost-packets') this.#sequence += line.count;
      this.#beginNs = line.timeNs;
      this.#lastNs = line.timeNs;
    }
    this.#endPacket(laterOf(this.#text.lastNs, this.#lastNs));
    return this.#bytes.toArray();
  }

  #event({ name, timeNs, payload, context }: EventLine): void {
    const records = this.#records;
    records.integer(this.#text.classOf(name, payload).id, 4);
    records.integer(timeNs, 8);
    for (const [field, example] of this.#text.contextFields) {
      records.value(context.get(field) ?? (typeof example === 'string' ? '' : 0n));
    }
    for (const value of payload.values()) records.value(value);
    this.#lastNs = timeNs;
  }

  #endPacket(endNs: bigint): void {
    const headBytes = 4 + 6 * 8 + 4;
    const bits = (headBytes + this.#records.length) * 8;
    this.#bytes.integer(magicNumber, 4);
    for (const word of [this.#beginNs, endNs, bits, bits, this.#sequence, this.#discarded]) {
      this.#bytes.integer(word, 8);
    }
    this.#bytes.integer(this.#cpuId, 4);
    this.#bytes.append(this.#records.values());
    this.#records = new Bytes();
    this.#sequence++;
  }
}

/** Makes the files of a trace from its text. Lines of one CPU are written in the order they stand in. */
export function kernelTrace(text: string): KernelTraceFiles {
  const parsed = new TraceText(text);
  const streams = new Map<string, Uint8Array>();
  for (const [cpuId, lines] of parsed.lines) {
    streams.set(`cpu_${cpuId}`, new StreamText(parsed, cpuId).toArray(lines));
  }
  return { metadata: metadataOf(parsed), streams };
}

/** A section of a case file: what is asked for, and the lines expected. */
export interface CaseSection {
  /** The words behind `---`. */
  readonly question: string;
  readonly expected: readonly string[];
}

/** A case file: a kernel trace as text, then sections that begin with `--- QUESTION`. */
export interface TraceCase {
  readonly trace: string;
  readonly sections: readonly CaseSection[];
}

export function parseTraceCase(text: string): TraceCase {
  const [trace, ...rest] = text.split(/^--- /m);
  const sections = rest.map((section): CaseSection => {
    const [question, ...lines] = section.trimEnd().split('\n');
    return { question: question!.trim(), expected: lines.map((line) => line.trimEnd()) };
  });
  return { trace: trace!, sections };
}
