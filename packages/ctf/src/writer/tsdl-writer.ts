import type {
  ByteOrder,
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  FieldClass,
  TraceClass,
} from '@sonde/trace-model';
import { childFieldClasses } from '../field-class-tree.ts';
import { hasRole } from '../json/check-roles.ts';
import { formatUuid } from '../json/common-properties.ts';
import { logLevels } from '../json/fragment-properties.ts';
import { type ScopeOf, scopesOf } from './key-map.ts';
import { KeyPaths, scopePrefixes } from './tsdl-paths.ts';
import { quoted, TsdlText } from './tsdl-text.ts';
import { TsdlTypeWriter } from './tsdl-types.ts';

/**
 * Writes a trace class as CTF 1.8 metadata (TSDL, CTF 1.8.3 §7): one that was read from CTF 1.8, or that `toCtf1` made. Data streams
 * of `traceClass` can be read with the text as they are.
 * @param warn - Receives a sentence for what other readers may not like.
 * @throws UsageError naming the field that CTF 1.8 can't express
 */
export function writeTsdl(traceClass: TraceClass, warn?: (message: string) => void): string {
  return new TsdlWriter(traceClass, warn).write();
}

class TsdlWriter {
  readonly #traceClass: TraceClass;
  readonly #warn: ((message: string) => void) | undefined;
  readonly #out = new TsdlText();
  readonly #paths: KeyPaths;
  readonly #scopes: ScopeOf[];
  readonly #scopesByOwner = new Map<ScopeOwner, ScopeOf[]>();

  constructor(traceClass: TraceClass, warn: ((message: string) => void) | undefined) {
    this.#traceClass = traceClass;
    this.#warn = warn;
    this.#paths = new KeyPaths(traceClass);
    this.#scopes = [...scopesOf(traceClass)];
    for (const scope of this.#scopes) {
      const owner = scope.eventRecordClass ?? scope.dataStreamClass ?? traceClass;
      const known = this.#scopesByOwner.get(owner);
      if (known) known.push(scope);
      else this.#scopesByOwner.set(owner, [scope]);
    }
  }

  write(): string {
    const { environment, clockClasses, dataStreamClasses } = this.#traceClass;
    this.#out.line('/* CTF 1.8 */');
    this.#trace();
    if (environment.size > 0) this.#environment();
    for (const clockClass of clockClasses) {
      if (!isImplicit(clockClass)) this.#clock(clockClass);
    }
    for (const dataStreamClass of dataStreamClasses.values()) this.#dataStream(dataStreamClass);
    for (const dataStreamClass of dataStreamClasses.values()) {
      for (const eventRecordClass of dataStreamClass.eventRecordClasses.values()) {
        this.#eventRecord(eventRecordClass);
      }
    }
    return this.#out.toString();
  }

  #block(head: string, body: () => void): void {
    this.#out.line('');
    this.#out.block(head, ';', body);
  }

  #attribute(name: string, value: string | bigint | number): void {
    this.#out.line(`${name} = ${value};`);
  }

  #trace(): void {
    const { uid, metadataStreamUuid } = this.#traceClass;
    const uuid = metadataStreamUuid ? formatUuid(metadataStreamUuid) : uid;
    this.#block('trace', () => {
      this.#attribute('major', 1);
      this.#attribute('minor', 8);
      if (uuid !== undefined) this.#attribute('uuid', quoted(uuid));
      this.#attribute('byte_order', this.#nativeByteOrder() === 'big-endian' ? 'be' : 'le');
      this.#scopesOf(this.#traceClass);
    });
  }

  /** That of the first field that has one. Fields always say their own. */
  #nativeByteOrder(): ByteOrder {
    for (const { root } of this.#scopes) {
      const byteOrder = firstByteOrder(root);
      if (byteOrder) return byteOrder;
    }
    return 'little-endian';
  }

  #environment(): void {
    this.#block('env', () => {
      for (const [name, value] of this.#traceClass.environment) {
        this.#attribute(name, typeof value === 'string' ? quoted(value) : value);
      }
    });
  }

  #clock(clockClass: ClockClass): void {
    this.#block('clock', () => {
      this.#attribute('name', quoted(clockClass.id));
      if (clockClass.uid !== undefined) this.#attribute('uuid', quoted(clockClass.uid));
      if (clockClass.description !== undefined) {
        this.#attribute('description', quoted(clockClass.description));
      }
      this.#attribute('freq', clockClass.frequencyHz);
      if (clockClass.precisionCycles !== undefined) {
        this.#attribute('precision', clockClass.precisionCycles);
      }
      this.#attribute('offset_s', clockClass.offsetSeconds);
      this.#attribute('offset', clockClass.offsetCycles);
      if (clockClass.origin === 'unix-epoch') this.#attribute('absolute', 'true');
    });
  }

  #dataStream(dataStreamClass: DataStreamClass): void {
    this.#block('stream', () => {
      if (this.#hasId(dataStreamClass)) this.#attribute('id', dataStreamClass.id);
      this.#scopesOf(dataStreamClass);
    });
  }

  /** Its ID is in the text. */
  #hasId({ id }: DataStreamClass): boolean {
    return id !== 0n || hasRole(this.#traceClass.packetHeader, 'data-stream-class-id');
  }

  #eventRecord(eventRecordClass: EventRecordClass): void {
    const { id, name, logLevel, emfUri, dataStreamClass } = eventRecordClass;
    const hasIds =
      id !== 0n ||
      dataStreamClass.eventRecordClasses.size > 1 ||
      hasRole(dataStreamClass.eventRecordHeader, 'event-record-class-id');
    this.#block('event', () => {
      if (name !== undefined) this.#attribute('name', quoted(name));
      else this.#warn?.(`Event record class ${id} has no name; other readers may want one.`);
      if (hasIds) this.#attribute('id', id);
      if (this.#hasId(dataStreamClass)) this.#attribute('stream_id', dataStreamClass.id);
      if (logLevel !== undefined) this.#attribute('loglevel', logLevels.indexOf(logLevel));
      if (emfUri !== undefined) this.#attribute('model.emf.uri', quoted(emfUri));
      this.#scopesOf(eventRecordClass);
    });
  }

  /** The scopes which are declared in one block. */
  #scopesOf(owner: ScopeOwner): void {
    for (const scope of this.#scopesByOwner.get(owner) ?? []) {
      const clockClass = scope.dataStreamClass?.defaultClockClass;
      const writer = new TsdlTypeWriter({
        scope,
        paths: this.#paths,
        out: this.#out,
        clockClass: clockClass && !isImplicit(clockClass) ? clockClass : undefined,
      });
      writer.writeRoot(scopePrefixes[scope.scope].replace(/^(trace|stream|event)\./, ''));
    }
  }
}

type ScopeOwner = TraceClass | DataStreamClass | EventRecordClass;

/** The clock of timestamps in a trace without a `clock` block: their names tell what they are. */
function isImplicit(clockClass: ClockClass): boolean {
  return clockClass.id === '';
}

function firstByteOrder(fieldClass: FieldClass): ByteOrder | undefined {
  if ('byteOrder' in fieldClass) return fieldClass.byteOrder;
  for (const child of childFieldClasses(fieldClass)) {
    const byteOrder = firstByteOrder(child);
    if (byteOrder) return byteOrder;
  }
  return undefined;
}
