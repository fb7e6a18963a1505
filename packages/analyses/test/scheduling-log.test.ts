import { Process, Thread, type WakeupLatency } from '@sonde/linux-model';
import { expect, test } from 'vitest';
import type { ReducerContext } from '../src/analysis.ts';
import { addEvents, copyOf, SchedulingLog } from '../src/scheduling-log.ts';
import type { ReportParts, TableClass } from '../src/table.ts';
import { formatTextBlock } from '../src/text-block.ts';
import { times } from './times.ts';

const context = {
  options: { times },
  toAbsoluteNs: (timeNs: number) => BigInt(timeNs),
} as ReducerContext;
const tableClass: TableClass = { name: 'log', title: 'Log', columns: [] };

test('Rows keep the names that threads had then, and outlive the latency', () => {
  const wakee = new Thread(7, new Process(7), 'sh');
  const waker = new Thread(8, new Process(-1), 'init');
  const reused = { thread: wakee, waker, cpu: { id: 1 }, priority: 20, isCertain: true };
  const latency = reused as { -readonly [K in keyof WakeupLatency]: WakeupLatency[K] };
  const events = new SchedulingLog();
  const add = (beginNs: number, endNs: number): void => {
    latency.beginNs = beginNs;
    latency.endNs = endNs;
    events.add(latency);
  };
  add(1000, 3500);
  wakee.comm = 'ls';
  latency.isCertain = false;
  add(2000, 2e9);
  const copy = copyOf(latency);
  latency.isCertain = true;
  latency.waker = undefined;
  latency.priority = undefined;
  add(3000, 3000);
  wakee.comm = 'gone';
  expect(events.count).toBe(3);
  expect(events.at(1)).toEqual(copy);

  const parts: ReportParts = { tables: [], text: [] };
  addEvents(parts, context, tableClass, events);
  const rows = [...parts.tables[0]!.rows].map((cells) => cells.slice(2));
  const process = (name: string) => ({ class: 'process', name, pid: 7, tid: 7 });
  const number = (value: number) => ({ class: 'number', value });
  const duration = (value: number) => ({ class: 'duration', value });
  const cpu = { class: 'cpu', id: 1 };
  const init = { class: 'process', name: 'init', tid: 8 };
  expect(rows).toEqual([
    [duration(2500), number(20), cpu, process('sh'), init, number(0)],
    [duration(2e9 - 2000), number(20), cpu, process('ls'), init, number(1)],
    [duration(0), number(0), cpu, process('ls'), null, number(0)],
  ]);
  const text = parts.text.flatMap((block) => formatTextBlock(block, { times })).join('\n');
  expect(text.split('\n').slice(3)).toEqual([
    '[0.000001000       , 0.000003500       ]           2.500         20    1   sh (7)                     init (8)                 ',
    '[0.000002000       , 2.000000000       ]     1999998.000         20    1   ls (7)                     init (8)                  ~',
    '[0.000003000       , 0.000003000       ]           0.000          0    1   ls (7)                     Unknown (N/A)            ',
  ]);
});
