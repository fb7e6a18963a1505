/** Counts events that came too late to be handed on in order. */
import { type OpenedTraces, runIterator } from '@sonde/components';
import {
  type DataStream,
  EventDownstream,
  type EventHandler,
  type RecordCursor,
} from '@sonde/trace-model';

/** Nothing but how many events of some data streams there are after a time that each has. */
class LateCounter extends EventDownstream {
  readonly #afterNs: ReadonlyMap<DataStream, bigint>;
  count = 0;

  /** @param afterNs - By stream, from the clocks' origin. */
  constructor(afterNs: ReadonlyMap<DataStream, bigint>) {
    super();
    this.#afterNs = afterNs;
  }

  override eventHandler({ stream }: RecordCursor): EventHandler | null {
    const afterNs = this.#afterNs.get(stream);
    if (afterNs === undefined) return null;
    return (cursor) => {
      if ((cursor.clockSnapshot()?.nsFromOrigin ?? afterNs) > afterNs) this.count++;
      return -1;
    };
  }
}

/** How many events the streams have after their own time up to `endNs`. */
export async function countLateEvents(
  traces: OpenedTraces,
  afterNs: ReadonlyMap<DataStream, bigint>,
  endNs: bigint,
): Promise<number> {
  let begin = endNs;
  for (const ns of afterNs.values()) if (ns < begin) begin = ns;
  const counter = new LateCounter(afterNs);
  await runIterator(traces.iterate(counter, { begin, end: endNs }));
  return counter.count;
}
