/** On real traces, every pair of a tracker is a segment of the Linux model, and the other way round. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTraces, openTrace, runIterator } from '@sonde/components';
import { eventMatches, findTracker, StreamingSession } from '@sonde/latency-tracker';
import { LinuxModel } from '@sonde/linux-model';
import { afterAll, describe, expect, test } from 'vitest';
import { repository } from '../../../tests/conformance/corpus.ts';
import { everyPair } from './text-trace.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-agreement-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const shared = join(
  process.env['SONDE_SHARED'] ?? join(repository, '../shared'),
  'traces/ours/kernel',
);
const archives = [
  join(repository, 'fixtures/traces/kernel-tiny.tar.xz'),
  ...['fork', 'io', 'kust', 'net', 'rt'].map((name) => join(shared, `${name}.tar.xz`)),
];

/**
 * Unpacked. Not among them: what begins in the middle of things or has lost events. There the tracker goes by what an event says of its
 * thread, the model by what it knows of the CPU, and a pair across a gap is uncertain here and may be none there.
 */
const folders = ['ctxall', 'tiny', 'snapshot/first-20261122-213716-0']
  .map((name) => join(shared, name))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => findTraces(folder, {}));

const names = ['wakeup', 'syscall', 'irq', 'softirq', 'softirq_raise', 'block', 'oncpu'] as const;
type Pairs = Map<string, string[]>;

function add(pairs: Pairs, name: string, key: string, beginNs: number, endNs: number): void {
  const list = pairs.get(name) ?? [];
  list.push(`${key} ${beginNs} ${endNs}`);
  pairs.set(name, list);
}

/** All trackers that the trace has events for. */
async function pairsOfTrackers(path: string): Promise<Pairs> {
  const pairs: Pairs = new Map();
  using traces = openTrace(path);
  const { origin } = traces;
  const classes = traces.traces.flatMap(({ traceClass }) =>
    [...traceClass.dataStreamClasses.values()].flatMap(({ eventRecordClasses }) =>
      [...eventRecordClasses.values()].map(({ name = '' }) => name),
    ),
  );
  const usable = names.filter((name) =>
    findTracker(name)!
      .anyOf.at(-1)!
      .begin.some(({ event }) => classes.some((known) => eventMatches(event, known))),
  );
  const session = new StreamingSession(
    usable.map((name) => everyPair({ ...findTracker(name)!, alert: unlimited })),
    {
      origin,
      traces: traces.traces,
      onAlert: ({ tracker, tid, key, beginNs, endNs }) =>
        add(
          pairs,
          tracker,
          String(tid ?? key.join(':')),
          Number(beginNs - origin.nsFromOrigin),
          Number(endNs - origin.nsFromOrigin),
        ),
    },
  );
  await runIterator(traces.iterate(session));
  return pairs;
}

const unlimited = {
  thresholdNs: -1,
  ratePerS: Number.POSITIVE_INFINITY,
  halfStack: false,
  stack: 'end',
} as const;

async function segmentsOfModel(path: string): Promise<Pairs> {
  const pairs: Pairs = new Map();
  using traces = openTrace(path);
  const model = new LinuxModel();
  model.origin = traces.origin;
  model.begin(traces.origin, 0);
  model.on('wakeup-latency', ({ thread, beginNs, endNs }) =>
    add(pairs, 'wakeup', `${thread.tid}`, beginNs, endNs),
  );
  model.on('system-call', ({ thread, beginNs, endNs, isFinished }) => {
    if (isFinished) add(pairs, 'syscall', `${thread.tid}`, beginNs, endNs);
  });
  model.on('hard-irq', ({ cpu, irq, beginNs, endNs }) =>
    add(pairs, 'irq', `${cpu.id}:${irq}`, beginNs, endNs),
  );
  model.on('soft-irq', ({ cpu, vector, raiseNs, beginNs, endNs }) => {
    add(pairs, 'softirq', `${cpu.id}:${vector}`, beginNs, endNs);
    if (!Number.isNaN(raiseNs)) {
      add(pairs, 'softirq_raise', `${cpu.id}:${vector}`, raiseNs, beginNs);
    }
  });
  model.on('block-request', ({ device, sector, beginNs, endNs }) =>
    add(pairs, 'block', `${device}:${sector}`, beginNs, endNs),
  );
  model.on('scheduling-slice', ({ thread, beginNs, endNs, endState, isCertain }) => {
    if (thread.tid !== 0 && endState !== -1 && isCertain) {
      add(pairs, 'oncpu', `${thread.tid}`, beginNs, endNs);
    }
  });
  const iterator = traces.iterate(model);
  await runIterator(iterator);
  model.finish(iterator.lastEventNs ?? 0);
  return pairs;
}

const there = archives.filter((archive) => existsSync(archive));
const missing = archives.length - there.length;
const note = missing === 0 ? '' : ` (${missing} traces left out: set SONDE_SHARED)`;
const nameOf = (archive: string): string => /([^/]*)\.tar\.xz$/.exec(archive)![1]!;

describe.each(there.map(nameOf))(`%s${note}`, (name) => {
  const archive = there.find((candidate) => nameOf(candidate) === name)!;
  const folder = mkdtempSync(join(scratch, `x-${name}-`));
  execFileSync('tar', ['xf', archive, '-C', folder]);

  test('trackers agree with segments', async () => {
    const [pairs] = await expectAgreement(folder);
    const [wakeups, calls] = [pairs.get('wakeup') ?? [], pairs.get('syscall') ?? []];
    expect(Math.min(wakeups.length, calls.length)).toBeGreaterThan(100);
  });
});

describe.each(folders.map((folder) => folder.slice(shared.length + 1)))('%s', (name) => {
  test('trackers agree with segments', async () => {
    await expectAgreement(join(shared, name));
  });
});

async function expectAgreement(folder: string): Promise<readonly [Pairs, Pairs]> {
  const [pairs, segments] = [await pairsOfTrackers(folder), await segmentsOfModel(folder)];
  for (const tracker of names) {
    const [ours, theirs] = [pairs.get(tracker) ?? [], segments.get(tracker) ?? []];
    // What is still raised when the trace ends has run in no handler that the model tells of.
    const known = new Set(theirs);
    const expected = tracker === 'softirq_raise' ? ours.filter((p) => known.has(p)) : ours;
    expect({ tracker, pairs: [...expected].sort() }).toEqual({
      tracker,
      pairs: [...theirs].sort(),
    });
    expect(ours.length - theirs.length).toBeLessThanOrEqual(4);
  }
  return [pairs, segments];
}
