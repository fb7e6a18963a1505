import type { DecodeError } from '@sonde/base';
import { writeJsonMetadata, writeTsdl } from '@sonde/ctf';
import {
  defaultPageFormat,
  type EventFilter,
  type EventSelection,
  ProcessTable,
} from '@sonde/ftrace';
import type { Packet } from '@sonde/trace-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, join, SubBufferBuilder, text } from './sub-buffer-builder.ts';
import { converter, format } from './support.ts';

const tick = format(7, 'test/tick', ['u32 n']);
/** So many classes that LTTng's compact header has no room for them. */
const many = Array.from({ length: 40 }, (_, i) => format(100 + i, `test/e${i}`, ['u32 n']));
const page = (time: bigint, lengthBytes = 4096) => new SubBufferBuilder(time, lengthBytes);
const n = (value: number) => bytesOf([4, value]);

describe.each([
  ['compact', [tick]],
  ['large', [tick, ...many]],
])('%s headers', (_, formats) => {
  test('times, however far apart', () => {
    const { cpu, decode } = converter(formats);
    const deltas = [0n, 1n, (1n << 27n) - 1n, 1n << 27n, (1n << 32n) - 1n, 1n << 32n, 1n << 50n];
    const builder = page((5n << 40n) + 123n);
    let time = (5n << 40n) + 123n;
    const times = deltas.map((delta) => {
      builder.timeExtend(delta).event(0, 7, 1, n(1));
      time += delta;
      return time;
    });
    cpu.push(builder.end());
    expect(decode().events.map(({ cycles }) => cycles)).toEqual(times);
  });

  test('times that go back are those of the record before', () => {
    const { cpu, decode } = converter(formats);
    cpu.push(page(1000n).event(0, 7, 1, n(1)).end());
    cpu.push(page(900n).event(50, 7, 1, n(2)).event(100, 7, 1, n(3)).end());
    expect(decode().events.map(({ cycles }) => cycles)).toEqual([1000n, 1000n, 1050n]);
  });
});

test('packets: lengths, times, numbers, index entries, files', () => {
  const { cpu, decode, log } = converter([tick], {}, { packetBytes: 120 });
  for (let i = 0; i < 20; i++)
    cpu.push(
      page(BigInt(i * 100))
        .event(1, 7, 1, n(i))
        .end(),
    );
  cpu.flush();
  const split = log.entries.length;
  cpu.beginFile();
  cpu.push(page(5000n).event(1, 7, 1, n(20)).end());
  const { events, packets } = decode();
  expect(events.map(({ payload }) => payload['n'])).toEqual(
    Array.from({ length: 21 }, (_, i) => i),
  );
  expect(packets.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
    log.entries.map((_, i) => BigInt(i)),
  );
  let offset = 0;
  for (const [i, entry] of log.entries.entries()) {
    if (i === split) offset = 0;
    expect(entry).toMatchObject({
      offsetBytes: offset,
      lengthBytes: log.packets[i]!.length,
      beginCycles: packets[i]!.begin!.cycles,
      endCycles: packets[i]!.end!.cycles,
      sequenceNumber: BigInt(i),
      dataStreamClassId: 0,
      dataStreamId: 3,
      discardedEvents: 0n,
    });
    offset += entry.lengthBytes;
  }
  expect(split).toBeGreaterThan(5);
});

test('a record longer than a packet', () => {
  const blob = format(8, 'test/blob', ['u8 data[]']);
  const { cpu, decode } = converter([tick, blob], {}, { packetBytes: 100, subBufferBytes: 65_536 });
  const body = new Uint8Array(60_000).fill(9);
  cpu.push(page(0n, 65_536).event(1, 7, 1, n(1)).event(1, 8, 1, body).event(1, 7, 1, n(2)).end());
  const { events } = decode();
  expect(events.map(({ name }) => name)).toEqual(['tick', 'blob', 'tick']);
  expect(events[1]!.payload['data']).toHaveLength(60_000);
});

describe('discarded events', () => {
  test('missed ones stand between packets', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end());
    cpu.push(page(100n).event(1, 7, 1, n(2)).end(5n));
    cpu.push(page(200n).event(1, 7, 1, n(3)).end());
    cpu.push(page(300n).event(1, 7, 1, n(4)).end(null));
    const { discarded, packets } = decode();
    expect(packets.map(({ discardedEventCounter }) => discardedEventCounter)).toEqual([0n, 5n, 6n]);
    expect(discarded).toEqual([5n, 1n]);
    expect(cpu.counts).toMatchObject({ missedEvents: 6, uncountedMisses: 1, events: 4 });
  });

  test('dropped ones are told by the caller, and added', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end(2n));
    cpu.setDroppedEvents(10);
    cpu.flush();
    cpu.setDroppedEvents(7); // a counter never goes back
    cpu.push(page(100n).event(1, 7, 1, n(2)).end());
    cpu.setDroppedEvents(11);
    expect(decode().packets.map((p) => p.discardedEventCounter)).toEqual([0n, 12n, 13n]);
    expect(cpu.discardedEvents).toBe(13);
  });

  test('a full sub-buffer can not say how many: the statistics do', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end(2n));
    cpu.push(page(100n).event(1, 7, 1, n(2)).end(null));
    cpu.setOverrunEvents(40);
    expect(decode().packets.map((p) => p.discardedEventCounter)).toEqual([0n, 2n, 40n]);
    expect(cpu.counts).toMatchObject({ missedEvents: 3, uncountedMisses: 1 });
  });

  test('before the first event: a packet without events, of when the recording began', () => {
    const { cpu, decode } = converter([tick], {}, { beginCycles: 20n });
    cpu.push(page(100n).event(1, 7, 1, n(1)).end(5n));
    const { packets, discarded } = decode();
    expect(packets.map(({ begin, end }) => [begin?.cycles, end?.cycles])).toEqual([
      [20n, 20n],
      [20n, 101n],
    ]);
    expect(discarded).toEqual([5n]);
  });

  test('after the last event: a packet without events', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end());
    cpu.flush();
    cpu.setDroppedEvents(4);
    cpu.flush(500n);
    cpu.flush();
    const { events, packets, discarded } = decode();
    expect(events).toHaveLength(1);
    expect(packets.map(({ end }) => end?.cycles)).toEqual([1n, 500n]);
    expect(discarded).toEqual([4n]);
  });

  test('the last packet lasts until the end of the recording, with events or without', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end());
    cpu.flush(500n);
    cpu.flush(600n);
    const { events, packets, discarded } = decode();
    expect(events).toHaveLength(1);
    expect(packets.map(({ end }) => end?.cycles)).toEqual([500n, 600n]);
    expect(discarded).toEqual([]);
  });
});

describe('the time that packets cover', () => {
  const covered = (packets: readonly Packet[]) =>
    packets.map(({ begin, end }) => [begin?.cycles, end?.cycles]);
  const dayNs = 86_400_000_000_000n;

  test.each([
    ['compact', [tick]],
    ['large', [tick, ...many]],
  ])('a stream begins when the recording began (%s headers)', (_, formats) => {
    const { cpu, decode } = converter(formats, {}, { beginCycles: dayNs });
    cpu.push(
      page(2n * dayNs)
        .event(1, 7, 1, n(1))
        .event(1, 7, 1, n(2))
        .end(),
    );
    const { events, packets } = decode();
    expect(covered(packets)).toEqual([[dayNs, 2n * dayNs + 2n]]);
    expect(events.map(({ cycles }) => cycles)).toEqual([2n * dayNs + 1n, 2n * dayNs + 2n]);
  });

  test('an event from before the beginning keeps its time', () => {
    const { cpu, decode } = converter([tick]);
    cpu.beginCycles = 500n;
    cpu.push(page(100n).event(1, 7, 1, n(1)).end());
    const { events, packets } = decode();
    expect(covered(packets)).toEqual([[101n, 101n]]);
    expect(events[0]!.cycles).toBe(101n);
  });

  test('without events: one packet from the beginning to the end', () => {
    const { cpu, log, decode } = converter([tick], {}, { beginCycles: 20n });
    cpu.flush();
    expect(log.packets).toEqual([]);
    cpu.flush(90n);
    const { events, packets } = decode();
    expect(events).toEqual([]);
    expect(covered(packets)).toEqual([[20n, 90n]]);
  });

  test('what comes after an end begins there', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 7, 1, n(1)).end());
    cpu.flush(50n);
    cpu.push(page(100n).event(1, 7, 1, n(2)).end());
    cpu.flush();
    cpu.flush(200n);
    expect(covered(decode().packets)).toEqual([
      [1n, 50n],
      [50n, 101n],
      [102n, 200n],
    ]);
  });
});

describe('a filter', () => {
  const odd: EventFilter = { passes: (_, view, begin) => view.getUint32(begin, true) % 2 === 1 };

  test('what does not pass leaves no trace, and the times of the others are right', () => {
    const { cpu, decode } = converter([tick], {}, { filter: odd });
    // One record is near the one before, which is left out, and far from the last one that is kept.
    const far = (1n << 27n) - 10n;
    const builder = page(0n).event(1, 7, 1, n(1)).timeExtend(far).event(0, 7, 1, n(2));
    cpu.push(builder.timeExtend(50n).event(0, 7, 1, n(3)).event(1, 7, 1, n(4)).end());
    const { events, packets } = decode();
    expect(events.map(({ payload, cycles }) => [payload['n'], cycles])).toEqual([
      [1, 1n],
      [3, 1n + far + 50n],
    ]);
    expect(packets).toHaveLength(1);
    expect(cpu.counts).toMatchObject({ events: 2, filteredEvents: 2, records: 4 });
    expect(cpu.discardedEvents).toBe(0);
  });

  test('it sees contexts and payload as they are written', () => {
    const seen: string[] = [];
    const filter: EventFilter = {
      passes(event, view, begin, end) {
        const values = [view.getInt32(begin, true), view.getUint32(begin + 4, true)];
        seen.push(`${event.plan.name} ${values} ${end - begin}`);
        return true;
      },
    };
    const { cpu, decode } = converter([tick], { contexts: ['tid'] }, { filter });
    cpu.push(page(0n).event(1, 7, 11, n(5)).end());
    expect(decode().events).toHaveLength(1);
    expect(seen).toEqual(['tick 11,5 8']);
  });
});

describe('a selection', () => {
  const stack = format(9, 'ftrace/kernel_stack', ['int size', 'u64 caller[]']);
  const frames = (address: number) => bytesOf([4, 1], [4, 0], [8, address]);

  test("what is not selected has no event, and its call stack is nobody else's", () => {
    const selection: EventSelection = { selects: (_, { tid }) => tid !== 12 };
    const { cpu, decode } = converter(
      [tick, stack],
      { contexts: ['tid', 'callstack-kernel'] },
      { selection },
    );
    const builder = page(0n).event(1, 7, 11, n(1)).event(0, 9, 11, frames(0xaa));
    builder.event(1, 7, 12, n(2)).event(0, 9, 12, frames(0xbb));
    cpu.push(builder.event(1, 7, 11, n(3)).end());
    const { events } = decode();
    expect(events.map(({ payload }) => payload['n'])).toEqual([1, 3]);
    expect(events.map(({ context }) => context['callstack_kernel'])).toEqual([[0xaa], []]);
    expect(cpu.counts).toMatchObject({ events: 2, filteredEvents: 1, looseStacks: 0 });
  });

  test('nor is that of a record that is only looked at', () => {
    const free = format(2, 'sched/sched_process_free', ['pid_t pid']);
    const { cpu, decode } = converter([tick, free, stack], {
      contexts: ['tid', 'callstack-kernel'],
      isRecorded: ({ name }) => name === 'tick',
    });
    const builder = page(0n).event(1, 7, 11, n(1)).event(1, 2, 11, n(5));
    cpu.push(builder.event(0, 9, 11, frames(0xbb)).end());
    const { events } = decode();
    expect(events.map(({ context }) => context['callstack_kernel'])).toEqual([[]]);
    expect(cpu.counts).toMatchObject({ events: 1, records: 3, looseStacks: 0 });
  });
});

describe('contexts', () => {
  const contexts = [
    'procname',
    'pid',
    'tid',
    'ppid',
    'prio',
    'nice',
    'vtid',
    'vpid',
    'vppid',
  ] as const;

  test('of known, unknown and idle threads', () => {
    const processes = new ProcessTable((tid) =>
      tid === 12 ? { pid: 10, comm: 'found' } : undefined,
    );
    processes.set(11, {
      ...{ pid: 10, ppid: 1, comm: 'a name of sixteen', priority: 15 },
      ...{ vtid: 2, vpid: 1, vppid: 0 },
    });
    const { cpu, decode } = converter([tick], { contexts }, { processes });
    cpu.push(
      page(0n)
        .event(1, 7, 11, n(1))
        .event(1, 7, 99, n(1))
        .event(1, 7, 0, n(1))
        .event(1, 7, 12, n(1))
        .end(),
    );
    expect(decode().events.map(({ context }) => Object.values(context))).toEqual([
      ['a name of sixte', 10, 11, 1, 15, -5, 2, 1, 0],
      ['', 99, 99, -1, 20, 0, 99, 99, -1],
      ['swapper/3', 0, 0, 0, 20, 0, 0, 0, 0],
      ['found', 10, 12, -1, 20, 0, 12, 10, -1],
    ]);
  });

  test('of the record: interrupts, preemption, reschedule', () => {
    const { cpu, decode } = converter([tick], {
      contexts: ['interruptible', 'preemptible', 'need_reschedule'],
    });
    const payload = (flags: number, preemptCount: number) =>
      join(Uint8Array.from([7, 0, flags, preemptCount]), bytesOf([4, 1], [4, 1]));
    cpu.push(
      page(0n).record(1, payload(0, 0)).record(1, payload(1, 0)).record(1, payload(4, 2)).end(),
    );
    expect(decode().events.map(({ context }) => Object.values(context))).toEqual([
      [1, 1, 0],
      [0, 0, 0],
      [1, 0, 1],
    ]);
  });

  const stackFormats = [
    tick,
    format(4, 'ftrace/kernel_stack', ['int size', 'u64 caller[8]']),
    format(5, 'ftrace/user_stack', ['u32 tgid', 'u64 caller[8]']),
  ];
  const kernelStack = (...callers: number[]) =>
    bytesOf([4, callers.length], [4, 0], ...callers.map((caller) => [8, caller] as const));
  const userStack = (...callers: number[]) =>
    bytesOf([4, 1], [4, 0], ...Array.from({ length: 8 }, (_, i) => [8, callers[i] ?? 0] as const));

  test('namespaces and users: from /proc, from the parent, and anew at exec', () => {
    const known = new Map<number, number>([[11, 1000]]);
    const processes = new ProcessTable((tid) => {
      const uid = known.get(tid);
      return uid === undefined ? undefined : { pid: tid, identity: { uid, net_ns: 4026531840 } };
    });
    const fork = format(2, 'sched/sched_process_fork', ['pid_t parent_pid', 'pid_t child_pid']);
    const exec = format(3, 'sched/sched_process_exec', ['pid_t pid', 'pid_t old_pid']);
    const { cpu, decode } = converter(
      [tick, fork, exec],
      { contexts: ['tid', 'uid', 'net_ns', 'egid'], isRecorded: ({ name }) => name === 'tick' },
      { processes },
    );
    cpu.push(
      page(0n)
        .event(1, 7, 11, n(1))
        .event(1, 2, 11, bytesOf([4, 11], [4, 12]))
        .event(1, 7, 12, n(2))
        .end(),
    );
    known.set(12, 65534);
    cpu.push(
      page(100n)
        .event(1, 3, 12, bytesOf([4, 12], [4, 12]))
        .event(1, 7, 12, n(3))
        .event(1, 7, 99, n(4))
        .end(),
    );
    const nobody = 0xffff_ffff;
    expect(decode().events.map(({ context }) => context)).toEqual([
      { tid: 11, uid: 1000, net_ns: 4026531840, egid: nobody },
      { tid: 12, uid: 1000, net_ns: 4026531840, egid: nobody },
      { tid: 12, uid: 65534, net_ns: 4026531840, egid: nobody },
      { tid: 99, uid: nobody, net_ns: 0, egid: nobody },
    ]);
  });

  test('events with call stacks have the time, and the thread as it was, of their own moment', () => {
    const processes = new ProcessTable();
    processes.set(1, { pid: 1, comm: 'before' });
    const contexts = ['procname', 'callstack-kernel'] as const;
    const { cpu, decode } = converter(stackFormats, { contexts }, { processes });
    const builder = page(100n).event(0, 7, 1, n(1)).event(70, 7, 1, n(2)).event(500, 7, 1, n(3));
    cpu.push(builder.end());
    // Another CPU tells of it.
    processes.set(1, { comm: 'after' });
    cpu.push(page(1000n).event(0, 7, 1, n(4)).end());
    const { events } = decode();
    expect(events.map(({ cycles }) => cycles)).toEqual([100n, 170n, 670n, 1000n]);
    expect(events.map(({ context }) => context['procname'])).toEqual([
      'before',
      'before',
      'before',
      'after',
    ]);
  });

  test('call stacks belong to the event before them', () => {
    const { cpu, decode } = converter(stackFormats, {
      contexts: ['tid', 'callstack-kernel', 'callstack-user'],
    });
    cpu.push(page(0n).event(1, 7, 1, n(1)).event(0, 4, 1, kernelStack(10, 11)).end());
    cpu.push(
      page(9n)
        .event(0, 5, 1, userStack(20, 21, 22))
        .event(1, 7, 1, n(2))
        .event(1, 7, 2, n(3))
        .end(),
    );
    cpu.push(page(20n).event(0, 4, 1, kernelStack(12)).event(0, 4, 2, kernelStack(13)).end());
    expect(decode().events.map(({ context, payload }) => ({ ...context, ...payload }))).toEqual([
      {
        ...{ tid: 1, _callstack_kernel_length: 2, callstack_kernel: [10, 11] },
        ...{ _callstack_user_length: 3, callstack_user: [20, 21, 22], n: 1 },
      },
      {
        ...{ tid: 1, _callstack_kernel_length: 0, callstack_kernel: [] },
        ...{ _callstack_user_length: 0, callstack_user: [], n: 2 },
      },
      {
        ...{ tid: 2, _callstack_kernel_length: 1, callstack_kernel: [13] },
        ...{ _callstack_user_length: 0, callstack_user: [], n: 3 },
      },
    ]);
    expect(cpu.counts).toMatchObject({ events: 3, records: 7, looseStacks: 1 });
  });

  test('without these contexts they are events', () => {
    const { cpu, decode } = converter(stackFormats);
    cpu.push(
      page(0n)
        .event(1, 7, 1, n(1))
        .event(0, 4, 1, kernelStack(10, 11, 12))
        .end(),
    );
    expect(decode().events[1]).toMatchObject({
      name: 'kernel_stack',
      payload: { size: 3, caller: [10, 11, 12] },
    });
  });
});

describe('hostile records', () => {
  const named = format(9, 'test/named', [
    'u32 n',
    '__data_loc char[] name',
    '__rel_loc u16[] list',
  ]);
  const body = (location: number, relative: number) =>
    join(bytesOf([4, 5], [4, location], [4, relative]), text('abc\0'), bytesOf([2, 1], [2, 2]));

  test('arrays within the record', () => {
    const { cpu, decode } = converter([named]);
    // The payload begins at -8 of the body; rel_loc counts from after its own word.
    cpu.push(
      page(0n)
        .event(1, 9, 1, body((4 << 16) | 20, (4 << 16) | 4))
        .end(),
    );
    expect(decode().events[0]!.payload).toEqual({
      n: 5,
      name: 'abc',
      _list_length: 2,
      list: [1, 2],
    });
  });

  test.each([
    ['data_loc', (5 << 16) | 24, 4],
    ['data_loc far away', (1 << 16) | 0xffff, 4],
    ['rel_loc', 20, (100 << 16) | 4],
  ])('%s beyond the record: what precedes and follows is read', (_, location, relative) => {
    const faults: DecodeError[] = [];
    const { cpu, decode } = converter(
      [named, tick],
      {},
      { onFault: (error) => faults.push(error) },
    );
    cpu.push(
      page(0n)
        .event(1, 7, 1, n(1))
        .event(1, 9, 1, body(location, relative))
        .event(1, 7, 1, n(2))
        .end(),
    );
    cpu.push(page(100n).event(1, 7, 1, n(3)).end());
    expect(decode().events.map(({ payload }) => payload['n'])).toEqual([1, 3]);
    expect(faults).toMatchObject([
      { code: 'array-beyond-record', place: { stream: 'CPU 3', packetIndex: 0 } },
    ]);
  });

  test('too short for its format; without onFault the error is thrown', () => {
    const { cpu, decode } = converter([tick]);
    const bytes = page(0n).event(1, 7, 1, n(1)).event(1, 7, 1).end();
    expect(() => cpu.push(bytes)).toThrow(expect.objectContaining({ code: 'record-too-short' }));
    expect(decode().events).toHaveLength(1);
  });

  test('records of types that no format tells of are counted', () => {
    const { cpu, decode } = converter([tick]);
    cpu.push(page(0n).event(1, 60_000, 1, n(1)).event(1, 8, 1, n(1)).event(1, 7, 1, n(2)).end());
    expect(decode().events).toHaveLength(1);
    expect(cpu.counts).toMatchObject({ events: 1, records: 3, unknownRecords: 2 });
  });

  test('half a sub-buffer is refused', () => {
    const { cpu } = converter([tick]);
    expect(() => cpu.push(new Uint8Array(5000))).toThrow('no whole sub-buffers');
  });

  test('any damage: DecodeErrors, and a trace that can be read', () => {
    const good = page(0n);
    for (let i = 0; i < 20; i++) {
      good.event(1, 9, 1, body((4 << 16) | 20, (4 << 16) | 4)).event(2, 7, 1, n(i));
    }
    const bytes = good.end();
    const flips = fc.array(fc.tuple(fc.nat(900), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(flips, (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        const faults: DecodeError[] = [];
        const { cpu, decode } = converter(
          [named, tick],
          { contexts: ['procname', 'tid'] },
          {
            onFault: (error) => faults.push(error),
            packetBytes: 300,
          },
        );
        cpu.push(damaged);
        cpu.push(bytes);
        expect(decode().events).toHaveLength(cpu.counts.events);
        expect(cpu.counts.events).toBeGreaterThanOrEqual(40);
      }),
    );
  });
});

test('a big-endian machine, 32 bits', () => {
  const pageFormat = {
    ...defaultPageFormat,
    byteOrder: 'big-endian',
    longBytes: 4,
    dataOffsetBytes: 12,
  } as const;
  const fields = ['u16 a', 's32 b', 'u64 c', 'char comm[8]', '__data_loc char[] name'];
  const mixed = format(7, 'test/mixed', fields);
  const wakeup = format(9, 'sched/sched_wakeup', [
    'char comm[16]',
    'pid_t pid',
    'int prio',
    'int target_cpu',
  ]);
  const { cpu, decode } = converter([mixed, wakeup], { pageFormat, contexts: ['tid'] });
  const body = Uint8Array.from([
    ...[0, 1, 0, 0, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 2, 0, 0, 0, 3],
    ...text('comm', 8),
    ...[0, 3, 0, 36],
    ...text('xy', 4),
  ]);
  const wake = join(text('w', 16), Uint8Array.from([0, 0, 0, 5, 0, 0, 0, 120, 0, 0, 0, 1]));
  const builder = new SubBufferBuilder(1n << 33n, 4096, pageFormat);
  cpu.push(builder.event(1, 7, 2, body).event(2, 9, 2, wake).end());
  expect(decode().events).toMatchObject([
    {
      cycles: (1n << 33n) + 1n,
      context: { tid: 2 },
      payload: { a: 1, b: -2, c: 8589934595, comm: 'comm', name: 'xy' },
    },
    { cycles: (1n << 33n) + 3n, payload: { comm: 'w', tid: 5, prio: 20, target_cpu: 1 } },
  ]);
});

test('metadata can be written in both versions', () => {
  const { layout } = converter(
    [tick, format(8, 'test/s', ['__data_loc u64[] event', 'u8 stream[3]'])],
    {
      contexts: ['procname', 'callstack-kernel'],
    },
  );
  expect(writeTsdl(layout.traceClass)).toContain('event_header'.slice(0, 5));
  expect(new TextDecoder().decode(writeJsonMetadata(layout.traceClass))).toContain('"tick"');
});
