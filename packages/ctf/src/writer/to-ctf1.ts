/**
 * CTF 2 trace classes in CTF 1.8's terms. The trees keep their shape (members, options and elements stay in place), so that records
 * can be copied field by field; only how a field lies in the packet may change.
 */
import { UsageError } from '@sonde/base';
import type {
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  StructureFieldClass,
  TraceClass,
} from '@sonde/trace-model';
import { visitFieldClasses } from '../field-class-tree.ts';
import { formatUuid } from '../json/common-properties.ts';
import type { KeyFieldClass } from '../resolve-locations.ts';
import { Ctf1FieldConverter, type ReportChange } from './ctf1-fields.ts';
import { isIdentifier } from './ctf1-names.ts';
import { TagLabels } from './ctf1-selectors.ts';
import { type KeyMap, keyMapOf, scopesOf } from './key-map.ts';

/** Something that CTF 1.8 has no word for, and what it becomes. */
export interface Ctf1Change {
  /** What changes, in words: `the field \`a.b\` (event-record-payload of event record class \`x\`)`. */
  readonly subject: string;
  /** What happens to it. */
  readonly what: string;
  /** The text of records is not the same. */
  readonly isVisible: boolean;
}

export interface Ctf1Options {
  /**
   * Accepts visible changes: booleans, bit arrays and bit maps become integers, BLOBs arrays of bytes, optional fields variants,
   * selectors get the labels that variants need. Without it, they are refused.
   */
  readonly approximate?: boolean;
  readonly onChange?: (change: Ctf1Change) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The trace class that CTF 1.8 can express: all new objects, slots as they were. Trace classes read from CTF 1.8 stay the same. Not
 * visible: variable-length integers get 64 bits, bits their natural order, arrays the alignment of their elements, the UUID's BLOB
 * is an array; header fields are renamed so that their roles have the reserved names; namespaces, attributes and identities that
 * CTF 1.8 has no place for go.
 * @throws UsageError naming the field that CTF 1.8 can't express
 */
export function toCtf1(traceClass: TraceClass, options: Ctf1Options = {}): TraceClass {
  return new Ctf1Converter(traceClass, options).convert();
}

class Ctf1Converter {
  readonly #source: TraceClass;
  readonly #options: Ctf1Options;
  readonly #keys: KeyMap;
  readonly #labels = new TagLabels();
  readonly #roots = new Map<StructureFieldClass, StructureFieldClass>();
  readonly #clocks = new Map<ClockClass, ClockClass>();

  constructor(source: TraceClass, options: Ctf1Options) {
    this.#source = source;
    this.#options = options;
    this.#keys = keyMapOf(source);
  }

  convert(): TraceClass {
    this.#planLabels();
    this.#convertScopes();
    this.#convertClocks();
    const source = this.#source;
    const dataStreamClasses = new Map<bigint, DataStreamClass>();
    const uuid = this.#uuid();
    const target: TraceClass = {
      ctfVersion: '1.8',
      ...this.#namespace('the trace class', source),
      ...uuid,
      environment: this.#environment(),
      clockClasses: [...this.#clocks.values()],
      ...this.#scope('packetHeader', source.packetHeader),
      dataStreamClasses,
      keySlotCount: source.keySlotCount,
    };
    for (const [id, dataStreamClass] of source.dataStreamClasses) {
      dataStreamClasses.set(id, this.#dataStreamClass(dataStreamClass, target));
    }
    return target;
  }

  readonly #report: ReportChange = (subject, what, isVisible) => {
    if (isVisible && !this.#options.approximate) {
      throw new UsageError('not-ctf-1.8', `CTF 1.8 can't express ${subject}: ${what}.`);
    }
    this.#options.onChange?.({ subject, what, isVisible });
  };

  /** Tags come before what depends on them, which decides their labels. */
  #planLabels(): void {
    const plan = (fieldClass: FieldClass): void => {
      if (fieldClass.type !== 'variant' && fieldClass.type !== 'optional') return;
      const [key] = this.#keys.get(fieldClass.keySlot) ?? [];
      if (!key) return;
      if (fieldClass.type === 'variant') this.#labels.planVariant(fieldClass, key as KeyFieldClass);
      else this.#labels.planOptional(fieldClass, key as KeyFieldClass);
    };
    for (const { root } of scopesOf(this.#source)) visitFieldClasses(root, plan);
  }

  #convertScopes(): void {
    for (const scope of scopesOf(this.#source)) {
      const context = { scope, keys: this.#keys, labels: this.#labels, report: this.#report };
      this.#roots.set(scope.root, new Ctf1FieldConverter(context).convertRoot());
    }
  }

  #scope<Name extends string>(name: Name, root: StructureFieldClass | undefined) {
    const converted = root && this.#roots.get(root);
    return (converted ? { [name]: converted } : {}) as { [N in Name]?: StructureFieldClass };
  }

  /** LTTng's namespace is implied by its environment; others, and names, have no place. */
  #namespace(subject: string, { namespace, name, attributes }: TraceClass) {
    const implied = this.#isLttng() ? 'lttng.org,2009' : undefined;
    if (namespace !== implied) this.#drop(subject, 'namespace', namespace);
    if (name) this.#drop(subject, 'name', name);
    if (attributes) this.#drop(subject, 'attributes');
    return implied === undefined ? {} : { namespace: implied };
  }

  #isLttng(): boolean {
    const tracer = this.#source.environment.get('tracer_name');
    return typeof tracer === 'string' && tracer.startsWith('lttng');
  }

  #drop(subject: string, property: string, value?: string): void {
    const shown = value === undefined ? '' : ` (\`${value}\`)`;
    const verb = property === 'attributes' ? 'are' : 'is';
    this.#report(subject, `its ${property}${shown} ${verb} left out`, false);
  }

  /** In CTF 1.8, the trace's identity is what packets have too. */
  #uuid(): { uid?: string; metadataStreamUuid?: Uint8Array } {
    const { uid, metadataStreamUuid } = this.#source;
    if (uid !== undefined && isUuid(uid)) return { uid, metadataStreamUuid: uuidBytes(uid) };
    if (uid !== undefined) this.#drop('the trace class', 'UID', uid);
    if (!metadataStreamUuid) return {};
    return { uid: formatUuid(metadataStreamUuid), metadataStreamUuid };
  }

  #environment(): Map<string, string | bigint> {
    const environment = new Map<string, string | bigint>();
    for (const [name, value] of this.#source.environment) {
      const subject = `the environment entry \`${name}\``;
      if (!/^[A-Za-z_][\w.]*$/.test(name)) {
        this.#report(subject, 'its name is no identifier, it is left out', true);
      } else if (typeof value === 'bigint' && value >= 2n ** 63n) {
        this.#report(subject, 'it is no signed 64-bit integer, it becomes a string', true);
        environment.set(name, String(value));
      } else {
        environment.set(name, value);
      }
    }
    return environment;
  }

  #convertClocks(): void {
    const names = new Set<string>();
    const all = this.#source.clockClasses;
    for (const [index, clockClass] of all.entries()) {
      const candidates = [clockClass.name ?? clockClass.id, clockClass.id, `clock_${index}`];
      const isFree = (name: string) => !names.has(name) && isIdentifier(name);
      let name = this.#isImplicit(clockClass) ? '' : candidates.find(isFree);
      for (let i = 1; name === undefined; i++) {
        const next = `clock_${index}_${i}`;
        if (isFree(next)) name = next;
      }
      names.add(name);
      this.#clocks.set(clockClass, this.#clockClass(clockClass, name));
    }
  }

  /** The clock that CTF 1.8 readers invent for timestamps in a trace without clocks. */
  #isImplicit(clockClass: ClockClass): boolean {
    const isFromCtf1 = this.#source.ctfVersion === '1.8' && this.#source.clockClasses.length === 1;
    return isFromCtf1 && clockClass.id === '' && clockClass.name === undefined;
  }

  #clockClass(source: ClockClass, name: string): ClockClass {
    const subject = `the clock class \`${source.id}\``;
    const { namespace, uid, description, accuracyCycles, origin, attributes } = source;
    if (namespace !== undefined) this.#drop(subject, 'namespace', namespace);
    if (accuracyCycles !== undefined) this.#drop(subject, 'accuracy');
    if (attributes) this.#drop(subject, 'attributes');
    if (typeof origin === 'object') this.#drop(subject, 'origin', origin.name);
    if (uid !== undefined && !isUuid(uid)) this.#drop(subject, 'UID', uid);
    // In CTF 1.8, a precision that nobody gives is 0.
    const { frequencyHz, offsetSeconds, offsetCycles, precisionCycles = 0n } = source;
    return {
      id: name,
      // The implicit clock of CTF 1.8 has no name.
      ...(name !== '' && { name }),
      ...(uid !== undefined && isUuid(uid) && { uid }),
      ...(description !== undefined && { description }),
      frequencyHz,
      offsetSeconds,
      offsetCycles,
      precisionCycles,
      ...(this.#countsFromEpoch(source, name) && { origin: 'unix-epoch' }),
    };
  }

  /** Readers take LTTng's monotonic clock to count from the Unix epoch, whatever CTF 1.8 says. */
  #countsFromEpoch({ origin }: ClockClass, name: string): boolean {
    if (origin === 'unix-epoch') return true;
    if (!this.#isLttng() || name !== 'monotonic') return false;
    this.#report(`the clock class \`${name}\``, 'its origin becomes the Unix epoch', false);
    return true;
  }

  #dataStreamClass(source: DataStreamClass, traceClass: TraceClass): DataStreamClass {
    const subject = `the data stream class ${source.id}`;
    for (const property of ['namespace', 'name', 'uid'] as const) {
      if (source[property] !== undefined) this.#drop(subject, property, source[property]);
    }
    if (source.attributes) this.#drop(subject, 'attributes');
    const eventRecordClasses = new Map<bigint, EventRecordClass>();
    const clock = source.defaultClockClass;
    const defaultClockClass = clock && this.#clocks.get(clock);
    const target: Mutable<DataStreamClass> = {
      id: source.id,
      ...(defaultClockClass && { defaultClockClass }),
      ...this.#scope('packetContext', source.packetContext),
      ...this.#scope('eventRecordHeader', source.eventRecordHeader),
      ...this.#scope('eventRecordCommonContext', source.eventRecordCommonContext),
      eventRecordClasses,
      traceClass,
    };
    for (const [id, eventRecordClass] of source.eventRecordClasses) {
      eventRecordClasses.set(id, this.#eventRecordClass(eventRecordClass, target));
    }
    return target;
  }

  #eventRecordClass(source: EventRecordClass, dataStreamClass: DataStreamClass): EventRecordClass {
    const { id, name, namespace, uid, logLevel, emfUri } = source;
    const subject = `the event record class \`${name ?? id}\``;
    if (namespace !== undefined) this.#drop(subject, 'namespace', namespace);
    if (uid !== undefined) this.#drop(subject, 'UID', uid);
    if (source.attributes) this.#drop(subject, 'attributes');
    return {
      id,
      ...(name !== undefined && { name }),
      ...(logLevel && { logLevel }),
      ...(emfUri !== undefined && { emfUri }),
      ...this.#scope('specificContext', source.specificContext),
      ...this.#scope('payload', source.payload),
      dataStreamClass,
    };
  }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function uuidBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
