import type { Attributes, ClockClass, ClockOrigin, LogLevel } from '@sonde/trace-model';
import { formatUuid, readAttributes, readUuid } from './common-properties.ts';
import type { JsonObjectReader, JsonReader } from './json-reader.ts';

/** In the order of LTTng's numbers 0 to 14. */
export const logLevels: readonly LogLevel[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug:system',
  'debug:program',
  'debug:process',
  'debug:module',
  'debug:unit',
  'debug:function',
  'debug:line',
  'debug',
];

/** Namespaces that the tracers put log levels and EMF URIs in. */
const attributeNamespaces = ['lttng.org,2009', 'babeltrace.org,2020'];

/** Identity of a class: all optional. */
export function readIdentity(object: JsonObjectReader): {
  namespace?: string;
  name?: string;
  uid?: string;
} {
  const namespace = object.optionalString('namespace');
  const name = object.optionalString('name');
  const uid = object.optionalString('uid') ?? oldUuid(object);
  return {
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
  };
}

/** Release candidates: `uuid` of trace and clock classes, which became `uid`. */
function oldUuid(object: JsonObjectReader): string | undefined {
  const reader = object.isLenient ? object.optional('uuid') : undefined;
  return reader && formatUuid(readUuid(reader));
}

/** @throws MetadataError for values that are neither strings nor integers. */
export function readEnvironment(reader: JsonReader): Map<string, string | bigint> {
  const environment = new Map<string, string | bigint>();
  for (const [name, entry] of reader.object().entries()) {
    const { value } = entry;
    if (value.type === 'string' || value.type === 'integer') environment.set(name, value.value);
    else entry.fail('Expecting a string or an integer.');
  }
  return environment;
}

/** CTF2-SPEC-2.0, "Clock class fragment". */
export function readClockClass(object: JsonObjectReader): ClockClass {
  const identity = readIdentity(object);
  const id = readClockId(object, identity.name);
  const description = object.optionalString('description');
  const frequency = object.required('frequency');
  const frequencyHz = frequency.unsigned();
  if (frequencyHz === 0n) frequency.fail('Integer 0 is too small: expecting at least 1.');
  const precisionCycles = object.optional('precision')?.unsigned();
  const accuracyCycles = object.optional('accuracy')?.unsigned();
  const origin = object.optional('origin');
  return {
    id,
    ...identity,
    ...(description !== undefined && { description }),
    frequencyHz,
    ...readOffset(object.optional('offset-from-origin'), frequencyHz),
    ...(precisionCycles !== undefined && { precisionCycles }),
    ...(accuracyCycles !== undefined && { accuracyCycles }),
    ...(origin && { origin: readOrigin(origin) }),
    ...readAttributes(object),
  };
}

/** Release candidates: clock classes have only a name. */
function readClockId(object: JsonObjectReader, name: string | undefined): string {
  const id = object.isLenient ? object.optionalString('id') : undefined;
  if (id !== undefined) return id;
  return object.isLenient && name !== undefined ? name : object.required('id').string();
}

function readOffset(reader: JsonReader | undefined, frequencyHz: bigint) {
  if (!reader) return { offsetSeconds: 0n, offsetCycles: 0n };
  const object = reader.object();
  const offsetSeconds = object.optional('seconds')?.signed() ?? 0n;
  const cycles = object.optional('cycles');
  const offsetCycles = cycles?.unsigned() ?? 0n;
  if (offsetCycles >= frequencyHz) {
    cycles?.fail(`${offsetCycles} cycles are a second or more at ${frequencyHz} Hz.`);
  }
  object.rejectOtherProperties();
  return { offsetSeconds, offsetCycles };
}

function readOrigin(reader: JsonReader): ClockOrigin {
  if (reader.value.type === 'string') return reader.oneOf(['unix-epoch'] as const);
  const object = reader.object();
  const namespace = object.optionalString('namespace');
  const name = object.required('name').string();
  const uid = object.required('uid').string();
  object.rejectOtherProperties();
  return { ...(namespace !== undefined && { namespace }), name, uid };
}

/** Log level and EMF URI of an event record class, from the attributes of LTTng and Babeltrace; odd values count as absent. */
export function readTracerAttributes(attributes: Attributes | undefined): {
  logLevel?: LogLevel;
  emfUri?: string;
} {
  const result: { logLevel?: LogLevel; emfUri?: string } = {};
  for (const namespace of attributeNamespaces) {
    const own = attributes?.[namespace];
    if (own === null || typeof own !== 'object' || Array.isArray(own)) continue;
    const values = own as Attributes;
    const logLevel = logLevels.find((level) => level === values['log-level']);
    if (logLevel) result.logLevel ??= logLevel;
    const uri = values['emf-uri'];
    if (typeof uri === 'string' && uri !== '') result.emfUri ??= uri;
  }
  return result;
}
