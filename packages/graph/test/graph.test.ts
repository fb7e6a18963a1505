import { DecodeError, formatError, SondeError, UsageError } from '@sonde/base';
import {
  collectMessages,
  Graph,
  type GraphOptions,
  type Message,
  OutputClosedError,
  sourceFromMessages,
} from '@sonde/graph';
import { describe, expect, test } from 'vitest';
import {
  demoPacket,
  demoSource,
  demoStream,
  encodeDemo,
  event,
  failingSource,
  first,
  joinFilter,
  logSink,
  newLog,
  noOutput,
  passFilter,
  second,
  whole,
} from './fakes.ts';

function newGraph(options: Partial<GraphOptions> = {}): Graph {
  return new Graph({ warn() {}, output: noOutput, ...options });
}

/** source → sink, run. */
async function runSimple(
  source: Parameters<typeof demoSource>[0],
  options: Partial<GraphOptions> = {},
  log = newLog(),
) {
  const graph = newGraph(options);
  await graph.add('source', demoSource(source, 100n));
  await graph.add('sink', logSink(log));
  graph.connect('source:sink');
  return { outcome: await graph.run(), log };
}

describe('running', () => {
  test('delivers messages in order, skips what the sink declines, finishes the sink once', async () => {
    const messages = whole(event(100, 1), event(107, 2, second), event(130, 3));
    const { outcome, log } = await runSimple([messages.slice(0, 3), messages.slice(3)]);
    expect(outcome).toBe('end');
    expect(log.originNs).toBe(100n);
    expect(log.finishCount).toBe(1);
    expect(log.lines).toEqual([
      'begin',
      'packet',
      'first 0 1',
      'first 30 3',
      'packet end',
      'end',
      'skipped 1',
    ]);
  });

  test('the time origin is the least of all sources', async () => {
    const graph = newGraph();
    const log = newLog();
    await graph.add('a', demoSource([], 500n));
    await graph.add('b', demoSource([], 300n));
    await graph.add('c', demoSource([]));
    await graph.add('join', joinFilter);
    await graph.add('sink', logSink(log));
    graph.connect('?:join');
    graph.connect('*:join');
    await expect(graph.run()).rejects.toThrow(/no component named \?/);

    const again = newGraph();
    await again.add('a', demoSource([], 500n));
    await again.add('b', demoSource([], 300n));
    await again.add('join', joinFilter);
    await again.add('sink', logSink(log));
    again.connect('join:sink');
    again.connect('*:join');
    expect(await again.run()).toBe('end');
    expect(log.originNs).toBe(300n);
  });

  test('several sinks are pulled in turn', async () => {
    const graph = newGraph();
    const logs = [newLog(), newLog()];
    for (const [i, log] of logs.entries()) {
      await graph.add(`source${i}`, demoSource([whole(event(i + 1))], 0n));
      await graph.add(`sink${i}`, logSink(log));
      graph.connect(`source${i}.out:sink${i}.in`);
    }
    expect(await graph.run()).toBe('end');
    expect(logs.map((log) => log.lines[2])).toEqual(['first 1 0', 'first 2 0']);
  });

  test('waits for a source that has nothing yet', async () => {
    async function* live(): AsyncGenerator<Message[]> {
      yield whole(event(1)).slice(0, 3);
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield [...whole(event(2)).slice(2)];
    }
    const { outcome, log } = await runSimple(live());
    expect(outcome).toBe('end');
    expect(log.lines.filter((line) => line.startsWith('first'))).toHaveLength(2);
  });

  test('stops when every sink is done', async () => {
    const log = newLog();
    const graph = newGraph();
    function* endless(): Generator<Message[]> {
      yield whole().slice(0, 2);
      for (let ns = 0; ; ns++) yield [event(ns)];
    }
    await graph.add('source', demoSource(endless(), 0n));
    await graph.add(
      'sink',
      logSink(log, (l) => {
        l.isDone = true;
      }),
    );
    graph.connect('source:sink');
    expect(await graph.run()).toBe('done');
    expect(log.finishCount).toBe(1);
  });

  test('an abort stops an endless run within its turn and finishes the sink', async () => {
    const abort = new AbortController();
    function* endless(): Generator<Message[]> {
      yield whole().slice(0, 2);
      for (let ns = 0; ; ns++) yield [event(ns, 0, second)];
    }
    setTimeout(() => abort.abort(), 60);
    const startMs = performance.now();
    const { outcome, log } = await runSimple(endless(), { signal: abort.signal });
    expect(outcome).toBe('interrupted');
    expect(log.finishCount).toBe(1);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  test('an abort wakes a run that waits', async () => {
    const abort = new AbortController();
    async function* silent(): AsyncGenerator<Message[]> {
      await new Promise(() => {});
    }
    setTimeout(() => abort.abort(), 10);
    const { outcome } = await runSimple(silent(), { signal: abort.signal });
    expect(outcome).toBe('interrupted');
  });

  test('a graph runs once', async () => {
    const graph = newGraph();
    await expect(graph.run()).rejects.toThrow('The graph has no sink.');
    await expect(graph.run()).rejects.toThrow(/already run/);
  });
});

describe('errors', () => {
  test('a decoding error is wrapped, everything before it is delivered, the sink is finished', async () => {
    const place = { stream: demoStream.name, packetIndex: 0, offsetBits: 136 };
    function* damaged(): Generator<Message[]> {
      yield whole(event(101), event(102)).slice(0, 4);
      throw new DecodeError('beyond-packet-content', 'Cannot read x.', place);
    }
    const log = newLog();
    const error = await runSimple(damaged(), {}, log).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'component-failed' });
    expect(formatError(error)).toBe(
      'Component source (src.demo.list) failed.\n  because: stream stream, packet 0, bit 136: Cannot read x.',
    );
    expect(log.lines.at(-1)).toBe('first 2 0');
    expect(log.finishCount).toBe(1);
  });

  test('an error in a sink names the chain that ends there', async () => {
    const graph = newGraph();
    const log = newLog();
    await graph.add('source', demoSource([whole(event(1))]));
    await graph.add(
      'sink',
      logSink(log, () => {
        throw new TypeError('oops');
      }),
    );
    graph.connect('source:sink');
    const error = await graph.run().catch((e: unknown) => e);
    expect(formatError(error)).toBe(
      'The components that feed sink (sink.demo.log) failed.\n  because: oops',
    );
    expect(log.finishCount).toBe(1);
  });

  test('a rejected batch arrives like any error', async () => {
    async function* failing(): AsyncGenerator<Message[]> {
      yield whole().slice(0, 1);
      throw new Error('connection lost');
    }
    const log = newLog();
    await expect(runSimple(failing(), {}, log)).rejects.toMatchObject({ code: 'component-failed' });
    expect(log.lines).toEqual(['begin']);
    expect(log.finishCount).toBe(1);
  });

  test('the reader of the output going away is an outcome', async () => {
    const graph = newGraph();
    const log = newLog();
    await graph.add('source', demoSource([whole(event(1), event(2))]));
    await graph.add(
      'sink',
      logSink(log, () => {
        throw new OutputClosedError();
      }),
    );
    graph.connect('source:sink');
    expect(await graph.run()).toBe('output-closed');
    expect(log.finishCount).toBe(1);
  });

  test('creation: defects are wrapped with the component, usage errors stay', async () => {
    const graph = newGraph();
    const broken = failingSource(() => {
      throw new Error('no such device');
    });
    const error = await graph.add('x', broken).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SondeError);
    expect(formatError(error)).toBe(
      'Component x (src.demo.failing) failed.\n  because: no such device',
    );
    const usage = failingSource(() => {
      throw new UsageError('bad-parameter', 'no path');
    });
    await expect(graph.add('y', usage)).rejects.toThrow('no path');
    expect(graph.names).toEqual([]);
  });
});

describe('closing', () => {
  test('all components are closed, whatever one throws', async () => {
    const closed: string[] = [];
    const graph = newGraph();
    const source = (name: string, fails: boolean) => ({
      ...demoSource([]),
      create: () => ({
        ...sourceFromMessages([], { encodeRecord: encodeDemo }),
        close() {
          closed.push(name);
          if (fails) throw new Error('still busy');
        },
      }),
    });
    await graph.add('a', source('a', false));
    await graph.add('b', source('b', true));
    await graph.add('join', joinFilter);
    await graph.add('sink', logSink(newLog()));
    for (const rule of ['a:join', 'b:join', 'join:sink']) graph.connect(rule);
    await expect(graph.run()).rejects.toThrow('Component b (src.demo.list) failed.');
    expect(closed).toEqual(['b', 'a']);
    graph.close();
    expect(closed).toHaveLength(2);
  });
});

describe('connections', () => {
  async function connect(...rules: readonly string[]): Promise<unknown> {
    const graph = newGraph();
    await graph.add('src-a', demoSource([]));
    await graph.add('src.b', demoSource([]));
    await graph.add('join', joinFilter);
    await graph.add('pass', passFilter);
    await graph.add('sink', logSink(newLog()));
    for (const rule of rules) graph.connect(rule);
    return graph.run();
  }

  test.each([
    ['names', ['src-a:join', 'src\\.b:join', 'join:pass', 'pass:sink']],
    [
      'ports',
      ['src-a.out:join.in0', 'src\\.b.out:join.in1', 'join.out:pass.in', 'pass.out:sink.in'],
    ],
    ['globs', ['src*:join', 'join:pass', 'pass:s*k']],
    ['first fit wins', ['src*.o*:jo*.in*', 'join:pass', 'pass:s*k', 'src*:sink']],
  ])('by %s', async (_what, rules) => {
    expect(await connect(...rules)).toBe('end');
  });

  test.each([
    [
      'an output port nobody wants',
      ['src-a:join', 'join:pass', 'pass:sink'],
      /output port "out" of component src\.b/,
    ],
    [
      'a taken input',
      ['src*:pass', 'join:sink', 'pass:sink'],
      /No connection rule fits output port "out" of component src\.b/,
    ],
    [
      'no component of that name',
      ['src*:joint'],
      /"src\*:joint": there is no component named joint/,
    ],
    ['a port that does not exist', ['src*.out7:join'], /output port "out" of component src-a/],
    ['a cycle', ['src*:sink', 'src*:join', 'join:join'], /cycle|Nothing|No connection/],
  ])('%s is refused', async (_what, rules, message) => {
    await expect(connect(...rules)).rejects.toThrow(message);
    await expect(connect(...rules)).rejects.toThrow(UsageError);
  });

  test('a cycle is named', async () => {
    const graph = newGraph();
    await graph.add('source', demoSource([]));
    await graph.add('join', joinFilter);
    await graph.add('pass', passFilter);
    await graph.add('sink', logSink(newLog()));
    for (const rule of ['source:sink', 'join:pass', 'pass:join']) graph.connect(rule);
    await expect(graph.run()).rejects.toThrow(/cycle: (join → pass → join|pass → join → pass)/);
  });

  test.each([
    ['ab', 3, /exactly one ":"/],
    ['a:b:c', 4, /exactly one ":"/],
    [':b', 1, /lacks a component name/],
    ['a:', 3, /lacks a component name/],
    ['a.b.c:d', 4, /more than one "\."/],
    ['a.:d', 3, /lacks a port name/],
  ])('rule %s is refused at column %i', (rule, column, message) => {
    expect(() => newGraph().connect(rule)).toThrow(message);
    try {
      newGraph().connect(rule);
    } catch (error) {
      expect((error as UsageError).place.column).toBe(column);
    }
  });

  test('two components of one name are refused', async () => {
    const graph = newGraph();
    await graph.add('a', passFilter);
    await expect(graph.add('a', passFilter)).rejects.toThrow(/already a component named a/);
    expect(graph.outputPortsOf('a')).toEqual(['out']);
    expect(() => graph.outputPortsOf('b')).toThrow(/no component named b/);
  });
});

describe('plain messages', () => {
  test('what goes into a source comes out of a collector', async () => {
    const discarded: Message = {
      type: 'discarded-events',
      stream: demoStream,
      count: 7n,
      begin: { cycles: 2n, nsFromOrigin: 2n },
    };
    const idle: Message = { type: 'inactivity', time: { cycles: 9n, nsFromOrigin: 9n } };
    const messages = whole(event(1, 5), event(2, 6, second));
    messages.splice(4, 0, discarded, idle);
    const source = sourceFromMessages([messages], { encodeRecord: encodeDemo });
    const collected: Message[] = [];
    const open = source.open.bind(source, 'out', { nsFromOrigin: 0n });
    const decode = (cursor: { bytes: Uint8Array }, scope: string) =>
      scope === 'event-record-payload' ? { value: cursor.bytes[0]! } : undefined;
    for await (const batch of collectMessages(open, decode)) collected.push(...batch);
    expect(collected).toEqual(messages);
  });

  test('unwanted classes are stepped over; what came before an error is yielded first', async () => {
    function* damaged(): Generator<Message[]> {
      yield whole(event(1, 5), event(2, 6, second)).slice(0, 4);
      throw new Error('damaged');
    }
    const source = sourceFromMessages(damaged(), { encodeRecord: encodeDemo });
    const open = source.open.bind(source, 'out', { nsFromOrigin: 0n });
    const types: string[] = [];
    const consume = async () => {
      const isFirst = (cursor: { eventRecordClass: unknown }) => cursor.eventRecordClass === first;
      for await (const batch of collectMessages(open, () => undefined, isFirst)) {
        for (const message of batch) types.push(message.type);
      }
    };
    await expect(consume()).rejects.toThrow('damaged');
    expect(types).toEqual(['stream-beginning', 'packet-beginning', 'event']);
  });

  test('the head of the iterator is the next message, with its time and rank', () => {
    const source = sourceFromMessages([whole(event(40))], { encodeRecord: encodeDemo });
    const lines: string[] = [];
    const downstream = {
      eventHandler: () => null,
      streamBeginning: () => lines.push('stream'),
      streamEnd() {},
      packetBeginning: () => lines.push('packet'),
      packetEnd() {},
      discardedEvents() {},
      discardedPackets() {},
      inactivity() {},
    };
    const iterator = source.open('out', { nsFromOrigin: 30n }, downstream);
    expect(iterator.run(5, 100)).toBe('limit');
    expect(lines).toEqual(['stream', 'packet']);
    expect(iterator.headTimeNs).toBe(10);
    expect(iterator.headRank).toBe(2);
    expect(iterator.headStream).toBe(demoPacket.stream);
    expect(iterator.run(11, 100)).toBe('end');
    expect(iterator.headTimeNs).toBe(Number.POSITIVE_INFINITY);
  });
});
