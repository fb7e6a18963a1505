import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { attachRaw, BpfMap, BpfProgram, Native } from '@sonde/ebpf';
import { ProcessTable, type RecordState } from '@sonde/ftrace';
import { describe, expect, test } from 'vitest';
import {
  type ContentsMaps,
  maxRecordBytes,
  threadValue,
} from '../../src/contents/contents-maps.ts';
import { threadEndProgram } from '../../src/contents/contents-programs.ts';
import { SystemCallContents } from '../../src/contents/system-call-contents.ts';

const reason =
  process.geteuid?.() === 0
    ? process.arch === 'x64'
      ? ''
      : ' (left out: this is no x86-64)'
    : ' (left out: this needs root)';
const openat = { event: 'syscall_entry_openat', name: 'filename', number: 257, index: 1 };
const recvfrom = {
  event: 'syscall_exit_recvfrom',
  name: '*',
  number: 45,
  index: 4,
  isGiven: true,
};
/** Receives from a known port; then as often without asking who sent it. Prints its process ID, the port, and when each call was over. */
const receive = `import os, socket, sys, time
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
for s in (one, two): s.bind(("127.0.0.1", 0))
print(os.getpid(), one.getsockname()[1])
for i in range(int(sys.argv[1])):
    one.sendto(b"datagram", two.getsockname())
    (two.recvfrom if i % 1000 == 0 else two.recv)(100)
    if i < 2: print(time.monotonic_ns())
`;
const python = spawnSync('python3', ['--version']).error === undefined;
const opens = 2000;
const ringBytes = 4096;

/** An event of this thread at `timeNs`. */
function stateAt(timeNs: bigint): RecordState {
  return {
    processes: new ProcessTable(() => undefined),
    cpuId: 0,
    littleEndian: true,
    view: new DataView(new ArrayBuffer(0)),
    tid: process.pid,
    timeLow: Number(BigInt.asIntN(32, timeNs)),
    timeHigh: Number(timeNs >> 32n),
    userStrings: undefined,
  };
}

describe.skipIf(reason !== '')(`texts of system calls${reason}`, () => {
  test('what the ring has no room for is counted', async () => {
    const contents = new SystemCallContents(await Native.open(), [openat], ringBytes);
    try {
      for (let i = 0; i < opens; i++) closeSync(openSync('/dev/null', 'r'));
      contents.poll();
      const perText = 8 + 24 + '/dev/null'.length;
      expect(contents.counts.lost).toBeGreaterThanOrEqual(opens - ringBytes / perText);
    } finally {
      contents.close();
    }
  });

  test('the alarm can be read while a quarter of the ring is filled', async () => {
    const native = await Native.open();
    const contents = new SystemCallContents(native, [openat], 16 * ringBytes);
    using entry = native.allocate(8);
    const isAlarmed = async () => {
      entry.view.setInt32(0, contents.alarmFd, true);
      entry.view.setInt16(4, 1, true);
      await native.pollLater(entry, 1, 0);
      return entry.view.getInt16(6, true) === 1;
    };
    const open = (count: number) => {
      for (let i = 0; i < count; i++) closeSync(openSync('/dev/null', 'r'));
    };
    const perText = 48;
    try {
      contents.poll();
      open(1);
      expect(await isAlarmed()).toBe(false);
      open((4 * ringBytes) / perText);
      expect(await isAlarmed()).toBe(true);
      contents.poll();
      expect(await isAlarmed()).toBe(false);
    } finally {
      contents.close();
    }
  });

  test('with a ring that is full again and again: the own text, or none', async () => {
    const contents = new SystemCallContents(await Native.open(), [openat], ringBytes);
    try {
      const events: [bigint, string][] = [];
      for (let i = 0; i < opens; i++) {
        const path = `/sonde-none-${i}`;
        expect(() => openSync(path, 'r')).toThrow('ENOENT');
        events.push([process.hrtime.bigint(), path]);
        if (i % 250 === 0) contents.poll();
      }
      contents.poll();
      let known = 0;
      for (const [timeNs, path] of events) {
        const text = contents.textOf(stateAt(timeNs), openat.event, openat.name);
        if (text === undefined) continue;
        known++;
        expect(new TextDecoder().decode(text)).toBe(path);
      }
      expect(known).toBeGreaterThan(200);
      expect(contents.counts.missing).toBe(opens - known);
      // Doubtful are the last record before two of the greatest length would fill the ring, and those behind it: of 48 bytes here.
      const doubtful = 8 * (1 + Math.ceil((2 * maxRecordBytes) / 48));
      expect(contents.counts.lost).toBeGreaterThanOrEqual(opens - known - doubtful);
    } finally {
      contents.close();
    }
  });

  test.skipIf(!python)('an address is not that of a call that asks for none', async () => {
    const contents = new SystemCallContents(await Native.open(), [recvfrom], ringBytes);
    try {
      const { stdout } = spawnSync('python3', ['-c', receive, '1000'], { encoding: 'utf8' });
      const [tid, port, asked, unasked] = stdout.trim().split(/\s+/);
      contents.poll();
      const at = (timeNs: string) => ({ ...stateAt(BigInt(timeNs)), tid: Number(tid) });
      // First: the event of the other one may have been lost.
      expect(contents.addressOf(at(unasked!), recvfrom.event)).toBeUndefined();
      const address = contents.addressOf(at(asked!), recvfrom.event)!;
      expect(new DataView(address.buffer, address.byteOffset).getUint16(2)).toBe(Number(port));
      // Those without an address take no room.
      expect(contents.counts).toEqual({ texts: 1, missing: 0, lost: 0 });
    } finally {
      contents.close();
    }
  });

  test('what is kept of a thread goes away with it', async () => {
    const native = await Native.open();
    const threads = new BpfMap(native, {
      type: 'hash',
      name: 'threads',
      keyBytes: 4,
      valueBytes: threadValue.lengthBytes,
      maxEntries: 2,
    });
    const code = threadEndProgram({ threads } as unknown as ContentsMaps);
    const program = new BpfProgram(native, { type: 'raw-tracepoint', name: 'thread_end', code });
    const attachment = attachRaw(native, program, 'sched_process_exit');
    try {
      const child = spawn('sleep', ['100']);
      const isKept = (pid: number): boolean => {
        threads.key.setUint32(0, pid, true);
        return threads.lookUp();
      };
      for (const pid of [child.pid!, process.pid]) {
        threads.key.setUint32(0, pid, true);
        threads.update();
      }
      expect(isKept(child.pid!)).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(isKept(child.pid!)).toBe(false);
      expect(isKept(process.pid)).toBe(true);
    } finally {
      attachment.close();
      program.close();
      threads.close();
    }
  });

  test('the text of the event, once; what was not fetched is counted', async () => {
    const contents = new SystemCallContents(await Native.open(), [openat]);
    try {
      closeSync(openSync('/dev/zero', 'r'));
      const state = stateAt(process.hrtime.bigint());
      const text = contents.textOf(state, openat.event, openat.name);
      expect(new TextDecoder().decode(text)).toBe('/dev/zero');
      expect(contents.textOf(state, openat.event, openat.name)).toBeUndefined();
      expect(contents.textOf(state, 'syscall_entry_open', 'filename')).toBeUndefined();
      expect(contents.counts).toMatchObject({ texts: 1, missing: 1 });
    } finally {
      contents.close();
    }
  });
});
