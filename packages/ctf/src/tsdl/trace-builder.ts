import type { ClockClass, DataStreamClass, EventRecordClass, TraceClass } from '@sonde/trace-model';
import {
  type EventBlock,
  type EventHead,
  parseEventBlock,
  type StreamBlock,
  type TraceBlock,
} from './blocks.ts';
import type { TsdlContext } from './context.ts';
import { isAlwaysEmpty } from './emptiness.ts';
import { lazyEventRecordClass } from './lazy-event-record-class.ts';
import { KeySlots, resolveScope, type ScopeRoots } from './locations.ts';
import {
  assignEventHeaderRoles,
  assignPacketContextRoles,
  assignPacketHeaderRoles,
  StreamClock,
} from './roles.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type MutableDataStreamClass = Mutable<DataStreamClass> & {
  eventRecordClasses: Map<bigint, EventRecordClass>;
};

/** Puts parsed blocks together to a trace class, which grows when more blocks arrive. */
export class TraceBuilder {
  readonly clockClasses: ClockClass[] = [];
  readonly environment = new Map<string, string | bigint>();
  readonly #context: TsdlContext;
  readonly #slots = new KeySlots();
  readonly #dataStreamClasses = new Map<bigint, MutableDataStreamClass>();
  /** Those whose events may be read later: none of them can decide on the clock, or have no data at all. */
  readonly #lazyStreams = new Set<DataStreamClass>();
  /** Blocks that wait for the `trace` block, or for the end of the text. */
  #streams: StreamBlock[] = [];
  #events: (EventBlock | EventHead)[] = [];
  #traceClass: Mutable<TraceClass> | undefined;

  constructor(context: TsdlContext) {
    this.#context = context;
  }

  get traceClass(): TraceClass | undefined {
    return this.#traceClass;
  }

  addTrace({ uuid, packetHeader }: TraceBlock): void {
    this.#traceClass = {
      ctfVersion: '1.8',
      ...(this.#context.isLttng && { namespace: 'lttng.org,2009' }),
      ...(uuid !== undefined && { uid: uuid, metadataStreamUuid: uuidBytes(uuid) }),
      environment: this.environment,
      clockClasses: this.clockClasses,
      ...(packetHeader && { packetHeader }),
      dataStreamClasses: this.#dataStreamClasses,
      keySlotCount: 0,
    };
    if (!packetHeader) return;
    resolveScope(this.#context, this.#slots, 'packet-header', { 'packet-header': packetHeader });
    assignPacketHeaderRoles(this.#context, packetHeader);
    for (const fieldClass of this.#context.mappedClocks.keys()) {
      if (packetHeader.members.some((member) => member.fieldClass === fieldClass)) {
        throw this.#context.error(
          'A packet header field can not be mapped to a clock.',
          this.#context.positionOf(fieldClass),
        );
      }
    }
  }

  addStream(block: StreamBlock): void {
    this.#streams.push(block);
  }

  /** A head alone: its scopes are left for later, if that makes no difference. */
  addEvent(block: EventBlock | EventHead): void {
    this.#events.push(block);
  }

  /** Adds the blocks read so far to the trace class, if there is one. */
  link(): void {
    const traceClass = this.#traceClass;
    if (!traceClass) return;
    for (const block of this.#streams) this.#linkStream(traceClass, block);
    this.#streams = [];
    for (const block of this.#events) this.#linkEvent(traceClass, block);
    if (this.#events.length > 0) {
      for (const stream of this.#dataStreamClasses.values()) this.#checkEmptiness(stream);
    }
    this.#events = [];
    traceClass.keySlotCount = this.#slots.count;
  }

  #linkStream(traceClass: TraceClass, block: StreamBlock): void {
    const { id, position, packetContext, eventHeader, eventContext } = block;
    if (this.#dataStreamClasses.has(id)) {
      throw this.#context.error(
        `Duplicate \`stream\` block with ID ${id}.`,
        position,
        'tsdl-duplicate',
      );
    }
    if (this.#dataStreamClasses.size > 0 && !hasStreamIds(traceClass)) {
      throw this.#context.error(
        'More than one `stream` block, but packet headers have no `stream_id`.',
        position,
      );
    }
    const dataStreamClass: MutableDataStreamClass = {
      id,
      ...(packetContext && { packetContext }),
      ...(eventHeader && { eventRecordHeader: eventHeader }),
      ...(eventContext && { eventRecordCommonContext: eventContext }),
      eventRecordClasses: new Map(),
      traceClass,
    };
    const roots = this.#roots(dataStreamClass);
    resolveScope(this.#context, this.#slots, 'packet-context', roots);
    resolveScope(this.#context, this.#slots, 'event-record-header', roots);
    resolveScope(this.#context, this.#slots, 'event-record-common-context', roots);
    if (packetContext) assignPacketContextRoles(this.#context, packetContext);
    if (eventHeader) assignEventHeaderRoles(this.#context, eventHeader);
    const clock = new StreamClock(this.#context, this.clockClasses);
    clock.mapExplicit(packetContext, 'timestamp_end');
    clock.mapExplicit(eventHeader);
    clock.mapExplicit(eventContext);
    clock.mapImplicit(packetContext, eventHeader);
    if (clock.clockClass) dataStreamClass.defaultClockClass = clock.clockClass;
    if (clock.clockClass && !isAlwaysEmpty(eventHeader)) this.#lazyStreams.add(dataStreamClass);
    this.#dataStreamClasses.set(id, dataStreamClass);
  }

  #roots(dataStreamClass: DataStreamClass): ScopeRoots {
    return {
      'packet-header': dataStreamClass.traceClass.packetHeader,
      'packet-context': dataStreamClass.packetContext,
      'event-record-header': dataStreamClass.eventRecordHeader,
      'event-record-common-context': dataStreamClass.eventRecordCommonContext,
    };
  }

  #linkEvent(traceClass: TraceClass, block: EventBlock | EventHead): void {
    const { id, position } = block;
    const dataStreamClass = this.#streamOf(traceClass, block);
    if (dataStreamClass.eventRecordClasses.has(id)) {
      throw this.#context.error(
        `Duplicate \`event\` block with ID ${id} in the stream with ID ${dataStreamClass.id}.`,
        position,
        'tsdl-duplicate',
      );
    }
    const isComplete = 'payload' in block;
    dataStreamClass.eventRecordClasses.set(
      id,
      isComplete || !this.#lazyStreams.has(dataStreamClass)
        ? this.#eventRecordClass(dataStreamClass, isComplete ? block : this.#completed(block))
        : lazyEventRecordClass(dataStreamClass, block, () =>
            this.#eventRecordClass(dataStreamClass, this.#completed(block)),
          ),
    );
  }

  #completed({ position }: EventHead): EventBlock {
    return this.#context.detour(position + 'event'.length, () =>
      parseEventBlock(this.#context, position),
    );
  }

  #eventRecordClass(dataStreamClass: MutableDataStreamClass, block: EventBlock): EventRecordClass {
    if (block.needsLinking) this.#linkScopes(dataStreamClass, block);
    const { id, name, logLevel, emfUri, specificContext, payload } = block;
    return {
      id,
      ...(name !== undefined && { name }),
      ...(logLevel && { logLevel }),
      ...(emfUri && { emfUri }),
      ...(specificContext && { specificContext }),
      ...(payload && { payload }),
      dataStreamClass,
    };
  }

  #linkScopes(
    dataStreamClass: MutableDataStreamClass,
    { specificContext, payload }: EventBlock,
  ): void {
    const roots: ScopeRoots = {
      ...this.#roots(dataStreamClass),
      'event-record-specific-context': specificContext,
      'event-record-payload': payload,
    };
    resolveScope(this.#context, this.#slots, 'event-record-specific-context', roots);
    resolveScope(this.#context, this.#slots, 'event-record-payload', roots);
    if (this.#traceClass) this.#traceClass.keySlotCount = this.#slots.count;
    const { defaultClockClass } = dataStreamClass;
    const clock = new StreamClock(this.#context, this.clockClasses, defaultClockClass);
    clock.mapExplicit(specificContext);
    clock.mapExplicit(payload);
    if (clock.clockClass) dataStreamClass.defaultClockClass = clock.clockClass;
  }

  /** Finds events whose records could have no data at all. */
  #checkEmptiness({
    eventRecordHeader,
    eventRecordCommonContext,
    ...stream
  }: DataStreamClass): void {
    if (!isAlwaysEmpty(eventRecordHeader) || !isAlwaysEmpty(eventRecordCommonContext)) return;
    for (const { id, specificContext, payload } of stream.eventRecordClasses.values()) {
      if (!isAlwaysEmpty(specificContext) || !isAlwaysEmpty(payload)) continue;
      this.#context.tolerate(
        `Records of event ${id} in the stream with ID ${stream.id} would have no data.`,
        0,
      );
    }
  }

  /** Without any `stream` block, the stream with ID 0 exists and has no scopes. */
  #streamOf(traceClass: TraceClass, { streamId, position }: EventHead): MutableDataStreamClass {
    const id = streamId ?? 0n;
    const known = this.#dataStreamClasses.get(id);
    if (known) return known;
    const [first, second] = this.#dataStreamClasses.values();
    if (first || id !== 0n) {
      const message = `There is no \`stream\` block with ID ${id} for this event.`;
      if (!first || second || streamId !== undefined) throw this.#context.error(message, position);
      this.#context.tolerate(message, position);
      return first;
    }
    const implicit: MutableDataStreamClass = { id, eventRecordClasses: new Map(), traceClass };
    this.#dataStreamClasses.set(id, implicit);
    return implicit;
  }
}

function hasStreamIds({ packetHeader }: TraceClass): boolean {
  return (packetHeader?.members ?? []).some(
    ({ fieldClass }) => 'roles' in fieldClass && fieldClass.roles?.includes('data-stream-class-id'),
  );
}

function uuidBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
