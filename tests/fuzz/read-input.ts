/** Reads a trace from memory as hard as it can be read: everything is indexed, stepped over and decoded, with both back ends. */
import { DecodeError, formatError, type Place, SondeError } from '@sonde/base';
import {
  type BackEnd,
  ClockConverter,
  compileProjection,
  compileView,
  DataStreamReader,
  decodeScope,
  type FileIndex,
  indexFile,
  memorySource,
  mergePackets,
  readMetadata,
} from '@sonde/ctf';
import {
  bodyScopes,
  type DataStream,
  EventDownstream,
  type EventHandler,
  type RecordCursor,
  scopeFieldClass,
  scopes,
  type Trace,
  type TraceClass,
} from '@sonde/trace-model';

export interface FuzzInput {
  readonly metadata: Uint8Array;
  readonly stream: Uint8Array;
}

export interface Outcome {
  /** `ok`, or the code of the refusal. */
  readonly result: string;
  /** The refusal in full, with its place. */
  readonly message?: string;
  /** What is wrong with the reader: an error that is not ours, or two readings that differ. */
  readonly defect?: unknown;
  readonly eventCount: number;
}

/** More events than any input has by honest means: then reading does not end. */
const maxEvents = 100_000;
const turnBudget = 10_000;

interface Reading {
  readonly backEnd: BackEnd;
  /** Null: records are stepped over. */
  readonly handler: ((cursor: RecordCursor, backEnd: BackEnd) => EventHandler) | null;
}

const decode = (): EventHandler => (cursor) => {
  for (const scope of scopes) decodeScope(cursor, scope);
  return -1;
};

/** Equal for equal values of fields. */
function exactText(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (typeof part === 'bigint') return `${part}n`;
    const isPlain = typeof part !== 'number' || (Number.isFinite(part) && !Object.is(part, -0));
    return isPlain ? part : `${part}, ${1 / part}`;
  });
}

/** All scopes of the body at once, which must be as `decodeScope` shows them. */
function project({ eventRecordClass }: RecordCursor, backEnd: BackEnd): EventHandler {
  const demands = bodyScopes
    .filter((scope) => scopeFieldClass(eventRecordClass, scope) !== undefined)
    .map((scope) => ({ scope, path: [], as: scope.replaceAll('-', '_'), wide: 'exact' as const }));
  const { read, record } = compileProjection(eventRecordClass, demands, { backEnd });
  return (cursor) => {
    const endBits = read(cursor);
    for (const { scope, as } of demands) {
      if (
        exactText((record as Record<string, unknown>)[as]) !== exactText(decodeScope(cursor, scope))
      ) {
        throw new Error(`The ${backEnd} projection of ${scope} has other values.`);
      }
    }
    return endBits;
  };
}

function view({ eventRecordClass }: RecordCursor, backEnd: BackEnd): EventHandler {
  const event = compileView(eventRecordClass, backEnd);
  return (cursor) => {
    const endBits = event.moveTo(cursor);
    const { payload } = event;
    if (payload !== undefined) {
      const shown = Object.fromEntries(Object.keys(payload).map((name) => [name, payload[name]]));
      const decoded = decodeScope(cursor, 'event-record-payload');
      if (exactText(shown) !== exactText(decoded)) {
        throw new Error(`The ${backEnd} view of the payload has other values.`);
      }
    }
    return endBits;
  };
}

const readings: readonly Reading[] = (['generated', 'closures'] as const).flatMap((backEnd) =>
  [null, decode, project, view].map((handler) => ({ backEnd, handler })),
);

class ReadAll extends EventDownstream {
  eventCount = 0;
  readonly #reading: Reading;

  constructor(reading: Reading) {
    super();
    this.#reading = reading;
  }

  override eventHandler(cursor: RecordCursor): EventHandler | null {
    const handle = this.#reading.handler?.(cursor, this.#reading.backEnd);
    if (handle === undefined) return null;
    return (record) => {
      this.eventCount++;
      return handle(record);
    };
  }

  skippedEvents(count: number): void {
    this.eventCount += count;
  }
}

export function readInput({ metadata, stream }: FuzzInput): Outcome {
  let traceClass: TraceClass;
  let file: FileIndex;
  try {
    ({ traceClass } = readMetadata(metadata, 'metadata'));
    file = indexFile(memorySource('stream', stream), traceClass);
  } catch (error) {
    return refusal(error, 0);
  }
  const [first, ...others] = readings.map((reading) => readStream(traceClass, file, reading));
  const defect = [first!, ...others].find((outcome) => outcome.defect !== undefined);
  if (defect !== undefined) return defect;
  const index = others.findIndex((other) => !agree(other, first!));
  if (index < 0) return first!;
  const { backEnd, handler } = readings[index + 1]!;
  const title = `${backEnd} ${handler?.name}: ${describe(others[index]!)}, not ${describe(first!)}`;
  return { ...first!, defect: new Error(title) };
}

/** A record that is wrong is told to handlers, but does not count as stepped over. */
function agree(outcome: Outcome, steppedOver: Outcome): boolean {
  if (outcome.message !== steppedOver.message) return false;
  const more = outcome.eventCount - steppedOver.eventCount;
  return more === 0 || (more === 1 && outcome.message !== undefined);
}

const describe = ({ eventCount, message = 'ok' }: Outcome) => `${message} (${eventCount} events)`;

function readStream(traceClass: TraceClass, file: FileIndex, reading: Reading): Outcome {
  const downstream = new ReadAll(reading);
  const { environment } = traceClass;
  const trace: Trace = { traceClass, path: 'memory', environment };
  const { dataStreamClass } = file;
  const stream: DataStream = { trace, dataStreamClass, id: 0n, idIsKnown: false, name: 'stream' };
  const clockClass = dataStreamClass.defaultClockClass;
  const clock = clockClass && new ClockConverter(clockClass);
  try {
    const { backEnd } = reading;
    const packets = mergePackets([file]);
    const origin = { nsFromOrigin: 0n };
    const reader = new DataStreamReader(stream, packets, clock, origin, downstream, { backEnd });
    while (downstream.eventCount < maxEvents) {
      if (reader.run(Number.POSITIVE_INFINITY, turnBudget) === 'end') break;
    }
    return { result: 'ok', eventCount: downstream.eventCount };
  } catch (error) {
    return refusal(error, downstream.eventCount);
  }
}

function refusal(error: unknown, eventCount: number): Outcome {
  if (!(error instanceof SondeError)) return { result: 'defect', defect: error, eventCount };
  const outcome = { result: error.code, message: formatError(error), eventCount };
  if (hasPlace(error)) return outcome;
  return { ...outcome, defect: new Error(`No place: ${error.code}: ${outcome.message}`) };
}

function hasPlace(error: SondeError): boolean {
  const known = (...names: (keyof Place)[]) =>
    names.some((name) => error.place[name] !== undefined);
  if (error.code.startsWith('empty-') && known('stream', 'path')) return true;
  if (error instanceof DecodeError) return known('stream') && known('offsetBits');
  return known('path') && known('line', 'jsonPath', 'offsetBytes');
}
