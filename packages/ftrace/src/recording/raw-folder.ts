/** The folder that `sonde record --raw` writes (docs/formats/ftrace-raw.md): sub-buffers as the kernel gave them, and what is needed to read them. */
import { MetadataError } from '@sonde/base';
import type { ByteOrder } from '@sonde/trace-model';
import { parseEventFormat } from '../format/event-format.ts';
import { EventFormats } from '../format/event-formats.ts';
import { parsePageFormat } from '../format/page-format.ts';
import { type ContextName, contextNames, identityNames } from '../layout/contexts.ts';
import { type StateDumpEventName, stateDumpIds } from '../state-dump/state-dump-events.ts';
import { fileChunks } from './file-chunks.ts';
import type { RandomAccess, RawRecording, StateDumpEvent } from './recording.ts';

/** The file that tells about the others. */
export const rawDescriptionFile = 'ftrace.json';
const formatName = 'sonde-ftrace-raw';
const formatVersion = 1;

/** What `ftrace.json` holds. 64-bit numbers are decimal texts. */
export interface RawDescription {
  readonly format: typeof formatName;
  readonly version: typeof formatVersion;
  readonly byteOrder: ByteOrder;
  readonly subBufferBytes: number;
  /** The texts of `events/header_page` and `events/header_event`. */
  readonly headerPage: string;
  readonly headerEvent: string;
  readonly clock: {
    readonly name: string;
    readonly unixOffsetNs?: string;
    readonly frequencyHz?: string;
    readonly uuid?: string;
  };
  readonly cpus: readonly {
    readonly id: number;
    /** In the folder. */
    readonly file: string;
    /** It was on when the recording began. */
    readonly isOnline?: boolean;
    /** Known when the recording ends. */
    readonly droppedEvents?: number;
    readonly overrunEvents?: number;
  }[];
  /** Of the recording, in cycles of its clock. */
  readonly begin?: string;
  readonly end?: string;
  /** `format` files by `system/name`: those of the recorded events, and of ftrace's own. */
  readonly formats: Readonly<Record<string, string>>;
  /** `system/name` of the events that were asked for; absent: all. Others were on for what they tell of threads. */
  readonly events?: readonly string[];
  readonly contexts?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  /** The table of threads when the recording began. */
  readonly threads?: readonly RawThread[];
  /** Only the threads of these processes become events, and these threads; both absent: all. */
  readonly pids?: readonly number[];
  readonly tids?: readonly number[];
  /** A file of JSON lines: `{"name", "time", "values"}`. */
  readonly stateDump?: string;
}

export interface RawThread {
  readonly tid: number;
  readonly pid?: number;
  readonly ppid?: number;
  readonly comm?: string;
  readonly priority?: number;
  readonly vtid?: number;
  readonly vpid?: number;
  readonly vppid?: number;
  readonly pidNamespace?: number;
  /** By the names of contexts: `uid`, `net_ns`, … */
  readonly identity?: Readonly<Record<string, number>> | undefined;
}

/** For those who write such folders. */
export function formatRawDescription(
  description: Omit<RawDescription, 'format' | 'version'>,
): string {
  return `${JSON.stringify({ format: formatName, version: formatVersion, ...description }, null, 2)}\n`;
}

/** One line of the file `stateDump`, with its newline. */
export function formatStateDumpLine({ name, timeCycles, values }: StateDumpEvent): string {
  const plain = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
  return `${JSON.stringify({ name, time: timeCycles.toString(), values: plain })}\n`;
}

/**
 * Reads a folder.
 * @param open - Opens one of its files.
 * @throws MetadataError `bad-raw-folder` with the JSON path
 */
export function readRawFolder(open: (file: string) => RandomAccess): RawRecording {
  const source = open(rawDescriptionFile);
  const object = new JsonObject(parseJson(textOf(source), source.name), '', source.name);
  if (object.text('format') !== formatName || object.number('version') !== formatVersion) {
    throw object.fault('format', `is not ${formatName}, version ${formatVersion}`);
  }
  const byteOrder = object.text('byteOrder');
  if (byteOrder !== 'little-endian' && byteOrder !== 'big-endian') {
    throw object.fault('byteOrder', 'is neither little-endian nor big-endian');
  }
  const pageFormat = parsePageFormat(
    object.text('headerPage'),
    object.text('headerEvent'),
    byteOrder,
  );
  const subBufferBytes = object.number('subBufferBytes');
  if (subBufferBytes < 64 || subBufferBytes > 1 << 20) {
    throw object.fault('subBufferBytes', 'is not possible');
  }
  const cpus = object.objects('cpus').map((cpu) => {
    const file = cpu.text('file');
    if (!/^[\w.-]+$/.test(file) || file.startsWith('.')) {
      throw cpu.fault('file', 'is no name of a file in the folder');
    }
    return {
      cpuId: cpu.number('id'),
      droppedEvents: cpu.optionalNumber('droppedEvents') ?? 0,
      overrunEvents: cpu.optionalNumber('overrunEvents') ?? 0,
      isOnline: cpu.optional('isOnline') === true,
      chunks: () => {
        const data = open(file);
        return fileChunks(data, 0, data.lengthBytes, subBufferBytes);
      },
    };
  });
  const contexts = contextsOf(object);
  const stateDump = object.optionalText('stateDump');
  return {
    pageFormat,
    formats: readFormats(object.object('formats'), pageFormat.longBytes),
    buffers: [
      {
        name: '',
        clock: clockOf(object.object('clock')),
        subBufferBytes,
        cpus,
        beginCycles: object.optionalBigint('begin'),
        endCycles: object.optionalBigint('end'),
      },
    ],
    threads:
      object.optional('threads') === undefined ? [] : object.objects('threads').map(threadOf),
    environment: environmentOf(object),
    ...(object.optional('events') !== undefined && { events: new Set(object.texts('events')) }),
    ...(contexts !== undefined && { contexts }),
    ...(object.optional('pids') !== undefined && {
      chosen: { pids: object.numbers('pids'), tids: object.numbers('tids') },
    }),
    ...(stateDump !== undefined && { stateDump: () => stateDumpEvents(open(stateDump)) }),
  };
}

function readFormats(texts: JsonObject, longBytes: number): EventFormats {
  const formats = new EventFormats();
  for (const key of texts.keys) {
    const [system = ''] = key.split('/');
    formats.add(parseEventFormat(system, texts.text(key), longBytes));
  }
  return formats;
}

function clockOf(clock: JsonObject) {
  const uuid = clock.optionalText('uuid');
  const frequencyHz = clock.optionalBigint('frequencyHz');
  return {
    name: clock.text('name'),
    unixOffsetNs: clock.optionalBigint('unixOffsetNs'),
    ...(uuid !== undefined && { uuid }),
    ...(frequencyHz !== undefined && { frequencyHz }),
  };
}

const threadNumbers = ['pid', 'ppid', 'priority', 'vtid', 'vpid', 'vppid', 'pidNamespace'] as const;

function threadOf(thread: JsonObject): RawThread {
  const facts: Record<string, number> = {};
  for (const name of threadNumbers) {
    const value = thread.optionalNumber(name);
    if (value !== undefined) facts[name] = value;
  }
  const comm = thread.optionalText('comm');
  return {
    tid: thread.number('tid'),
    ...facts,
    ...(comm !== undefined && { comm }),
    ...(thread.optional('identity') !== undefined && {
      identity: identityOf(thread.object('identity')),
    }),
  };
}

function identityOf(object: JsonObject): Record<string, number> {
  const identity: Record<string, number> = {};
  for (const name of identityNames) {
    const value = object.optionalNumber(name);
    if (value !== undefined) identity[name] = value;
  }
  return identity;
}

function environmentOf(object: JsonObject): Map<string, string | bigint> {
  const environment = new Map<string, string | bigint>();
  if (object.optional('environment') === undefined) return environment;
  const values = object.object('environment');
  for (const key of values.keys) {
    const value = values.optional(key);
    environment.set(key, typeof value === 'number' ? BigInt(Math.trunc(value)) : String(value));
  }
  return environment;
}

function contextsOf(object: JsonObject): ContextName[] | undefined {
  const value = object.optional('contexts');
  if (!Array.isArray(value)) return undefined;
  return contextNames.filter((name) => value.includes(name));
}

function* stateDumpEvents(source: RandomAccess): Generator<StateDumpEvent> {
  for (const [index, line] of textOf(source).split('\n').entries()) {
    if (line.trim() === '') continue;
    const event = new JsonObject(parseJson(line, source.name), `line ${index + 1}`, source.name);
    const name = event.text('name');
    if (!stateDumpIds.has(name)) throw event.fault('name', 'is no event of a state dump');
    const values = event.object('values');
    yield {
      name: name as StateDumpEventName,
      timeCycles: event.optionalBigint('time') ?? 0n,
      values: Object.fromEntries(values.keys.map((key) => [key, values.scalar(key)])),
    };
  }
}

const maxTextBytes = 256 * 1024 * 1024;

function textOf(source: RandomAccess): string {
  return new TextDecoder().decode(source.read(0, Math.min(source.lengthBytes, maxTextBytes)));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetadataError('bad-raw-folder', 'The text is no JSON.', { path }, { cause });
  }
}

/** Reads properties, and knows where they are. */
class JsonObject {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #at: string;
  readonly #file: string;

  constructor(value: unknown, at: string, file: string) {
    this.#at = at;
    this.#file = file;
    this.#value = {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.fault('', 'is no object');
    }
    this.#value = value as Readonly<Record<string, unknown>>;
  }

  get keys(): string[] {
    return Object.keys(this.#value);
  }

  fault(name: string, what: string): MetadataError {
    const jsonPath = [this.#at, name].filter(Boolean).join('.');
    return new MetadataError('bad-raw-folder', `The property ${what}.`, {
      path: this.#file,
      jsonPath,
    });
  }

  optional(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
  }

  text(name: string): string {
    const value = this.optional(name);
    if (typeof value !== 'string') throw this.fault(name, 'is no text');
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.optional(name) === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.optional(name);
    if (!Number.isSafeInteger(value)) throw this.fault(name, 'is no integer');
    return value as number;
  }

  optionalNumber(name: string): number | undefined {
    return this.optional(name) === undefined ? undefined : this.number(name);
  }

  optionalBigint(name: string): bigint | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    if (!/^-?\d{1,20}$/.test(text)) throw this.fault(name, 'is no decimal number');
    return BigInt(text);
  }

  numbers(name: string): number[] {
    const value = this.optional(name);
    if (Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))) return value;
    throw this.fault(name, 'is no array of integers');
  }

  texts(name: string): string[] {
    const value = this.optional(name);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.fault(name, 'is no array of texts');
  }

  scalar(name: string): string | number {
    const value = this.optional(name);
    if (typeof value === 'string' || Number.isSafeInteger(value)) return value as string | number;
    throw this.fault(name, 'is neither text nor integer');
  }

  object(name: string): JsonObject {
    return new JsonObject(
      this.optional(name),
      [this.#at, name].filter(Boolean).join('.'),
      this.#file,
    );
  }

  objects(name: string): JsonObject[] {
    const value = this.optional(name);
    if (!Array.isArray(value)) throw this.fault(name, 'is no array');
    return value.map((item, i) => new JsonObject(item, `${name}[${i}]`, this.#file));
  }
}
