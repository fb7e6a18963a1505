import { assertNever } from '@sonde/base';
import type {
  DataStream,
  Downstream,
  MessageIterator,
  RunStatus,
  TimeOrigin,
} from '@sonde/trace-model';
import type { Source } from './component.ts';
import { type EncodeRecord, EventDelivery } from './event-delivery.ts';
import type { Message } from './message.ts';
import { rankOf, streamOf, timeOf } from './message-facts.ts';

export interface MessageSourceOptions {
  readonly encodeRecord: EncodeRecord;
  /** See `Source.earliestNs`. */
  readonly earliestNs?: bigint;
}

type MessageBatches = Iterable<readonly Message[]> | AsyncIterable<readonly Message[]>;

/**
 * A source with the output port `out` from a generator of message batches, for plugins that would rather yield objects than
 * write a `MessageIterator`. The messages must be in the order that `Downstream` wants. Exact and slow: each event is
 * encoded for the handlers downstream.
 */
export function sourceFromMessages(batches: MessageBatches, options: MessageSourceOptions): Source {
  return {
    outputPorts: [{ name: 'out' }],
    earliestNs: options.earliestNs,
    open: (_port, origin, downstream) =>
      new BatchIterator(batches, origin, downstream, options.encodeRecord),
    close() {},
  };
}

class BatchIterator implements MessageIterator {
  /** Before the first batch the time is unknown: due at once. */
  headTimeNs = Number.NEGATIVE_INFINITY;
  headRank = 0;
  headStream: DataStream | undefined;
  readonly #downstream: Downstream;
  readonly #origin: TimeOrigin;
  readonly #delivery: EventDelivery;
  readonly #sync: Iterator<readonly Message[]> | undefined;
  readonly #async: AsyncIterator<readonly Message[]> | undefined;
  #batch: readonly Message[] = [];
  #position = 0;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    batches: MessageBatches,
    origin: TimeOrigin,
    downstream: Downstream,
    encodeRecord: EncodeRecord,
  ) {
    this.#downstream = downstream;
    this.#origin = origin;
    this.#delivery = new EventDelivery(origin, downstream, encodeRecord);
    if (Symbol.iterator in batches) this.#sync = batches[Symbol.iterator]();
    else this.#async = batches[Symbol.asyncIterator]();
  }

  run(limitNs: number, budget: number): RunStatus {
    for (let count = 0; count < budget; ) {
      const message = this.#batch[this.#position];
      if (message === undefined) {
        const status = this.#nextBatch();
        if (status !== undefined) return status;
        continue;
      }
      if (this.headTimeNs >= limitNs) return 'limit';
      this.#position++;
      this.#deliver(message);
      this.#updateHead();
      count++;
    }
    return 'budget';
  }

  async ready(): Promise<void> {
    if (this.#async === undefined || this.#isOver) return;
    try {
      this.#take(await this.#async.next());
    } catch (error) {
      // Thrown by the next `run`, where the graph expects errors.
      this.#failure = { error };
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#sync?.return?.();
    void this.#async?.return?.();
  }

  /** Undefined: there may be messages now. */
  #nextBatch(): 'again' | 'end' | undefined {
    if (this.#failure !== undefined) {
      this.#isOver = true;
      throw this.#failure.error;
    }
    if (this.#isOver) {
      this.#delivery.end();
      return 'end';
    }
    if (this.#sync === undefined) return 'again';
    this.#take(this.#sync.next());
    return undefined;
  }

  #take(result: IteratorResult<readonly Message[]>): void {
    this.#isOver = result.done === true;
    this.#batch = result.done === true ? [] : result.value;
    this.#position = 0;
    this.#updateHead();
  }

  #updateHead(): void {
    const message = this.#batch[this.#position];
    if (message === undefined) {
      this.headTimeNs = this.#isOver ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      if (this.#isOver) this.headStream = undefined;
      return;
    }
    const time = timeOf(message);
    this.headTimeNs =
      time === undefined
        ? Number.NEGATIVE_INFINITY
        : Number(time.nsFromOrigin - this.#origin.nsFromOrigin);
    this.headRank = rankOf(message);
    this.headStream = streamOf(message);
  }

  #deliver(message: Message): void {
    switch (message.type) {
      case 'stream-beginning':
        this.#downstream.streamBeginning(message.stream);
        break;
      case 'packet-beginning':
        this.#delivery.packetBeginning(message.packet);
        break;
      case 'event':
        this.#delivery.event(message);
        break;
      case 'discarded-events':
        this.#downstream.discardedEvents(message);
        break;
      case 'discarded-packets':
        this.#downstream.discardedPackets(message);
        break;
      case 'packet-end':
        this.#downstream.packetEnd(message.packet);
        break;
      case 'stream-end':
        this.#downstream.streamEnd(message.stream);
        break;
      case 'inactivity':
        this.#downstream.inactivity(message.time);
        break;
      default:
        assertNever(message);
    }
  }
}
