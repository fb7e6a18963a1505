import { UsageError } from '@sonde/base';
import type { EventMessage, Message, ParameterMap, PlainValue } from '@sonde/graph';
import {
  clockClass,
  dataStream,
  packet,
  sint,
  str,
  struct,
  traceClass,
  uint,
} from '@sonde/testkit';
import { describe, expect, test } from 'vitest';
import { counterSink } from '../src/sink-counter.ts';
import { jsonLinesSink } from '../src/sink-json/sink-json-lines.ts';
import { runMessages } from './run-messages.ts';

const demo = traceClass({
  streams: [
    {
      clock: clockClass(),
      packetContext: struct({ cpu_id: uint(32), content_size: uint(64) }),
      commonContext: struct({ procname: str(), vtid: sint(32) }),
      events: [
        { name: 'sched_switch', payload: struct({ prev_prio: sint(32), next_comm: str() }) },
        { name: 'sched_waking', payload: struct({ comm: str() }) },
        { name: 'irq', payload: struct({ irq: uint(8), address: uint(64) }) },
      ],
    },
  ],
});
const stream = dataStream(demo.dataStreamClasses.get(0n)!);
const packets = [packet(stream, { index: 0 }), packet(stream, { index: 1 })];

let clock = 0n;
function event(name: string, cpu: number, vtid: number, payload: PlainValue): EventMessage {
  const eventRecordClass = [...stream.dataStreamClass.eventRecordClasses.values()].find(
    (c) => c.name === name,
  )!;
  clock += 10n;
  return {
    type: 'event',
    packet: packets[cpu]!,
    eventRecordClass,
    time: { cycles: clock, nsFromOrigin: clock },
    packetContext: { cpu_id: cpu },
    commonContext: { procname: vtid > 9 ? 'node' : 'bash', vtid },
    payload,
  };
}

const messages: readonly Message[] = [
  { type: 'stream-beginning', stream },
  { type: 'packet-beginning', packet: packets[0]! },
  event('sched_switch', 0, 5, { prev_prio: 20, next_comm: 'swapper/0' }),
  event('sched_waking', 0, 15, { comm: 'node' }),
  event('irq', 0, 15, { irq: 1, address: 0xffff_ffff_8100_0000n }),
  { type: 'packet-end', packet: packets[0]! },
  { type: 'discarded-events', stream, count: 3n },
  { type: 'packet-beginning', packet: packets[1]! },
  event('sched_switch', 1, 15, { prev_prio: 120, next_comm: 'node' }),
  event('irq', 1, 5, { irq: 2, address: 0xffff_ffff_8100_0001n }),
  { type: 'packet-end', packet: packets[1]! },
  { type: 'stream-end', stream },
];

/** Times of the events that pass, in units of 10 ns from the first. */
async function passing(filter: ParameterMap): Promise<number[]> {
  const { text, error } = await runMessages(messages, jsonLinesSink, {}, filter);
  if (error !== undefined) throw error;
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line || '{}'));
  return lines.filter((line) => line.type === 'event').map((line) => Number(line.ts) / 10);
}

describe('flt.utils.filter', () => {
  const cases: readonly [filter: ParameterMap, passes: readonly number[]][] = [
    [{}, [1, 2, 3, 4, 5]],
    [{ event: 'irq' }, [3, 5]],
    [{ event: ['irq', 'sched_w*'] }, [2, 3, 5]],
    [{ events: ['sched_*'] }, [1, 2, 4]],
    [{ expression: 'prev_prio > 20' }, [4]],
    [{ expression: 'prev_prio > 20 || irq == 1' }, [3, 4]],
    [{ expression: '!(prev_prio > 20)' }, [1]],
    [{ expression: 'next_comm == "swapper/*"' }, [1]],
    [{ expression: '$ctx.procname == "node"' }, [2, 3, 4]],
    [{ expression: '$ctx.vtid == 5 && $ctx.cpu_id == 1' }, [5]],
    [{ expression: '$packet.cpu_id == 1' }, [4, 5]],
    [{ expression: '$event.name == "irq" && $ctx.vtid == 15' }, [3]],
    [{ expression: 'address == 0xffffffff81000001' }, [5]],
    [{ expression: 'address >= 0xffffffff81000000' }, [3, 5]],
    [{ expression: '$event.name == "irq"' }, [3, 5]],
    [{ expression: '1 == 2' }, []],
    [{ event: 'irq', expression: '$ctx.vtid == 15' }, [3]],
    [{ limit: 2n }, [1, 2]],
    [{ limit: 0n }, []],
    [{ event: 'irq', limit: 1n }, [3]],
    [{ expression: '$ctx.vtid == 15', limit: 2n }, [2, 3]],
  ];
  test.each(cases)('%o', async (filter, passes) => {
    expect(await passing(filter)).toEqual(passes);
  });

  const countOf = async (filter: ParameterMap) => {
    const { text } = await runMessages(messages, counterSink, { 'hide-zero': true }, filter);
    return text.split('\n').map((line) => line.trim());
  };

  test('counters count what passes, and no more', async () => {
    expect(await countOf({ event: 'irq' })).toContain('2 Event messages');
    expect(await countOf({ expression: '$ctx.vtid == 15' })).toContain('3 Event messages');
    expect((await countOf({ expression: '1 == 2' })).join()).not.toMatch(/Event message/);
  });

  test('other messages pass; a limit closes what is open', async () => {
    const counts = await countOf({ expression: '1 == 2' });
    expect(counts).toContain('2 Packet beginning messages');
    expect(counts.join()).toMatch(/1 Discarded event message/);
    const limited = await countOf({ limit: 4n });
    expect(limited).toContain('4 Event messages');
    expect(limited).toContain('2 Packet end messages');
    expect(limited).toContain('1 Stream end message');
  });

  test.each([
    ['comm < 5', 1, /a string can't be used as a number/],
    ['prev_prio == "x"', 14, /a string can't be compared with a number/],
  ])('%s: a type that fits nowhere is a usage error', async (expression, column, message) => {
    const { error } = await runMessages(messages, jsonLinesSink, {}, { expression });
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toMatch(message);
    expect((error as UsageError).place.column).toBe(column);
  });

  test('names that nobody has are told', async () => {
    const filter = { event: 'irqs', expression: 'prev_prio == 1 || procname == "x" || nope' };
    const { warnings } = await runMessages(messages, jsonLinesSink, {}, filter);
    expect(warnings).toEqual([
      'No event in this trace is named "irqs".',
      'Filter, line 1:19: no event in this trace has procname; there is a context $ctx.procname.',
      'Filter, line 1:38: no event in this trace has nope.',
    ]);
  });

  test.each([
    [{ expression: 'a ==' }, /expecting a field/],
    [{ expresion: 'a' }, /does not know the parameter "expresion"/],
    [{ limit: 'x' }, /wants an integer/],
    [{ event: [1n] }, /wants an array of strings/],
  ])('%o is refused', async (filter, message) => {
    const { error } = await runMessages(messages, jsonLinesSink, {}, filter);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toMatch(message);
  });
});
