import type {
  ClockClass,
  DataStreamClass,
  EventRecordClass,
  StructureFieldClass,
  TraceClass,
} from '@sonde/trace-model';
import {
  type EventBlock,
  parseDeferredScope,
  type StreamBlock,
  type TraceBlock,
} from './blocks.ts';
import type { TsdlContext } from './context.ts';
import { isAlwaysEmpty } from './emptiness.ts';
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
  /** Blocks that wait for the `trace` block, or for the end of the text. */
  #streams: StreamBlock[] = [];
  #events: EventBlock[] = [];
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

  addEvent(block: EventBlock): void {
    this.#events.push(block);
  }

  /** Adds the blocks read so far to the trace class, if there is one. */
  link(): void {
    const traceClass = this.#traceClass;
    if (!traceClass) return;
    for (const block of this.#streams) this.#linkStream(traceClass, block);
    this.#streams = [];
    for (const block of this.#events) this.#linkEvent(traceClass, block);
    for (const block of this.#events) this.#checkNotEmpty(traceClass, block);
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

  #linkEvent(traceClass: TraceClass, block: EventBlock): void {
    const { id, position } = block;
    const dataStreamClass = this.#streamOf(traceClass, block);
    if (dataStreamClass.eventRecordClasses.has(id)) {
      throw this.#context.error(
        `Duplicate \`event\` block with ID ${id} in the stream with ID ${dataStreamClass.id}.`,
        position,
        'tsdl-duplicate',
      );
    }
    const attributes = {
      id,
      ...(block.name !== undefined && { name: block.name }),
      ...(block.logLevel && { logLevel: block.logLevel }),
      ...(block.emfUri && { emfUri: block.emfUri }),
      dataStreamClass,
    };
    const isDeferred =
      typeof block.specificContext === 'number' || typeof block.payload === 'number';
    dataStreamClass.eventRecordClasses.set(
      id,
      isDeferred && this.#canDefer(dataStreamClass)
        ? lazyEventRecordClass(attributes, () => this.#scopesOf(dataStreamClass, block))
        : { ...attributes, ...this.#scopesOf(dataStreamClass, block) },
    );
  }

  /** Later is too late where an event could decide on the stream's clock, or has to be shown to hold data. */
  #canDefer({ defaultClockClass, eventRecordHeader }: DataStreamClass): boolean {
    return defaultClockClass !== undefined && !isAlwaysEmpty(eventRecordHeader);
  }

  /** The scopes of an event, resolved. */
  #scopesOf(dataStreamClass: MutableDataStreamClass, block: EventBlock): EventScopes {
    const specificContext = this.#scope(block, block.specificContext);
    const payload = this.#scope(block, block.payload);
    const roots: ScopeRoots = {
      ...this.#roots(dataStreamClass),
      'event-record-specific-context': specificContext,
      'event-record-payload': payload,
    };
    resolveScope(this.#context, this.#slots, 'event-record-specific-context', roots);
    resolveScope(this.#context, this.#slots, 'event-record-payload', roots);
    if (this.#traceClass) this.#traceClass.keySlotCount = this.#slots.count;
    const clock = new StreamClock(
      this.#context,
      this.clockClasses,
      dataStreamClass.defaultClockClass,
    );
    clock.mapExplicit(specificContext);
    clock.mapExplicit(payload);
    if (clock.clockClass) dataStreamClass.defaultClockClass = clock.clockClass;
    return { ...(specificContext && { specificContext }), ...(payload && { payload }) };
  }

  #scope(
    { typeNames }: EventBlock,
    scope: StructureFieldClass | number | undefined,
  ): StructureFieldClass | undefined {
    return typeof scope === 'number' ? parseDeferredScope(this.#context, scope, typeNames) : scope;
  }

  #checkNotEmpty(traceClass: TraceClass, block: EventBlock): void {
    const { eventRecordHeader, eventRecordCommonContext, ...stream } = this.#streamOf(
      traceClass,
      block,
    );
    if (!isAlwaysEmpty(eventRecordHeader) || !isAlwaysEmpty(eventRecordCommonContext)) return;
    const event = stream.eventRecordClasses.get(block.id);
    if (!isAlwaysEmpty(event?.specificContext) || !isAlwaysEmpty(event?.payload)) return;
    this.#context.tolerate(
      `Records of event ${block.id} in the stream with ID ${stream.id} would have no data.`,
      0,
    );
  }

  /** Without any `stream` block, the stream with ID 0 exists and has no scopes. */
  #streamOf(traceClass: TraceClass, { streamId, position }: EventBlock): MutableDataStreamClass {
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

type EventScopes = Pick<EventRecordClass, 'specificContext' | 'payload'>;

/** An event record class whose scopes are read when somebody asks for them: of a kernel's events few are in a trace. */
function lazyEventRecordClass(
  attributes: Omit<EventRecordClass, keyof EventScopes>,
  read: () => EventScopes,
): EventRecordClass {
  let scopes: EventScopes | undefined;
  const known = () => (scopes ??= read());
  return {
    ...attributes,
    get specificContext() {
      return known().specificContext;
    },
    get payload() {
      return known().payload;
    },
  } as EventRecordClass;
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
