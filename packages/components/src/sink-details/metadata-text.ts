import type {
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  LogLevel,
  Scope,
  StructureFieldClass,
  TraceClass,
} from '@sonde/trace-model';
import { keyPlacesOf, streamFeaturesOf, visibleScope } from '../trace-ir.ts';
import type { DetailsOptions } from './details-options.ts';
import type { DetailsWriter } from './details-writer.ts';
import { FieldClassText } from './field-class-text.ts';
import { formatDecimal } from './number-format.ts';
import { writeUserAttributes } from './value-text.ts';

const logLevelNames: Record<LogLevel, string> = {
  emergency: 'Emergency',
  alert: 'Alert',
  critical: 'Critical',
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
  info: 'Info',
  'debug:system': 'Debug (system)',
  'debug:program': 'Debug (program)',
  'debug:process': 'Debug (process)',
  'debug:module': 'Debug (module)',
  'debug:unit': 'Debug (unit)',
  'debug:function': 'Debug (function)',
  'debug:line': 'Debug (line)',
  debug: 'Debug',
};

const scopeTitles: Partial<Record<Scope, string>> = {
  'packet-context': 'Packet context field class',
  'event-record-common-context': 'Event common context field class',
  'event-record-specific-context': 'Specific context field class',
  'event-record-payload': 'Payload field class',
};

function sortedById<Class extends { readonly id: bigint }>(classes: Iterable<Class>): Class[] {
  return [...classes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Writes trace classes, data stream classes and event record classes, each one once. */
export class MetadataText {
  readonly #out: DetailsWriter;
  readonly #options: DetailsOptions;
  readonly #written = new WeakSet<TraceClass | DataStreamClass | EventRecordClass>();
  readonly #fieldClassTexts = new WeakMap<TraceClass, FieldClassText>();

  constructor(out: DetailsWriter, options: DetailsOptions) {
    this.#out = out;
    this.#options = options;
  }

  isWritten(metadata: TraceClass | DataStreamClass | EventRecordClass): boolean {
    return this.#written.has(metadata);
  }

  /** With everything in it. */
  writeTraceClass(traceClass: TraceClass): void {
    const out = this.#out;
    this.#written.add(traceClass);
    out.object('Trace class');
    out.text(':');
    out.nested(() => {
      writeUserAttributes(out, traceClass.attributes);
      for (const dataStreamClass of sortedById(traceClass.dataStreamClasses.values())) {
        out.newLine();
        this.writeStreamClass(dataStreamClass);
      }
    });
  }

  /** With its event record classes. */
  writeStreamClass(dataStreamClass: DataStreamClass): void {
    const out = this.#out;
    this.#written.add(dataStreamClass);
    out.object('Stream class');
    if (this.#options.withStreamClassName && dataStreamClass.name !== undefined) {
      out.text(' `');
      out.bold(dataStreamClass.name);
      out.text('`');
    }
    out.text(' (');
    if (this.#options.withStreamClassNamespace) this.#namespace(dataStreamClass.namespace);
    if (this.#options.withUid) this.#uid(dataStreamClass.uid);
    out.text('ID ');
    out.bold(String(dataStreamClass.id));
    out.text('):');
    out.nested(() => this.#streamClassBody(dataStreamClass));
  }

  writeEventClass(eventRecordClass: EventRecordClass): void {
    const out = this.#out;
    const { name, logLevel, emfUri, specificContext, payload } = eventRecordClass;
    this.#written.add(eventRecordClass);
    out.object('Event class');
    if (name !== undefined) {
      out.text(' `');
      out.colored(out.colors.green, name);
      out.text('`');
    }
    out.text(' (');
    this.#namespace(eventRecordClass.namespace);
    if (this.#options.withUid) this.#uid(eventRecordClass.uid);
    out.text('ID ');
    out.bold(String(eventRecordClass.id));
    out.text('):');
    out.nested(() => {
      writeUserAttributes(out, eventRecordClass.attributes);
      if (logLevel !== undefined) out.propertyText('Log level', logLevelNames[logLevel]);
      if (emfUri !== undefined) out.propertyText('EMF URI', emfUri);
      const { traceClass } = eventRecordClass.dataStreamClass;
      this.#scope('event-record-specific-context', specificContext, traceClass);
      this.#scope('event-record-payload', payload, traceClass);
    });
  }

  #namespace(namespace: string | undefined): void {
    if (namespace === undefined) return;
    this.#out.text('Namespace `');
    this.#out.bold(namespace);
    this.#out.text('`, ');
  }

  #uid(uid: string | undefined): void {
    if (uid === undefined) return;
    this.#out.text('UID `');
    this.#out.bold(uid);
    this.#out.text('`, ');
  }

  #streamClassBody(dataStreamClass: DataStreamClass): void {
    const out = this.#out;
    const features = streamFeaturesOf(dataStreamClass);
    const { defaultClockClass, traceClass } = dataStreamClass;
    writeUserAttributes(out, dataStreamClass.attributes);
    out.propertyFlag('Supports packets', true);
    out.propertyFlag(
      'Packets have beginning default clock snapshot',
      features.packetsHaveBeginTime,
    );
    out.propertyFlag('Packets have end default clock snapshot', features.packetsHaveEndTime);
    out.propertyFlag('Supports discarded events', features.countsDiscardedEvents);
    if (features.countsDiscardedEvents) {
      out.propertyFlag(
        'Discarded events have default clock snapshots',
        features.discardedEventsHaveTimes,
      );
    }
    out.propertyFlag('Supports discarded packets', features.countsDiscardedPackets);
    if (features.countsDiscardedPackets) {
      out.propertyFlag(
        'Discarded packets have default clock snapshots',
        features.discardedPacketsHaveTimes,
      );
    }
    if (defaultClockClass !== undefined) {
      out.property('Default clock class');
      out.text(':');
      out.nested(() => this.writeClockClass(defaultClockClass, traceClass.ctfVersion));
    }
    this.#scope('packet-context', dataStreamClass.packetContext, traceClass);
    this.#scope(
      'event-record-common-context',
      dataStreamClass.eventRecordCommonContext,
      traceClass,
    );
    for (const eventRecordClass of sortedById(dataStreamClass.eventRecordClasses.values())) {
      out.newLine();
      this.writeEventClass(eventRecordClass);
    }
  }

  /** What a clock class tells. CTF 1.8 has a default precision, and a name for the clock nobody declared. */
  writeClockClass(clockClass: ClockClass, ctfVersion: TraceClass['ctfVersion']): void {
    const out = this.#out;
    const isCtf1 = ctfVersion === '1.8';
    const { namespace, uid, description, accuracyCycles, origin } = clockClass;
    const name = clockClass.name ?? (isCtf1 ? clockClass.id || 'default' : undefined);
    const precisionCycles = clockClass.precisionCycles ?? (isCtf1 ? 0n : undefined);
    writeUserAttributes(out, clockClass.attributes);
    if (namespace !== undefined) out.propertyText('Namespace', namespace);
    if (name !== undefined) out.propertyText('Name', name);
    if (uid !== undefined && this.#options.withUid) out.propertyText('UID', uid);
    if (description !== undefined) out.propertyText('Description', description);
    out.propertyText('Frequency (Hz)', formatDecimal(clockClass.frequencyHz));
    if (precisionCycles !== undefined) {
      out.propertyText('Precision (cycles)', formatDecimal(precisionCycles));
    }
    if (accuracyCycles !== undefined) {
      out.propertyText('Accuracy (cycles)', formatDecimal(accuracyCycles));
    }
    out.propertyText('Offset from origin (s)', formatDecimal(clockClass.offsetSeconds));
    out.propertyText('Offset from origin (cycles)', formatDecimal(clockClass.offsetCycles));
    if (origin === 'unix-epoch') {
      out.propertyText('Origin', 'Unix epoch');
    } else if (origin !== undefined) {
      out.property('Origin');
      out.text(':');
      out.nested(() => {
        if (origin.namespace !== undefined) out.propertyText('Namespace', origin.namespace);
        out.propertyText('Name', origin.name);
        out.propertyText('UID', origin.uid);
      });
    }
  }

  #scope(scope: Scope, fieldClass: StructureFieldClass | undefined, traceClass: TraceClass): void {
    const visible = visibleScope(fieldClass);
    if (visible === undefined) return;
    this.#out.property(scopeTitles[scope]!);
    this.#out.text(': ');
    this.#fieldClassText(traceClass).writeScope(visible, scope);
  }

  #fieldClassText(traceClass: TraceClass): FieldClassText {
    let text = this.#fieldClassTexts.get(traceClass);
    if (text === undefined) {
      text = new FieldClassText(this.#out, keyPlacesOf(traceClass));
      this.#fieldClassTexts.set(traceClass, text);
    }
    return text;
  }
}
