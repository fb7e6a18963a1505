import type { LogicalTrace } from '@sonde/components';
import { DataStreamReader } from '@sonde/ctf';
import { EventDownstream, type EventHandler, type RecordCursor } from '@sonde/trace-model';
import type { EventCounts } from './trace-info.ts';

interface Counter {
  readonly name: string;
  count: number;
}

/** Messages between two turns of the event loop. */
const turnBudget = 200_000;

/**
 * Counts the events of a trace by name. Reads all packets, one stream after the other, decoding no more than record heads.
 * @param onFault - Told about damaged packets; counting goes on with the next.
 */
export async function countEvents(
  { streams }: LogicalTrace,
  signal: AbortSignal,
  onFault: (error: Error) => void,
): Promise<EventCounts> {
  const counting = new Counting();
  let firstNs: bigint | undefined;
  let lastNs: bigint | undefined;
  for (const { stream, packets, clock } of streams) {
    const origin = { nsFromOrigin: clock?.nsFromOrigin(packets.at(0)?.beginCycles ?? 0n) ?? 0n };
    counting.beginStream();
    const reader = new DataStreamReader(stream, packets, clock, origin, counting, { onFault });
    while (reader.run(Number.POSITIVE_INFINITY, turnBudget) === 'budget') {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    if (Number.isNaN(counting.firstNs)) continue;
    const first = origin.nsFromOrigin + BigInt(counting.firstNs);
    const last = origin.nsFromOrigin + BigInt(counting.lastNs);
    if (firstNs === undefined || first < firstNs) firstNs = first;
    if (lastNs === undefined || last > lastNs) lastNs = last;
  }
  return summarise([...counting.counters.values()], firstNs, lastNs);
}

/** Times since the reader's origin; NaN: no event with a time. */
class Counting extends EventDownstream {
  readonly counters = new Map<string, Counter>();
  firstNs = Number.NaN;
  lastNs = Number.NaN;

  beginStream(): void {
    this.firstNs = Number.NaN;
    this.lastNs = Number.NaN;
  }

  override eventHandler(first: RecordCursor): EventHandler {
    const { name = '', id } = first.eventRecordClass;
    const counter = this.#counterOf(name === '' ? `(class ${id})` : name);
    if (Number.isNaN(this.firstNs)) this.firstNs = first.timeNs;
    return (cursor) => {
      counter.count++;
      this.lastNs = cursor.timeNs;
      return -1;
    };
  }

  #counterOf(name: string): Counter {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const counter = { name, count: 0 };
    this.counters.set(name, counter);
    return counter;
  }
}

function summarise(
  counters: readonly Counter[],
  firstNs: bigint | undefined,
  lastNs: bigint | undefined,
): EventCounts {
  const durationS =
    firstNs === undefined || lastNs === undefined ? 0 : Number(lastNs - firstNs) / 1e9;
  return {
    total: counters.reduce((sum, { count }) => sum + count, 0),
    ...(firstNs === undefined ? {} : { firstNs }),
    ...(lastNs === undefined ? {} : { lastNs }),
    byName: counters
      .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .map((counter) => ({
        ...counter,
        ...(durationS > 0 ? { perSecond: counter.count / durationS } : {}),
      })),
  };
}
