import { closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FillAlarm, openNative } from '../../src/fill-alarm.ts';
import { TraceInstance } from '../../src/instance.ts';
import { openTracefs, tracefsPath } from '../../src/tracefs.ts';

const native =
  process.geteuid?.() === 0 && existsSync(tracefsPath) ? await openNative() : undefined;
const reason = native === undefined ? ' (left out: this needs root, tracefs and koffi)' : '';
/** Nobody waits as long. */
const farMs = 60_000;

/** Calls `body` with an alarm over an instance with small buffers, which records what this process stats. */
async function withAlarm(
  body: (alarm: FillAlarm, instance: TraceInstance) => Promise<void>,
  others: readonly number[] = [],
): Promise<void> {
  const instance = TraceInstance.create(openTracefs(), { bufferBytes: 512 * 1024 });
  const descriptors = instance.cpuIds.map((cpuId) =>
    openSync(
      join(instance.folder.path, `per_cpu/cpu${cpuId}/trace_pipe_raw`),
      constants.O_RDONLY | constants.O_NONBLOCK,
    ),
  );
  const alarm = FillAlarm.over(native, instance, descriptors, others)!;
  try {
    instance.folder.write('set_event_pid', String(process.pid));
    instance.folder.write('events/raw_syscalls/enable', '1');
    await body(alarm, instance);
  } finally {
    alarm.close();
    for (const fd of descriptors) closeSync(fd);
    expect(instance.remove()).toBe(true);
  }
}

test.skipIf(native === undefined)(`a buffer that fills up ends the wait${reason}`, () =>
  withAlarm(async (alarm, instance) => {
    instance.isOn = true;
    const waiting = alarm.wait(farMs);
    const bytes = () => Math.max(...instance.cpuIds.map((cpuId) => instance.stats(cpuId).bytes));
    while (bytes() < instance.subBufferBytes * 4) statSync('/');
    await waiting;
  }),
);

test.skipIf(native === undefined)(`waking ends the wait${reason}`, () =>
  withAlarm(async (alarm) => {
    const waiting = alarm.wait(farMs);
    alarm.wake();
    await waiting;
  }),
);

test.skipIf(native === undefined)(
  `closed while somebody waits, it leaves the instance to be removed at once${reason}`,
  () =>
    withAlarm(async (alarm, instance) => {
      const waiting = alarm.wait(farMs);
      alarm.close();
      alarm.close();
      await waiting;
      await alarm.wait(farMs);
      expect(alarm.isOn).toBe(false);
      instance.isOn = false;
    }),
);

test.skipIf(native === undefined)(`false alarms in a row turn it off${reason}`, () =>
  withAlarm(async (alarm) => {
    for (let i = 0; i < 7; i++) alarm.setTruth(false);
    alarm.setTruth(true);
    for (let i = 0; i < 7; i++) alarm.setTruth(false);
    expect(alarm.isOn).toBe(true);
    alarm.setTruth(false);
    expect(alarm.isOn).toBe(false);
  }),
);

test.skipIf(native === undefined)(
  `other descriptors end the wait, and are no false alarms${reason}`,
  async () => {
    const readable = openSync('/dev/null', 'r');
    const body = async (alarm: FillAlarm) => {
      await alarm.wait(farMs);
      for (let i = 0; i < 8; i++) alarm.setTruth(false);
      expect(alarm.isOn).toBe(true);
    };
    await withAlarm(body, [readable]);
    closeSync(readable);
  },
);

test('without calls into C there is none', () => {
  const instance = { folder: { has: () => true } } as unknown as TraceInstance;
  expect(FillAlarm.over(undefined, instance, [])).toBeUndefined();
});
