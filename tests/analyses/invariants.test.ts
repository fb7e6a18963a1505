/** What must hold of the Linux model over any trace, checked on real ones of ours. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTrace, runIterator } from '@sonde/components';
import { LinuxModel } from '@sonde/linux-model';
import { afterAll, describe, expect, test } from 'vitest';
import { repository } from '../conformance/corpus.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-invariants-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function unpack(name: string): string {
  const archive = join(repository, 'fixtures/traces', `${name}.tar.xz`);
  const folder = mkdtempSync(join(scratch, name));
  execFileSync('tar', ['xf', archive, '-C', folder]);
  return folder;
}

/** Feeds a model. `subscribe` gets it first. */
async function runModel(path: string, subscribe: (model: LinuxModel) => void): Promise<void> {
  const traces = openTrace(path);
  const model = new LinuxModel();
  subscribe(model);
  model.origin = traces.origin;
  model.begin(traces.origin, 0);
  const iterator = traces.iterate(model);
  await runIterator(iterator);
  model.finish(iterator.lastEventNs ?? 0);
  traces.close();
}

describe.each(['kernel-tiny', 'kernel-ctxall'])('%s', (name) => {
  const path = unpack(name);

  test('the slices of a CPU follow one another without a gap', async () => {
    const lastEnds = new Map<number, number>();
    let count = 0;
    await runModel(path, (model) => {
      model.on('scheduling-slice', ({ cpu, beginNs, endNs }) => {
        const lastEndNs = lastEnds.get(cpu.id);
        if (lastEndNs !== undefined) expect(beginNs).toBe(lastEndNs);
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
        lastEnds.set(cpu.id, endNs);
        count++;
      });
    });
    expect(count).toBeGreaterThan(100);
    // Idle time included, all CPUs end at the last event.
    expect(new Set(lastEnds.values()).size).toBe(1);
  });

  test('no thread runs on two CPUs at once', async () => {
    const running = new Map<number, number>();
    await runModel(path, (model) => {
      model.on('switch', ({ previous, next, cpu }) => {
        if (running.get(previous.tid) === cpu.id) running.delete(previous.tid);
        if (next.tid === 0) return;
        expect(running.get(next.tid)).toBeUndefined();
        running.set(next.tid, cpu.id);
      });
    });
  });

  test('calls, operations, interrupts and waits end after they begin', async () => {
    const counts = { calls: 0, operations: 0, interrupts: 0, waits: 0 };
    await runModel(path, (model) => {
      model.on('system-call', ({ beginNs, endNs }) => {
        counts.calls++;
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
      });
      model.on('file-operation', ({ beginNs, endNs, kind, sizeBytes, errno }) => {
        counts.operations++;
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
        if (kind === 'open' || kind === 'close' || errno !== 0) expect(sizeBytes).toBeUndefined();
      });
      model.on('hard-irq', ({ beginNs, endNs }) => {
        counts.interrupts++;
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
      });
      model.on('soft-irq', ({ beginNs, endNs, raiseNs }) => {
        counts.interrupts++;
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
        if (!Number.isNaN(raiseNs)) expect(beginNs).toBeGreaterThanOrEqual(raiseNs);
      });
      model.on('wakeup-latency', ({ beginNs, endNs }) => {
        counts.waits++;
        expect(endNs).toBeGreaterThanOrEqual(beginNs);
      });
    });
    // Not every trace was recorded with all of them.
    expect(counts.calls).toBeGreaterThan(10);
    expect(counts.operations).toBeGreaterThan(10);
    expect(counts.waits).toBeGreaterThan(10);
  });

  test('the bytes of an operation are those of its system call', async () => {
    let fromCalls = 0;
    let fromOperations = 0;
    await runModel(path, (model) => {
      model.on('system-call', ({ name: call, result, isFinished }) => {
        if (/^(read|write|pread64|pwrite64)$/.test(call) && isFinished && (result ?? -1) > 0) {
          fromCalls += result!;
        }
      });
      model.on('file-operation', ({ name: call, sizeBytes }) => {
        if (/^(read|write|pread64|pwrite64)$/.test(call)) fromOperations += sizeBytes ?? 0;
      });
    });
    expect(fromOperations).toBe(fromCalls);
    expect(fromCalls).toBeGreaterThan(0);
  });
});
