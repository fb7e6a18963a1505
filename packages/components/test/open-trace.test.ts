import { join } from 'node:path';
import { DecodeError } from '@sonde/base';
import { openTrace } from '@sonde/components';
import { MessageLog } from '@sonde/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { folderWith, metadataOf, removeFolders } from './trace-folders.ts';

afterAll(removeFolders);

const metadata = metadataOf({ uid: 'T', clock: { offsetSeconds: 1_700_000_000n } });
const zero = 1_700_000_000_000_000_000n;

const folder = folderWith({
  'run/metadata': metadata,
  'run/chan_0': [
    { begin: 0, end: 9, events: [1, 7], id: 0 },
    { begin: 20, end: 29, events: [21], id: 0, discarded: 5 },
  ],
  'run/chan_1': [{ begin: 0, end: 9, events: [3], id: 1 }],
});

const damaged = folderWith({
  metadata,
  chan_0: [
    { begin: 0, end: 9, events: [1, 2, 3], saysContentBytes: 60 + 2 * 13 + 4 },
    { begin: 20, end: 29, events: [21] },
  ],
});

describe('opening', () => {
  test('finds traces below the path, streams and times', () => {
    const traces = openTrace(folder);
    expect(traces.traces.map(({ path, name }) => [path, name])).toEqual([
      [join(folder, 'run'), 'run'],
    ]);
    expect(traces.streams.map(({ id }) => id)).toEqual([0n, 1n]);
    expect(traces.origin.nsFromOrigin).toBe(zero);
    expect(traces.timeSpan).toEqual({ begin: zero, end: zero + 29n });
    expect(traces.intersections).toEqual([{ begin: zero, end: zero + 9n }]);
    traces.close();
  });

  test('closes itself at the end of a scope', () => {
    using traces = openTrace([folder]);
    expect(traces.traces.length).toBe(1);
  });
});

describe('subscriptions', () => {
  test('get the fields they name, in the order of time', async () => {
    using traces = openTrace(folder);
    const seen: unknown[] = [];
    traces.subscribe({ event: 'tick', fields: ['value'] }, (record, cursor) => {
      seen.push([cursor.stream.id, cursor.timeNs, record['value']]);
    });
    await traces.run();
    expect(seen).toEqual([
      [0n, 1, 0],
      [1n, 3, 0],
      [0n, 7, 1],
      [0n, 21, 0],
    ]);
  });

  test('compose on one event class, in the order of subscription', async () => {
    using traces = openTrace(folder);
    const seen: string[] = [];
    traces.subscribe({ event: 't*k', fields: [] }, () => void seen.push('a'));
    traces.subscribe({ event: '*', fields: ['value'] }, () => void seen.push('b'));
    traces.subscribe({ event: 'other', fields: [] }, () => void seen.push('c'));
    await traces.run();
    expect(seen.join('')).toBe('abababab');
  });

  test('fields that do not exist are undefined', async () => {
    using traces = openTrace(folder);
    const seen = new Set<unknown>();
    traces.subscribe({ event: '*', fields: ['nothing'] }, (record) => seen.add(record['nothing']));
    await traces.run();
    expect([...seen]).toEqual([undefined]);
  });

  test('hear of discarded events', async () => {
    using traces = openTrace(folder);
    const counts: unknown[] = [];
    traces.onDiscardedEvents(({ count }) => counts.push(count));
    await traces.run();
    expect(counts).toEqual([5n]);
  });

  test('stay in the range', async () => {
    using traces = openTrace(folder, { range: { begin: zero + 3n, end: zero + 20n } });
    const seen: number[] = [];
    traces.subscribe({ event: '*', fields: [] }, (_record, { timeNs }) => void seen.push(timeNs));
    await traces.run();
    expect(seen).toEqual([3, 7]);
  });
});

describe('running', () => {
  test('any downstream', () => {
    using traces = openTrace(folder);
    const log = new MessageLog();
    const iterator = traces.iterate(log);
    while (iterator.run(Infinity, 10) === 'budget');
    expect(log.eventTimes).toEqual([1n, 3n, 7n, 21n].map((ns) => zero + ns));
  });

  test('an aborted signal ends it with its reason', async () => {
    using traces = openTrace(folder);
    const reason = new Error('enough');
    await expect(traces.run(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('other work has its turn, also to abort', async () => {
    const events = Array.from({ length: 5000 }, (_, i) => i);
    const packets = Array.from({ length: 60 }, (_, i) => ({
      begin: i * 5000,
      end: i * 5000 + 4999,
      events: events.map((time) => i * 5000 + time),
    }));
    using traces = openTrace(folderWith({ metadata, chan_0: packets }));
    const abort = new AbortController();
    let count = 0;
    traces.subscribe({ event: '*', fields: [] }, () => {
      if (++count === 10) setImmediate(() => abort.abort());
    });
    await expect(traces.run(abort.signal)).rejects.toThrow();
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThan(300_000);
  });

  test('a fault is thrown after what precedes it', async () => {
    using traces = openTrace(damaged);
    let count = 0;
    traces.subscribe({ event: '*', fields: [] }, () => void count++);
    await expect(traces.run()).rejects.toThrow(DecodeError);
    expect(count).toBe(2);
  });

  test('with onFault reading goes on', async () => {
    const faults: Error[] = [];
    using traces = openTrace(damaged, { onFault: (fault) => faults.push(fault) });
    let count = 0;
    traces.subscribe({ event: '*', fields: [] }, () => void count++);
    await traces.run();
    expect([count, faults.length]).toEqual([3, 1]);
  });
});

describe('plain events', () => {
  test('are exact and the caller’s own', async () => {
    using traces = openTrace(folder);
    const events = [];
    for await (const event of traces.events()) events.push(event);
    expect(events.map(({ name, nsFromOrigin, payload }) => [name, nsFromOrigin, payload])).toEqual([
      ['tick', zero + 1n, { value: 0 }],
      ['tick', zero + 3n, { value: 0 }],
      ['tick', zero + 7n, { value: 1 }],
      ['tick', zero + 21n, { value: 0 }],
    ]);
  });

  test('leaving the loop ends the reading', async () => {
    using traces = openTrace(folder);
    for await (const { payload } of traces.events()) {
      expect(payload).toEqual({ value: 0 });
      break;
    }
  });

  test('before a fault are not lost', async () => {
    using traces = openTrace(damaged);
    const times: unknown[] = [];
    const reading = async () => {
      for await (const { nsFromOrigin } of traces.events()) times.push(nsFromOrigin);
    };
    await expect(reading()).rejects.toThrow(DecodeError);
    expect(times).toEqual([zero + 1n, zero + 2n]);
  });
});
