import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  Assembler,
  attachRaw,
  attachTracepoint,
  BpfMap,
  BpfProgram,
  Btf,
  enableRunStatistics,
  Native,
  probeBpf,
  RingBuffer,
  readFormat,
  ringNoWakeup,
} from '../../src/index.ts';
import { isRoot, rootTitle } from './root.ts';

const counterOptions = {
  type: 'per-cpu-array',
  name: 'count',
  keyBytes: 4,
  valueBytes: 8,
  maxEntries: 1,
} as const;

/** Counts in `map[0]` what this process does. */
function countOwn(map: BpfMap): Assembler {
  return new Assembler()
    .call('get_current_pid_tgid')
    .shiftRight('r0', 32)
    .jumpIf('r0', '!=', process.pid, 'out')
    .store('r10', -4, 0, 'u32')
    .move('r2', 'r10')
    .add('r2', -4)
    .moveMap('r1', map)
    .call('map_lookup_elem')
    .jumpIf('r0', '==', 0, 'out')
    .load('r1', 'r0', 0, 'u64')
    .add('r1', 1)
    .store('r0', 0, 'r1', 'u64')
    .label('out')
    .move('r0', 1)
    .exit();
}

function sumOverCpus(map: BpfMap): number {
  map.key.setUint32(0, 0, true);
  expect(map.lookUp()).toBe(true);
  let sum = 0;
  for (let cpu = 0; cpu < map.cpuCount; cpu++) {
    sum += Number(map.value.getBigUint64(cpu * map.cpuStrideBytes, true));
  }
  return sum;
}

const callSomething = (): void => {
  for (let i = 0; i < 100; i++) process.getuid?.() === 0 && readFileSync('/proc/self/comm');
};

describe.runIf(isRoot)(rootTitle('programs in the kernel'), () => {
  test('a typed tracepoint, a raw one and a perf event count the same calls', async () => {
    const native = await Native.open();
    const btfId = Btf.ofKernel().find('typedef', 'btf_trace_sys_enter')!;
    const maps = [0, 1, 2].map(() => new BpfMap(native, counterOptions));
    const typed = { type: 'typed-tracepoint', btfId } as const;
    const programs = [
      typed,
      { type: 'raw-tracepoint' } as const,
      { type: 'tracepoint' } as const,
    ].map(
      (options, i) =>
        new BpfProgram(native, { ...options, name: `t${i}`, code: countOwn(maps[i]!) }),
    );
    const format = readFormat('raw_syscalls', 'sys_enter')!;
    using statistics = disposable(enableRunStatistics(native));
    const attachments = [
      attachRaw(native, programs[0]!),
      attachRaw(native, programs[1]!, 'sys_enter'),
      attachTracepoint(native, programs[2]!, format.id),
    ];
    const before = maps.map(sumOverCpus);
    callSomething();
    const counts = maps.map((map, i) => sumOverCpus(map) - before[i]!);
    expect(counts[0]).toBeGreaterThan(300);
    // Each look-up between them is a call of its own.
    for (const count of counts) expect(Math.abs(count - counts[0]!)).toBeLessThan(8);
    const { runs, runNs } = programs[0]!.statistics();
    expect(runs).toBeGreaterThanOrEqual(counts[0]!);
    expect(runNs).toBeGreaterThan(runs);
    for (const open of [...attachments, ...programs, ...maps]) open.close();
    void statistics;
  });

  test('records come through the ring buffer in order, across its end', async () => {
    const native = await Native.open();
    const ring = new RingBuffer(native, 4096);
    const code = new Assembler()
      .call('get_current_pid_tgid')
      .move('r7', 'r0')
      .shiftRight('r0', 32)
      .jumpIf('r0', '!=', process.pid, 'out')
      .moveMap('r1', ring.map)
      .move('r2', 24)
      .move('r3', 0)
      .call('ringbuf_reserve')
      .jumpIf('r0', '==', 0, 'out')
      .move('r6', 'r0')
      .call('ktime_get_ns')
      .store('r6', 0, 'r0', 'u64')
      .store('r6', 8, 42, 'u64')
      .store('r6', 16, 'r7', 'u64')
      .move('r1', 'r6')
      .move('r2', ringNoWakeup)
      .call('ringbuf_submit')
      .label('out')
      .move('r0', 0)
      .exit();
    const program = new BpfProgram(native, { type: 'raw-tracepoint', name: 'ring', code });
    const attachment = attachRaw(native, program, 'sys_enter');
    let records = 0;
    /** By thread. */
    const lastNs = new Map<bigint, bigint>();
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 20; i++) readFileSync('/proc/self/comm');
      ring.poll((view, offset, lengthBytes) => {
        expect(lengthBytes).toBe(24);
        expect(view.getBigUint64(offset + 8, true)).toBe(42n);
        const timeNs = view.getBigUint64(offset, true);
        const thread = view.getBigUint64(offset + 16, true);
        expect(timeNs).toBeGreaterThan(lastNs.get(thread) ?? 0n);
        lastNs.set(thread, timeNs);
        records++;
      });
    }
    // The buffer holds 128 of them: it went round several times.
    expect(records).toBeGreaterThan(1000);
    for (const open of [attachment, program, ring]) open.close();
  });

  test('hash and mappable array: update, look-up, delete, full', async () => {
    const native = await Native.open();
    const hash = new BpfMap(native, {
      type: 'hash',
      name: 'h',
      keyBytes: 8,
      valueBytes: 8,
      maxEntries: 2,
    });
    const put = (key: bigint, value: bigint): void => {
      hash.key.setBigUint64(0, key, true);
      hash.value.setBigUint64(0, value, true);
      hash.update();
    };
    put(1n, 10n);
    put(2n, 20n);
    expect(() => put(3n, 30n)).toThrow('E2BIG');
    expect(hash.count()).toBe(2);
    hash.key.setBigUint64(0, 2n, true);
    expect(hash.lookUp()).toBe(true);
    expect(hash.value.getBigUint64(0, true)).toBe(20n);
    expect(hash.delete()).toBe(true);
    expect(hash.delete()).toBe(false);
    expect(hash.lookUp()).toBe(false);
    hash.close();
    const array = new BpfMap(native, { ...counterOptions, type: 'array', isMappable: true });
    const memory = array.mapIntoMemory();
    memory.view.setBigUint64(0, 7n, true);
    expect(array.lookUp()).toBe(true);
    expect(array.value.getBigUint64(0, true)).toBe(7n);
    memory.free();
    array.close();
  });

  test('a refused program tells the end of the verifier log', async () => {
    const native = await Native.open();
    const code = new Assembler().load('r0', 'r1', 100_00, 'u64').exit();
    const load = (): unknown =>
      new BpfProgram(native, { type: 'raw-tracepoint', name: 'bad', code });
    expect(load).toThrow(/Cannot load the program bad\. The verifier says:\n(.*\n)*.*invalid/);
    try {
      load();
    } catch (error) {
      expect(String(error).split('\n').length).toBeLessThanOrEqual(27);
    }
  });

  test('the probe says that it works here', async () => {
    expect(await probeBpf()).toMatchObject({ usable: true, hasTypes: true, remedy: '' });
  });
});

function disposable(open: { close(): void }): Disposable {
  return { [Symbol.dispose]: () => open.close() };
}
