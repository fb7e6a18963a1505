import type { LogicalTrace } from '@sonde/components';
import { DataStreamReader } from '@sonde/ctf';
import type { Downstream, EventHandler, RecordCursor } from '@sonde/trace-model';
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
  const counters = new Map<string, Counter>();
  const downstream = countingDownstream(counters);
  let firstNs: bigint | undefined;
  let lastNs: bigint | undefined;
  for (const { stream, packets, clock } of streams) {
    const origin = { nsFromOrigin: clock?.nsFromOrigin(packets[0]?.beginCycles ?? 0n) ?? 0n };
    const reader = new DataStreamReader(stream, packets, clock, origin, downstream, { onFault });
    while (reader.run(Number.POSITIVE_INFINITY, turnBudget) === 'budget') {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    const absolute = (ns: number) =>
      Number.isFinite(ns) ? origin.nsFromOrigin + BigInt(ns) : undefined;
    const [first, last] = [absolute(reader.firstEventNs), absolute(reader.lastEventNs)];
    if (first !== undefined && (firstNs === undefined || first < firstNs)) firstNs = first;
    if (last !== undefined && (lastNs === undefined || last > lastNs)) lastNs = last;
  }
  return summarise([...counters.values()], firstNs, lastNs);
}

function countingDownstream(counters: Map<string, Counter>): Downstream {
  const ignore = () => {};
  return {
    eventHandler: (cursor: RecordCursor): EventHandler => {
      const { name = '', id } = cursor.eventRecordClass;
      const shown = name === '' ? `(class ${id})` : name;
      let counter = counters.get(shown);
      if (counter === undefined) {
        counter = { name: shown, count: 0 };
        counters.set(shown, counter);
      }
      const mine = counter;
      return () => {
        mine.count++;
        return -1;
      };
    },
    streamBeginning: ignore,
    streamEnd: ignore,
    packetBeginning: ignore,
    packetEnd: ignore,
    discardedEvents: ignore,
    discardedPackets: ignore,
    inactivity: ignore,
  };
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
