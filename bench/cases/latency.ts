/**
 * The latency tracker, a case a process: `node latency.cjs CASE [TRACE]` prints one line of JSON. Pairs are on 1024 keys in turn, 64
 * of them pending at once.
 */
import { Session } from 'node:inspector';
import { openTrace, runIterator } from '@sonde/components';
import { createLatencyTracker, findTracker, StreamingSession } from '@sonde/latency-tracker';

const pairCount = 2_000_000;
const pendingCount = 64;
const keyMask = 1023;

/** In here no number is an object. */
const times = new Float64Array(1);
let clockNs = 0;
/** Printed, so that nothing can be left out. */
let sum = 0;
/** A clock that costs next to nothing: what remains is the tracker. */
const fakeClock = (): number => {
  clockNs += 50;
  return clockNs;
};

type Pairs = (begin: (key: number) => void, end: (key: number) => void) => void;

const pairs: Pairs = (begin, end) => {
  for (let i = 0; i < pairCount; i++) {
    begin(i & keyMask);
    end((i - pendingCount) & keyMask);
  }
};

function withTracker(
  now?: () => number,
  keyOf: (key: number) => unknown = (key) => key,
): () => void {
  const tracker = createLatencyTracker({ threshold: '1s', ...(now === undefined ? {} : { now }) });
  return () =>
    pairs(
      (key) => tracker.eventIn(keyOf(key)),
      (key) => tracker.eventOut(keyOf(key)),
    );
}

const texts = Array.from({ length: keyMask + 1 }, (_, i) => `request-${i}`);

const apiCases: { readonly [name: string]: () => () => void } = {
  'numbers, time apart': () => withTracker(fakeClock),
  'numbers, with the clock': () => withTracker(),
  'texts, time apart': () => withTracker(fakeClock, (key) => texts[key]),
  'texts, with the clock': () => withTracker(undefined, (key) => texts[key]),
  'the clock alone, read twice (`process.hrtime`)': () => {
    const { hrtime } = process;
    const now = (): number => {
      const time = hrtime();
      return time[0] * 1e9 + time[1];
    };
    return () =>
      pairs(
        () => (times[0]! += now()),
        () => (times[0]! -= now()),
      );
  },
  'the same of `performance.now`': () => {
    return () =>
      pairs(
        () => (times[0]! += performance.now()),
        () => (times[0]! -= performance.now()),
      );
  },
  'a Map of begin times, no more': () => {
    const pending = new Map<number, number>();
    return () =>
      pairs(
        (key) => pending.set(key, fakeClock()),
        (key) => {
          const begin = pending.get(key);
          if (begin === undefined) return;
          pending.delete(key);
          sum += fakeClock() - begin;
        },
      );
  },
};

const streamCases: { readonly [name: string]: readonly string[] } = {
  'wakeup, irq, softirq, block': ['wakeup', 'irq', 'softirq', 'block'],
  'with syscall': ['wakeup', 'irq', 'softirq', 'block', 'syscall'],
};

function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

interface AllocationNode {
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

const totalOf = (node: AllocationNode): number =>
  node.children.reduce((total, child) => total + totalOf(child), node.selfSize);

/** What the work allocates, by samples; what the collector has taken away again counts too. */
function allocatedBytes(work: () => void): number {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.startSampling', {
    samplingInterval: 16_384,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as object);
  work();
  let bytes = 0;
  session.post('HeapProfiler.stopSampling', (_, { profile }) => {
    bytes = totalOf(profile.head);
  });
  session.disconnect();
  return bytes;
}

async function run(name: string, path: string | undefined): Promise<void> {
  const api = apiCases[name];
  if (api !== undefined) {
    const work = api();
    // The first rounds warm up.
    const rounds = [0, 1, 2, 3, 4].map(() => cpuNs(work) / pairCount);
    const bytes = allocatedBytes(work) / pairCount;
    console.log(JSON.stringify({ ns: Math.min(...rounds.slice(2)), bytes, sum, times }));
    return;
  }
  const traces = openTrace(path ?? '');
  const session = new StreamingSession(
    (streamCases[name] ?? []).map((tracker) => findTracker(tracker)!),
    { origin: traces.origin, traces: traces.traces },
  );
  const before = process.cpuUsage();
  await runIterator(traces.iterate(session));
  const { user, system } = process.cpuUsage(before);
  const ends = session.snapshot().reduce((sum, { counters }) => sum + counters.ends, 0);
  console.log(JSON.stringify({ cpuS: (user + system) / 1e6, ends }));
  traces.close();
}

const [name, path] = process.argv.slice(2);
if (name === '--list') {
  console.log(JSON.stringify({ api: Object.keys(apiCases), stream: Object.keys(streamCases) }));
} else {
  await run(name ?? '', path);
}
