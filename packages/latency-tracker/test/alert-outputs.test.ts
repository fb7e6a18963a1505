import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTrace } from '@sonde/components';
import {
  type Alert,
  AlertTrace,
  alertJson,
  alertLt,
  alertText,
  findTracker,
  parseTracker,
} from '@sonde/latency-tracker';
import { afterAll, describe, expect, test } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-alerts-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const base: Alert = {
  tracker: 'wakeup',
  kind: 'alert',
  beginNs: 1_700_000_000_000_000_100n,
  endNs: 1_700_000_000_002_500_100n,
  delayNs: 2_500_000,
  outId: 0,
  key: [5],
  cpuId: 1,
  tid: 5,
  comm: 'evil\x1b[31m\n',
  info: { prio: 20 },
  kernelStack: [
    { address: 0xffff_ffff_8100_0000n, symbol: 'schedule+0x1c' },
    { address: 0xffff_ffff_8100_0100n },
  ],
  userStack: undefined,
};

const alerts: readonly Alert[] = [
  base,
  {
    ...base,
    tracker: 'block',
    key: [8_388_624, 64],
    tid: undefined,
    comm: undefined,
    info: { op: 1 },
    kernelStack: undefined,
  },
  { ...base, tracker: 'syscall', kind: 'waiting', info: { call: 'read' } },
  { ...base, tracker: 'net_rx', info: { iface: 'eth0' }, outId: 2, kernelStack: undefined },
  { ...base, tracker: 'mine', kind: 'timeout', key: ['a\nb', 2], tid: undefined },
];

test('for people', () => {
  expect(alerts.map((alert) => alertText(alert, '12:00:00'))).toEqual([
    '12:00:00 wakeup   2.5 ms  cpu 1  evil\\x1b[31m\\x0a (5) prio=20\n    kernel:\n      schedule+0x1c\n      0xffffffff81000100\n',
    '12:00:00 block   2.5 ms  cpu 1  key=8388624:64 op=write\n',
    '12:00:00 syscall   2.5 ms  cpu 1  evil\\x1b[31m\\x0a (5) call=read [still waiting]\n    kernel:\n      schedule+0x1c\n      0xffffffff81000100\n',
    '12:00:00 net_rx   2.5 ms  cpu 1  evil\\x1b[31m\\x0a (5) iface=eth0\n',
    '12:00:00 mine   2.5 ms  cpu 1  evil\\x1b[31m\\x0a key=a\\x0ab:2 prio=20 [timeout, still pending]\n    kernel:\n      schedule+0x1c\n      0xffffffff81000100\n',
  ]);
});

test('addresses are told as such', () => {
  const key = [-130_120_280_474_880, -5, 'x'];
  expect(alertText({ ...base, tracker: 'mine', tid: undefined, key }, '')).toContain(
    ' key=0xffff89a802e77b00:-5:x ',
  );
});

test("latency-tracker's lines", () => {
  expect(alerts.map((alert) => alertLt(alert))).toEqual([
    'latency_tracker_wakeup: comm=evil\\x1b[31m\\x0a, pid=5, delay=2500000, flag=0\n',
    'latency_tracker_block: dev=(8,16), sector=64, delay=2500000\n',
    'latency_tracker_syscall_stack: comm=evil\\x1b[31m\\x0a, pid=5, start_ts=1700000000000000100, delay=2500000 flag=0, stack=schedule+0x1c 0xffffffff81000100\n',
    'latency_tracker_net: iface=eth0, delay=2500000, flag=0, out_id=2\n',
    'latency_tracker_mine: comm=evil\\x1b[31m\\x0a, pid=-1, key=a\\x0ab:2, delay=2500000, flag=1\n',
  ]);
});

test('JSON is one line, times are exact', () => {
  const text = JSON.stringify(alertJson(base));
  expect(text).not.toContain('\n');
  expect(JSON.parse(text)).toMatchObject({
    t: '1700000000002500100',
    tracker: 'wakeup',
    event: 'alert',
    delay: 2_500_000,
    tid: 5,
    stack: ['schedule+0x1c', '0xffffffff81000100'],
  });
});

describe('as a trace', () => {
  test('it is read back as it was told', async () => {
    const mine = parseTracker({
      name: 'mine',
      begin: [{ event: 'a', key: ['x'] }],
      end: [{ event: 'b', key: ['x'] }],
    });
    const trackers = ['wakeup', 'block', 'syscall', 'net_rx'].map((name) => findTracker(name)!);
    const packets: Buffer[] = [];
    const hostname = 'a"; } evil';
    const source = { hostname, isFromUnixEpoch: true };
    const trace = new AlertTrace([...trackers, mine], source, (packet) =>
      packets.push(Buffer.from(packet)),
    );
    for (const alert of alerts) trace.add(alert);
    // Found late: its time must not go back in the stream.
    trace.add({ ...base, kind: 'timeout', endNs: base.endNs - 1000n });
    trace.flush();
    for (let i = 0; i < 1025; i++) trace.add(base);
    trace.flush();
    expect(packets.length).toBe(3);
    writeFileSync(join(scratch, 'metadata'), trace.metadata);
    writeFileSync(join(scratch, 'alerts'), Buffer.concat(packets));

    using opened = openTrace(scratch);
    expect(opened.traces[0]!.environment.get('hostname')).toBe(hostname);
    expect(opened.streams[0]!.dataStreamClass.defaultClockClass!.origin).toBe('unix-epoch');
    const events = [];
    for await (const event of opened.events()) events.push(event);
    expect(events.length).toBe(6 + 1025);
    expect(events.slice(0, 6).map(({ name }) => name)).toEqual([
      'latency_tracker_wakeup',
      'latency_tracker_block',
      'latency_tracker_syscall',
      'latency_tracker_net',
      'latency_tracker_mine',
      'latency_tracker_wakeup',
    ]);
    expect(events[0]!.nsFromOrigin).toBe(base.endNs);
    expect(events[0]!.payload).toMatchObject({
      comm: 'evil\x1b[31m\n',
      tid: 5,
      delay: 2_500_000,
      flag: 0,
      cpu_id: 1,
      stack: [0xffff_ffff_8100_0000n, 0xffff_ffff_8100_0100n],
      symbols: 'schedule+0x1c\n0xffffffff81000100',
    });
    expect(events[1]!.payload).toMatchObject({ dev: 8_388_624, sector: 64, tid: -1 });
    expect(events[5]).toMatchObject({ nsFromOrigin: base.endNs, payload: { flag: 1 } });
  });
});
