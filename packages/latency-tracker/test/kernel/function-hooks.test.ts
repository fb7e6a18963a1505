import { Btf, Native, RingBuffer } from '@sonde/ebpf';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PointSet } from '../../src/index.ts';
import { CommonMemory } from '../../src/kernel/common-memory.ts';
import { pointPiece } from '../../src/kernel/emit-points.ts';
import { accessEvent } from '../../src/kernel/event-access.ts';
import { attachProgram, loadProgram } from '../../src/kernel/shared-programs.ts';
import { TrackerMaps } from '../../src/kernel/tracker-maps.ts';
import { planTracker } from '../../src/kernel/tracker-plan.ts';
import { needs, openSession, run, trackerNamed } from './support.ts';

const [isPossible, title] = needs('hooks at functions', 'dd');

/** Of the functions that this kernel has; undefined: it has none. */
function known(set: PointSet, btf: Btf): PointSet | undefined {
  const isKnown = ({ event }: { readonly event: string }): boolean =>
    btf.find('function', event) !== undefined;
  const begin = set.begin.filter(isKnown);
  return begin.length === 0 ? undefined : { ...set, begin, end: set.end.filter(isKnown) };
}

describe.runIf(isPossible)(title, () => {
  // Some kernels refuse such programs before they look at them: so the same instructions run at events of the same kind, where every
  // call has an entry and an exit.
  test.each(['fs_read', 'fs_write', 'fs_sync'])(
    '%s: what they do passes the verifier and counts pairs',
    async (name) => {
      const native = await Native.open();
      const btf = Btf.ofKernel();
      const types = { btf, access: 'typed', hasExchange: true } as const;
      const tracker = trackerNamed(name, { alert: { threshold: 0, stack: 'end' } });
      const sets = tracker.anyOf.filter(({ via }) => via === 'function');
      const set = sets.flatMap((one) => known(one, btf) ?? []).at(-1)!;
      expect(set.begin[0]!.event).toMatch(/^vfs_/);
      const plan = planTracker(tracker, set, types);
      expect(plan.programs.map(({ target }) => target.programType).sort()).toEqual([
        'function-entry',
        'function-exit',
        'typed-tracepoint',
      ]);
      const ring = new RingBuffer(native, 1 << 20, 'alerts');
      const memory = new CommonMemory(native, [plan]);
      const place = memory.places[0]!;
      const maps = new TrackerMaps(native, plan, place);
      onTestFinished(() => {
        maps.close();
        memory.close();
        ring.close();
      });
      const context = { plan, maps, ring: ring.map, trackerIndex: 0, ownTgid: process.pid };
      const [entry, exit] = ['sys_enter', 'sys_exit'].map(
        (event) => accessEvent(event, 'arguments', [], types).target,
      );
      const standIns = { 'function-entry': entry, 'function-exit': exit };
      for (const planned of plan.programs) {
        const { programType } = planned.target;
        const target = standIns[programType as keyof typeof standIns] ?? planned.target;
        const piece = pointPiece(context, { ...planned, target });
        const program = loadProgram(native, name, [piece]);
        const attachment = attachProgram(native, program, piece);
        onTestFinished(() => {
          attachment.close();
          program.close();
        });
      }
      place.set('isOn', 1n);
      await run('dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=1000', 'status=none');
      place.set('isOn', 0n);
      memory.readCounters();
      const { counters, series } = maps.read();
      expect(counters.ends).toBeGreaterThan(2000);
      expect(counters.begins - counters.ends).toBeLessThan(1000);
      expect(series[0]!.counts.reduce((sum, count) => sum + count)).toBe(counters.ends);
      expect(counters.alerts).toBe(counters.ends - counters.limited);
    },
  );

  test('where the kernel refuses them, it is told, with what is measured instead', async () => {
    const { session } = await openSession([trackerNamed('fs_read'), trackerNamed('fs_write')]);
    if (session.backEnd.includes('fentry')) {
      expect(session.notes).toEqual([]);
      return;
    }
    const instead = ['read', 'write'].map(
      (call) =>
        `fs_${call}: measured from syscalls:sys_enter_${call} to syscalls:sys_exit_${call}, because this kernel refuses function hooks (EPERM)`,
    );
    expect(session.notes).toEqual(instead);
  });
});
