import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  Scope,
} from '@sonde/trace-model';
import type { OpenUpstream } from './component.ts';
import type { EventMessage, Message, PlainValue } from './message.ts';

/** How a scope of the current record becomes a plain value: `decodeScope` of `@sonde/ctf`. */
export type DecodeScope = (cursor: RecordCursor, scope: Scope) => PlainValue;

const batchBudget = 1024;

/**
 * Opens an iterator and gives what it delivers as plain objects, in batches, exact. Closes the iterator when the consumer stops.
 * @param isWanted - Asked once per event record class and stream; records of other classes are stepped over.
 */
export async function* collectMessages(
  open: OpenUpstream,
  decodeScope: DecodeScope,
  isWanted: (cursor: RecordCursor) => boolean = () => true,
): AsyncGenerator<readonly Message[], void, undefined> {
  const collector = new MessageCollector(decodeScope, isWanted);
  const iterator = open(collector);
  let failure: { readonly error: unknown } | undefined;
  try {
    for (;;) {
      let status: ReturnType<typeof iterator.run> = 'end';
      try {
        status = iterator.run(Number.POSITIVE_INFINITY, batchBudget);
      } catch (error) {
        failure = { error };
      }
      const batch = collector.take();
      if (batch.length > 0) yield batch;
      if (failure !== undefined) throw failure.error;
      if (status === 'end' || status === 'limit') return;
      if (status === 'again') await iterator.ready?.();
    }
  } finally {
    iterator.close();
  }
}

/** A downstream that turns calls into `Message` objects. */
export class MessageCollector implements Downstream {
  #messages: Message[] = [];
  readonly #decodeScope: DecodeScope;
  readonly #isWanted: (cursor: RecordCursor) => boolean;
  #contextOf: Packet | undefined;
  #packetContext: PlainValue;

  constructor(decodeScope: DecodeScope, isWanted: (cursor: RecordCursor) => boolean = () => true) {
    this.#decodeScope = decodeScope;
    this.#isWanted = isWanted;
  }

  /** The messages since the last call; they are the caller's. */
  take(): Message[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  eventHandler(cursor: RecordCursor): EventHandler | null {
    if (!this.#isWanted(cursor)) return null;
    return (current) => {
      this.#messages.push(this.#eventMessage(current));
      return -1;
    };
  }

  streamBeginning(stream: DataStream): void {
    this.#messages.push({ type: 'stream-beginning', stream });
  }

  streamEnd(stream: DataStream): void {
    this.#messages.push({ type: 'stream-end', stream });
  }

  packetBeginning(packet: Packet): void {
    this.#messages.push({ type: 'packet-beginning', packet });
  }

  packetEnd(packet: Packet): void {
    this.#messages.push({ type: 'packet-end', packet });
  }

  discardedEvents(discarded: Discarded): void {
    this.#messages.push({ type: 'discarded-events', ...discarded });
  }

  discardedPackets(discarded: Discarded): void {
    this.#messages.push({ type: 'discarded-packets', ...discarded });
  }

  inactivity(time: ClockSnapshot): void {
    this.#messages.push({ type: 'inactivity', time });
  }

  #eventMessage(cursor: RecordCursor): EventMessage {
    const { packet, eventRecordClass } = cursor;
    if (this.#contextOf !== packet) {
      this.#contextOf = packet;
      this.#packetContext = this.#decodeScope(cursor, 'packet-context');
    }
    const time = cursor.clockSnapshot();
    const commonContext = this.#decodeScope(cursor, 'event-record-common-context');
    const specificContext = this.#decodeScope(cursor, 'event-record-specific-context');
    const payload = this.#decodeScope(cursor, 'event-record-payload');
    return {
      type: 'event',
      packet,
      eventRecordClass,
      ...(time !== undefined && { time }),
      ...(this.#packetContext !== undefined && { packetContext: this.#packetContext }),
      ...(commonContext !== undefined && { commonContext }),
      ...(specificContext !== undefined && { specificContext }),
      ...(payload !== undefined && { payload }),
    };
  }
}
