import type {
  Attributes,
  AttributeValue,
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  Scope,
  TraceClass,
} from '@sonde/trace-model';
import { readTracerAttributes } from '../json/fragment-properties.ts';
import { JsonFieldClassWriter } from './json-field-class.ts';
import { formatJson, type JsonOutput } from './json-text-writer.ts';
import { keyMapOf, type ScopeOf, scopesOf } from './key-map.ts';

type Properties = { readonly [name: string]: JsonOutput | undefined };

/** What scopes are called in fragments. */
const scopeProperties: Readonly<Record<Scope, string>> = {
  'packet-header': 'packet-header-field-class',
  'packet-context': 'packet-context-field-class',
  'event-record-header': 'event-record-header-field-class',
  'event-record-common-context': 'event-record-common-context-field-class',
  'event-record-specific-context': 'specific-context-field-class',
  'event-record-payload': 'payload-field-class',
};

/**
 * Writes a trace class as CTF 2 metadata: data streams of `traceClass` can be read with it as they are. Of CTF 1.8 trace classes
 * only this is lost: names before escaping, `encoding` of plain integers, clock mappings outside packet contexts and event record
 * headers.
 * @throws UsageError naming the field that CTF 2 can't express (from odd CTF 1.8 only)
 */
export function writeJsonMetadata(traceClass: TraceClass): Uint8Array {
  const scopeOutputs = writeScopes(traceClass);
  const fragments = [preamble(traceClass), traceFragment(traceClass, scopeOutputs)];
  for (const clockClass of traceClass.clockClasses) fragments.push(clockFragment(clockClass));
  for (const dataStreamClass of traceClass.dataStreamClasses.values()) {
    fragments.push(dataStreamFragment(dataStreamClass, scopeOutputs));
    for (const eventRecordClass of dataStreamClass.eventRecordClasses.values()) {
      fragments.push(eventRecordFragment(eventRecordClass, scopeOutputs));
    }
  }
  const text = fragments.map((fragment) => `\x1e${formatJson(fragment)}\n`).join('');
  return new TextEncoder().encode(text);
}

/** Field class properties by what they belong to. */
type ScopeOutputs = ReadonlyMap<TraceClass | DataStreamClass | EventRecordClass, Properties>;

function writeScopes(traceClass: TraceClass): ScopeOutputs {
  const keys = keyMapOf(traceClass);
  const hasMetadataUuid = traceClass.metadataStreamUuid !== undefined;
  const outputs = new Map<TraceClass | DataStreamClass | EventRecordClass, Properties>();
  for (const scope of scopesOf(traceClass)) {
    const owner = ownerOf(scope, traceClass);
    const writer = new JsonFieldClassWriter(scope, keys, hasMetadataUuid);
    const property = scopeProperties[scope.scope];
    outputs.set(owner, { ...outputs.get(owner), [property]: writer.write(scope.root) });
  }
  return outputs;
}

function ownerOf({ eventRecordClass, dataStreamClass }: ScopeOf, traceClass: TraceClass) {
  return eventRecordClass ?? dataStreamClass ?? traceClass;
}

function preamble({ metadataStreamUuid }: TraceClass): Properties {
  return {
    type: 'preamble',
    version: 2n,
    uuid: metadataStreamUuid && Array.from(metadataStreamUuid, BigInt),
  };
}

function identity({
  namespace,
  name,
  uid,
  attributes,
}: TraceClass | DataStreamClass | EventRecordClass | ClockClass): Properties {
  return { namespace, name, uid, attributes };
}

function traceFragment(traceClass: TraceClass, scopes: ScopeOutputs): Properties {
  const { environment } = traceClass;
  return {
    type: 'trace-class',
    ...identity(traceClass),
    environment: environment.size > 0 ? environment : undefined,
    ...scopes.get(traceClass),
  };
}

function clockFragment(clockClass: ClockClass): Properties {
  const { origin, offsetSeconds, offsetCycles } = clockClass;
  return {
    type: 'clock-class',
    id: clockClass.id,
    ...identity(clockClass),
    description: clockClass.description,
    frequency: clockClass.frequencyHz,
    precision: clockClass.precisionCycles,
    accuracy: clockClass.accuracyCycles,
    origin: typeof origin === 'object' ? { ...origin } : origin,
    'offset-from-origin': { seconds: offsetSeconds, cycles: offsetCycles },
  };
}

function dataStreamFragment(dataStreamClass: DataStreamClass, scopes: ScopeOutputs): Properties {
  return {
    type: 'data-stream-class',
    id: dataStreamClass.id,
    ...identity(dataStreamClass),
    'default-clock-class-id': dataStreamClass.defaultClockClass?.id,
    ...scopes.get(dataStreamClass),
  };
}

function eventRecordFragment(eventRecordClass: EventRecordClass, scopes: ScopeOutputs): Properties {
  return {
    type: 'event-record-class',
    id: eventRecordClass.id,
    'data-stream-class-id': eventRecordClass.dataStreamClass.id,
    ...identity(eventRecordClass),
    attributes: tracerAttributes(eventRecordClass),
    ...scopes.get(eventRecordClass),
  };
}

const tracerNamespace = 'lttng.org,2009';

/** The attributes, with log level and EMF URI added where they don't say them. */
function tracerAttributes({
  attributes,
  logLevel,
  emfUri,
}: EventRecordClass): Attributes | undefined {
  const said = readTracerAttributes(attributes);
  if (said.logLevel === logLevel && said.emfUri === emfUri) return attributes;
  const own = attributes?.[tracerNamespace];
  const values: { [name: string]: AttributeValue } = { ...asObject(own) };
  if (logLevel !== undefined) values['log-level'] = logLevel;
  if (emfUri !== undefined) values['emf-uri'] = emfUri;
  return { ...attributes, [tracerNamespace]: values };
}

function asObject(value: AttributeValue | undefined): Attributes {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Attributes) : {};
}
