/** Real traces from which events are taken away: what the trackers then still call certain is what the whole trace says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTrace, runIterator } from '@sonde/components';
import {
  type Alert,
  catalogue,
  findTracker,
  StreamingSession,
  type Tracker,
} from '@sonde/latency-tracker';
import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
  TimeOrigin,
} from '@sonde/trace-model';
import { afterAll, describe, expect, test } from 'vitest';
import { repository } from '../../../tests/conformance/corpus.ts';

const folder = mkdtempSync(join(tmpdir(), 'sonde-losses-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
execFileSync('tar', [
  ...['xf', join(repository, 'fixtures/traces/kernel-tiny.tar.xz'), '-C', folder],
]);

/** Events of one CPU from a time on, before another (ns since the origin). */
interface Cut {
  readonly stream: string;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Hides the events of cuts, as LTTng would have discarded them: between two packets. */
class Cutter implements Downstream {
  readonly #inner: Downstream;
  readonly #origin: TimeOrigin;
  readonly #open = new Map<string, { packet: Packet; readonly cursor: RecordCursor }>();
  #toBegin: Cut[];
  readonly #toEnd: Cut[] = [];

  constructor(inner: Downstream, origin: TimeOrigin, cuts: readonly Cut[]) {
    this.#inner = inner;
    this.#origin = origin;
    this.#toBegin = [...cuts].sort((a, b) => a.fromNs - b.fromNs);
  }

  #at(ns: number): ClockSnapshot {
    return { cycles: 0n, nsFromOrigin: this.#origin.nsFromOrigin + BigInt(Math.round(ns)) };
  }

  #advance(timeNs: number): void {
    for (;;) {
      const [begin] = this.#toBegin;
      const [end] = this.#toEnd.sort((a, b) => a.toNs - b.toNs);
      if (end !== undefined && end.toNs <= Math.min(timeNs, begin?.fromNs ?? timeNs)) {
        this.#toEnd.shift();
        this.#end(end);
      } else if (begin !== undefined && begin.fromNs <= timeNs) {
        this.#toBegin.shift();
        this.#begin(begin);
      } else return;
    }
  }

  #begin(cut: Cut): void {
    const open = this.#open.get(cut.stream);
    if (open === undefined) return;
    const { packet } = open;
    const begin = this.#at(cut.fromNs);
    this.#inner.packetEnd({ ...packet, end: begin });
    const end = packet.end === undefined ? {} : { end: packet.end };
    this.#inner.discardedEvents({ stream: packet.stream, count: 1n, begin, ...end });
    this.#toEnd.push(cut);
  }

  #end(cut: Cut): void {
    const { packet, cursor } = this.#open.get(cut.stream)!;
    this.#inner.packetBeginning({ ...packet, begin: this.#at(cut.toNs) }, cursor);
  }

  streamBeginning(stream: DataStream): void {
    this.#inner.streamBeginning(stream);
  }
  packetBeginning(packet: Packet, cursor: RecordCursor): void {
    this.#open.set(packet.stream.name, { packet, cursor });
    this.#inner.packetBeginning(packet, cursor);
  }
  eventHandler(cursor: RecordCursor): EventHandler {
    const inner = this.#inner.eventHandler(cursor);
    return (at) => {
      this.#advance(at.timeNs);
      const isLost = this.#toEnd.some(({ stream }) => stream === at.stream.name);
      return isLost || inner === null ? -1 : inner(at);
    };
  }
  packetEnd(packet: Packet): void {
    this.#advance(Number((packet.end?.nsFromOrigin ?? 0n) - this.#origin.nsFromOrigin));
    this.#open.delete(packet.stream.name);
    this.#inner.packetEnd(packet);
  }
  streamEnd(stream: DataStream): void {
    this.#inner.streamEnd(stream);
  }
  discardedEvents(discarded: Discarded): void {
    this.#inner.discardedEvents(discarded);
  }
  discardedPackets(discarded: Discarded): void {
    this.#inner.discardedPackets(discarded);
  }
  inactivity(): void {}
}

const everyPair = (tracker: Tracker): Tracker => ({
  ...tracker,
  alert: { thresholdNs: -1, ratePerS: Number.POSITIVE_INFINITY, halfStack: false, stack: 'end' },
});

const pairText = ({ tracker, key, beginNs, endNs, delayNs }: Alert): string =>
  `${tracker} ${key.join(':')} ${beginNs} ${endNs} ${delayNs}`;

interface Seen {
  readonly certain: string[];
  readonly uncertain: string[];
}

const trackers = catalogue.map(({ name }) => findTracker(name)!);

/** Of all trackers that the trace has events for. */
async function pairsOf(cutsOf: (streams: readonly DataStream[]) => readonly Cut[]): Promise<Seen> {
  using traces = openTrace(folder);
  const { origin } = traces;
  const seen: Seen = { certain: [], uncertain: [] };
  const options = {
    origin,
    traces: traces.traces,
    onAlert: (alert: Alert) => {
      if (alert.kind === 'alert') {
        seen[alert.isUncertain === true ? 'uncertain' : 'certain'].push(pairText(alert));
      }
    },
  };
  const usable = trackers.filter((tracker) => {
    try {
      return new StreamingSession([tracker], options) !== undefined;
    } catch (error) {
      expect(error).toMatchObject({ code: 'no-event' });
      return false;
    }
  });
  const session = new StreamingSession(usable.map(everyPair), options);
  const cutter = new Cutter(session, origin, cutsOf(traces.streams));
  await runIterator(traces.iterate(cutter));
  const counted = session.snapshot().reduce((sum, { counters }) => sum + counters.uncertain, 0);
  expect(counted).toBe(seen.uncertain.length);
  return seen;
}

const whole = await pairsOf(() => []);

/** mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When the trace has events (ns since its origin). */
const [firstNs, lastNs] = [1.337e9, 2.2e9];

function randomCuts(seed: number, streams: readonly DataStream[]): Cut[] {
  const random = randomOf(seed);
  const meanNs = (lastNs - firstNs) / (2 + random() * 80);
  const cuts: Cut[] = [];
  for (const { name } of streams) {
    let endNs = firstNs;
    for (;;) {
      const fromNs = endNs + 1 + Math.floor(random() * meanNs);
      endNs = fromNs + Math.floor(10 ** (3 + random() * 4));
      if (endNs > lastNs) break;
      // Not on every CPU alike.
      if (random() < 0.6) cuts.push({ stream: name, fromNs, toNs: endNs });
    }
  }
  return cuts;
}

test('nothing is uncertain where nothing is lost', () => {
  expect(whole.uncertain).toEqual([]);
  expect(whole.certain.length).toBeGreaterThan(5000);
});

describe.each(Array.from({ length: 24 }, (_, i) => i + 1))('cuts %i', (seed) => {
  test('certain pairs are true', async () => {
    const { certain, uncertain } = await pairsOf((streams) => randomCuts(seed, streams));
    const known = new Set(whole.certain);
    expect(certain.filter((pair) => !known.has(pair))).toEqual([]);
    expect(certain.length).toBeGreaterThan(2 * uncertain.length);
  });
});
