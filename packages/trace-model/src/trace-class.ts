import type { Attributes, Scope, StructureFieldClass } from './field-class.ts';

/** What a clock's cycles count from. `undefined` where it is used: unknown. */
export type ClockOrigin =
  | 'unix-epoch'
  | { readonly namespace?: string; readonly name: string; readonly uid: string };

/** CTF 1.8.3 §8; CTF2-SPEC-2.0, "Clock class fragment". Time (s) from origin = offset + cycles / frequency. */
export interface ClockClass {
  /** CTF 2: the `id`; CTF 1.8: the name. Unique in the trace class; empty for CTF 1.8's implicit clock. */
  readonly id: string;
  readonly namespace?: string;
  readonly name?: string;
  /** CTF 1.8: the UUID in its canonical text form. */
  readonly uid?: string;
  readonly description?: string;
  /** 1 to 2^64 - 1. */
  readonly frequencyHz: bigint;
  readonly offsetSeconds: bigint;
  /** 0 ≤ offsetCycles < frequencyHz. */
  readonly offsetCycles: bigint;
  readonly precisionCycles?: bigint;
  readonly accuracyCycles?: bigint;
  readonly origin?: ClockOrigin;
  readonly attributes?: Attributes;
}

/** Severities of LTTng, by number 0 to 14, in the words of CTF 2's `log-level` attribute. */
export type LogLevel =
  | 'emergency'
  | 'alert'
  | 'critical'
  | 'error'
  | 'warning'
  | 'notice'
  | 'info'
  | 'debug:system'
  | 'debug:program'
  | 'debug:process'
  | 'debug:module'
  | 'debug:unit'
  | 'debug:function'
  | 'debug:line'
  | 'debug';

export interface EventRecordClass {
  /** Unique in its data stream class; 0 to 2^64 - 1. */
  readonly id: bigint;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly logLevel?: LogLevel;
  readonly emfUri?: string;
  readonly specificContext?: StructureFieldClass;
  readonly payload?: StructureFieldClass;
  readonly attributes?: Attributes;
  /** The data stream class it belongs to. */
  readonly dataStreamClass: DataStreamClass;
}

export interface DataStreamClass {
  /** Unique in its trace class; 0 to 2^64 - 1. */
  readonly id: bigint;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly attributes?: Attributes;
  readonly defaultClockClass?: ClockClass;
  readonly packetContext?: StructureFieldClass;
  readonly eventRecordHeader?: StructureFieldClass;
  readonly eventRecordCommonContext?: StructureFieldClass;
  /** In metadata order. Grows only when more metadata arrives (live). */
  readonly eventRecordClasses: ReadonlyMap<bigint, EventRecordClass>;
  readonly traceClass: TraceClass;
}

/** Everything the metadata says. Immutable once read, but for what live metadata adds. */
export interface TraceClass {
  readonly ctfVersion: '1.8' | '2.0';
  readonly namespace?: string;
  readonly name?: string;
  /** CTF 1.8: the trace UUID in its canonical text form. */
  readonly uid?: string;
  /** What `metadata-stream-uuid` fields of packet headers must hold: 16 bytes. */
  readonly metadataStreamUuid?: Uint8Array;
  readonly attributes?: Attributes;
  /** In metadata order. */
  readonly environment: ReadonlyMap<string, string | bigint>;
  /** In metadata order. */
  readonly clockClasses: readonly ClockClass[];
  readonly packetHeader?: StructureFieldClass;
  /** In metadata order. */
  readonly dataStreamClasses: ReadonlyMap<bigint, DataStreamClass>;
  /** Number of key slots that fields of this trace class save values in (see `keySlots` of field classes). */
  readonly keySlotCount: number;
}

/** The root structure of `scope` for records of `eventRecordClass`, or `undefined` where there is none. */
export function scopeFieldClass(
  eventRecordClass: EventRecordClass,
  scope: Scope,
): StructureFieldClass | undefined {
  const { dataStreamClass } = eventRecordClass;
  switch (scope) {
    case 'packet-header':
      return dataStreamClass.traceClass.packetHeader;
    case 'packet-context':
      return dataStreamClass.packetContext;
    case 'event-record-header':
      return dataStreamClass.eventRecordHeader;
    case 'event-record-common-context':
      return dataStreamClass.eventRecordCommonContext;
    case 'event-record-specific-context':
      return eventRecordClass.specificContext;
    case 'event-record-payload':
      return eventRecordClass.payload;
  }
}
