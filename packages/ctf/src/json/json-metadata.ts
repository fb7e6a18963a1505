import { MetadataError, type Place } from '@sonde/base';
import type {
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  Scope,
  StructureFieldClass,
  TraceClass,
} from '@sonde/trace-model';
import { type MetadataLimits, type MetadataOptions, metadataLimits } from '../metadata-options.ts';
import { LocationResolver, type ScopeRoots } from '../resolve-locations.ts';
import { checkRoles, hasRole, type RoleContext } from './check-roles.ts';
import { readAttributes, readUuid } from './common-properties.ts';
import { FieldClassFactory } from './field-class-factory.ts';
import {
  readClockClass,
  readEnvironment,
  readIdentity,
  readTracerAttributes,
} from './fragment-properties.ts';
import { FragmentSplitter } from './fragment-splitter.ts';
import { type JsonDocument, type JsonObjectReader, JsonReader } from './json-reader.ts';
import { type JsonSource, parseJsonText } from './json-text.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface GrowingDataStreamClass extends DataStreamClass {
  readonly eventRecordClasses: Map<bigint, EventRecordClass>;
}

const fragmentTypes = [
  'preamble',
  'field-class-alias',
  'trace-class',
  'clock-class',
  'data-stream-class',
  'event-record-class',
] as const;

/** JSON levels of one nested field class (array, object, object), and of the fragment around them. */
const jsonLevelsPerFieldClass = 3;
const jsonLevelsAround = 16;

/** CTF 2 metadata which arrives in parts (live). The same trace class grows with each part. */
export class JsonMetadata {
  readonly #options: MetadataOptions;
  readonly #limits: MetadataLimits;
  readonly #splitter: FragmentSplitter;
  readonly #factory: FieldClassFactory;
  readonly #resolver = new LocationResolver((fieldClass, message) =>
    this.#factory.fail(fieldClass, message, 'bad-field-location'),
  );
  readonly #clockClasses: ClockClass[] = [];
  readonly #dataStreamClasses = new Map<bigint, GrowingDataStreamClass>();
  readonly #traceClass: Mutable<TraceClass>;
  #fragmentCount = 0;
  #hasTraceClass = false;

  constructor(options: MetadataOptions = {}) {
    this.#options = options;
    this.#limits = metadataLimits(options);
    this.#splitter = new FragmentSplitter(this.#limits.textLength);
    this.#factory = new FieldClassFactory(this.#limits);
    this.#traceClass = {
      ctfVersion: '2.0',
      environment: new Map(),
      clockClasses: this.#clockClasses,
      dataStreamClasses: this.#dataStreamClasses,
      keySlotCount: 0,
    };
  }

  /** What has been read so far. Always the same object. */
  get traceClass(): TraceClass {
    return this.#traceClass;
  }

  /**
   * Reads the fragments that are complete, which are those with another one after them; the last one waits for more bytes.
   * @throws MetadataError; nothing more can be read then.
   */
  append(bytes: Uint8Array): void {
    for (const source of this.#splitter.append(bytes)) this.#readFragment(source);
  }

  /** Reads the last fragment: the bytes so far are whole fragments. @throws MetadataError */
  flush(): void {
    const source = this.#splitter.flush();
    if (source) this.#readFragment(source);
  }

  /** Reads the last fragment. @throws MetadataError also when something mandatory is missing. */
  finish(): TraceClass {
    this.flush();
    const fail = (what: string) => {
      const message = `The metadata stream has no ${what} fragment.`;
      throw new MetadataError('missing-fragment', message, this.#splitter.endPlace);
    };
    if (this.#fragmentCount === 0) fail('preamble');
    if (this.#dataStreamClasses.size === 0) {
      if (!this.#hasTraceClass) fail('data stream class');
      this.#options.warn?.('The metadata stream has no data stream class fragment.');
    }
    return this.#traceClass;
  }

  #readFragment(source: JsonSource): void {
    const maxNesting = this.#limits.nestingDepth * jsonLevelsPerFieldClass + jsonLevelsAround;
    const document: JsonDocument = {
      source,
      isLenient: this.#options.lenient === true,
      warn: (message, place) => this.#warn(message, place),
    };
    const value = parseJsonText(source, maxNesting);
    const reader = new JsonReader(value, document, `fragments[${this.#fragmentCount}]`);
    const object = reader.object();
    const typeReader = object.required('type');
    const type = typeReader.oneOf(fragmentTypes);
    if ((type === 'preamble') !== (this.#fragmentCount === 0)) {
      const message =
        type === 'preamble'
          ? 'Only the first fragment is a preamble.'
          : 'The first fragment must be a preamble.';
      typeReader.fail(message, 'misplaced-fragment');
    }
    this.#fragmentCount++;
    switch (type) {
      case 'preamble':
        this.#readPreamble(object);
        break;
      case 'field-class-alias':
        this.#factory.addAlias(object.required('name'), object.required('field-class'));
        readAttributes(object);
        break;
      case 'trace-class':
        this.#readTraceClass(object);
        break;
      case 'clock-class':
        this.#readClockClass(object);
        break;
      case 'data-stream-class':
        this.#readDataStreamClass(object);
        break;
      case 'event-record-class':
        this.#readEventRecordClass(object);
    }
    object.rejectOtherProperties();
    this.#traceClass.keySlotCount = this.#resolver.slots.count;
  }

  #warn(message: string, { line, column, jsonPath }: Place): void {
    this.#options.warn?.(`${message} (line ${line}:${column}, ${jsonPath})`);
  }

  #readPreamble(object: JsonObjectReader): void {
    const version = object.required('version');
    if (version.unsigned() !== 2n) {
      version.fail('Unsupported major version of CTF: expecting 2.', 'unsupported-version');
    }
    const uuid = object.optional('uuid');
    if (uuid) this.#traceClass.metadataStreamUuid = readUuid(uuid);
    readAttributes(object);
  }

  #readTraceClass(object: JsonObjectReader): void {
    if (this.#hasTraceClass) {
      object.reader.fail('Duplicate trace class fragment.', 'duplicate-fragment');
    }
    if (this.#dataStreamClasses.size > 0) {
      const message = 'A trace class fragment must come before the data stream class fragments.';
      object.reader.fail(message, 'misplaced-fragment');
    }
    this.#hasTraceClass = true;
    const environment = object.optional('environment');
    const packetHeader = this.#readScope(object, 'packet-header-field-class');
    Object.assign(this.#traceClass, {
      ...readIdentity(object),
      ...readAttributes(object),
      ...(environment && { environment: readEnvironment(environment) }),
      ...(packetHeader && { packetHeader }),
    });
    this.#link(['packet-header'], { 'packet-header': packetHeader }, undefined);
  }

  #readClockClass(object: JsonObjectReader): void {
    const clockClass = readClockClass(object);
    if (this.#clockClasses.some(({ id }) => id === clockClass.id)) {
      object.reader.fail(`Duplicate clock class with ID \`${clockClass.id}\`.`, 'duplicate-id');
    }
    this.#clockClasses.push(clockClass);
  }

  #readDataStreamClass(object: JsonObjectReader): void {
    const id = object.optional('id')?.unsigned() ?? 0n;
    if (this.#dataStreamClasses.has(id)) {
      object.reader.fail(`Duplicate data stream class with ID ${id}.`, 'duplicate-id');
    }
    const { packetHeader } = this.#traceClass;
    if (this.#dataStreamClasses.size > 0 && !hasRole(packetHeader, 'data-stream-class-id')) {
      const message = 'A second data stream class, but packet headers hold no class ID.';
      object.reader.fail(message, 'missing-id-field');
    }
    const defaultClockClass = this.#readDefaultClock(object);
    const packetContext = this.#readScope(object, 'packet-context-field-class');
    const header = this.#readScope(object, 'event-record-header-field-class');
    const common = this.#readScope(object, 'event-record-common-context-field-class');
    const dataStreamClass: GrowingDataStreamClass = {
      id,
      ...readIdentity(object),
      ...readAttributes(object),
      ...(defaultClockClass && { defaultClockClass }),
      ...(packetContext && { packetContext }),
      ...(header && { eventRecordHeader: header }),
      ...(common && { eventRecordCommonContext: common }),
      eventRecordClasses: new Map(),
      traceClass: this.#traceClass,
    };
    this.#link(
      ['packet-context', 'event-record-header', 'event-record-common-context'],
      rootsOf(dataStreamClass),
      defaultClockClass,
    );
    this.#dataStreamClasses.set(id, dataStreamClass);
  }

  #readDefaultClock(object: JsonObjectReader): ClockClass | undefined {
    const reader =
      object.optional('default-clock-class-id') ??
      (object.isLenient ? object.optional('default-clock-class-name') : undefined);
    if (!reader) return undefined;
    const wanted = reader.string();
    return (
      this.#clockClasses.find(({ id }) => id === wanted) ??
      reader.fail(`Cannot find clock class with ID \`${wanted}\`.`, 'unknown-clock')
    );
  }

  #readEventRecordClass(object: JsonObjectReader): void {
    const id = object.optional('id')?.unsigned() ?? 0n;
    const streamIdReader = object.optional('data-stream-class-id');
    const streamId = streamIdReader?.unsigned() ?? 0n;
    const dataStreamClass =
      this.#dataStreamClasses.get(streamId) ??
      (streamIdReader ?? object.reader).fail(
        `Cannot find data stream class with ID ${streamId}.`,
        'unknown-data-stream-class',
      );
    if (dataStreamClass.eventRecordClasses.has(id)) {
      object.reader.fail(
        `Duplicate event record class with ID ${id} in the data stream class with ID ${streamId}.`,
        'duplicate-id',
      );
    }
    const attributes = readAttributes(object);
    const specificContext = this.#readScope(object, 'specific-context-field-class');
    const payload = this.#readScope(object, 'payload-field-class');
    this.#link(
      ['event-record-specific-context', 'event-record-payload'],
      {
        ...rootsOf(dataStreamClass),
        'event-record-specific-context': specificContext,
        'event-record-payload': payload,
      },
      dataStreamClass.defaultClockClass,
    );
    dataStreamClass.eventRecordClasses.set(id, {
      id,
      ...readIdentity(object),
      ...attributes,
      ...readTracerAttributes(attributes.attributes),
      ...(specificContext && { specificContext }),
      ...(payload && { payload }),
      dataStreamClass,
    });
  }

  #readScope(object: JsonObjectReader, property: string): StructureFieldClass | undefined {
    const reader = object.optional(property);
    return reader && this.#factory.readStructure(reader);
  }

  /** Checks the roles and resolves the locations of new scopes. */
  #link(scopes: readonly Scope[], roots: ScopeRoots, clockClass: ClockClass | undefined): void {
    const context: RoleContext = {
      factory: this.#factory,
      isLenient: this.#options.lenient === true,
      hasMetadataUuid: this.#traceClass.metadataStreamUuid !== undefined,
      hasDefaultClock: clockClass !== undefined,
    };
    for (const scope of scopes) {
      checkRoles(scope, roots[scope], context);
      this.#resolver.resolveScope(scope, roots);
    }
  }
}

function rootsOf(dataStreamClass: DataStreamClass): ScopeRoots {
  return {
    'packet-header': dataStreamClass.traceClass.packetHeader,
    'packet-context': dataStreamClass.packetContext,
    'event-record-header': dataStreamClass.eventRecordHeader,
    'event-record-common-context': dataStreamClass.eventRecordCommonContext,
  };
}
