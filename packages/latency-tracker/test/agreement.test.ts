/** On real traces, every pair of a tracker is a segment of the Linux model, and the other way round. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openTrace, runIterator } from '@sonde/components';
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

/** In the repository: some begin in the middle of things, some have lost events or packets. Several traces of a folder are read as one. */
const fixtures = ['ctxall', 'discard', 'overwrite', 'snapshot'];
const folders = [
  ...fixtures.map((name) => join(scratch, `kernel-${name}`)),
  ...['first-20261122-213716-0', 'second-20261122-213717-1'].map((name) =>
    join(scratch, 'kernel-snapshot', name),
  ),
  ...[join(shared, 'rotated')].filter((folder) => existsSync(folder)),
];
for (const name of fixtures) {
  const archive = join(repository, `fixtures/traces/kernel-${name}.tar.xz`);
  execFileSync('tar', ['xf', archive, '-C', scratch]);
}

const names = ['wakeup', 'syscall', 'irq', 'softirq', 'softirq_raise', 'block', 'oncpu'] as const;

interface Pair {
  /** `KEY BEGIN END`. */
  readonly text: string;
  readonly beginNs: number;
  readonly cpuId: number;
  readonly isCertain: boolean;
}

type Pairs = Map<string, Pair[]>;

function add(
  pairs: Pairs,
  name: string,
  key: string,
  { beginNs, endNs, ...rest }: Omit<Pair, 'text'> & { readonly endNs: number },
): void {
  const list = pairs.get(name) ?? [];
  list.push({ text: `${key} ${beginNs} ${endNs}`, beginNs, ...rest });
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
      onAlert: ({ tracker, tid, key, beginNs, endNs, cpuId, isUncertain }) =>
        add(pairs, tracker, String(tid ?? key.join(':')), {
          beginNs: Number(beginNs - origin.nsFromOrigin),
          endNs: Number(endNs - origin.nsFromOrigin),
          cpuId,
          isCertain: isUncertain !== true,
        }),
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

interface Segments {
  readonly pairs: Pairs;
  /** By CPU (ns). */
  readonly firstSwitchNs: ReadonlyMap<number, number>;
  /** `CPU TIME`. */
  readonly gapEnds: ReadonlySet<string>;
}

async function segmentsOfModel(path: string): Promise<Segments> {
  const pairs: Pairs = new Map();
  const firstSwitchNs = new Map<number, number>();
  const gapEnds = new Set<string>();
  using traces = openTrace(path);
  const model = new LinuxModel();
  model.origin = traces.origin;
  model.begin(traces.origin, 0);
  const addOf = (
    name: string,
    key: number | string,
    segment: { readonly beginNs: number; readonly endNs: number; readonly isCertain: boolean },
    cpuId = -1,
  ): void => {
    const { beginNs, endNs, isCertain } = segment;
    add(pairs, name, String(key), { beginNs, endNs, cpuId, isCertain });
  };
  model.on('switch', ({ cpu, timeNs }) => {
    if (!firstSwitchNs.has(cpu.id)) firstSwitchNs.set(cpu.id, timeNs);
  });
  model.on('gap', ({ cpu, endNs }) => gapEnds.add(`${cpu.id} ${endNs}`));
  model.on('wakeup-latency', (wait) => addOf('wakeup', wait.thread.tid, wait));
  model.on('system-call', (call) => {
    if (call.isFinished) addOf('syscall', call.thread.tid, call);
  });
  model.on('hard-irq', (run) => addOf('irq', `${run.cpu.id}:${run.irq}`, run));
  model.on('soft-irq', (run) => {
    const { cpu, vector, raiseNs, beginNs } = run;
    addOf('softirq', `${cpu.id}:${vector}`, run);
    if (Number.isNaN(raiseNs)) return;
    addOf('softirq_raise', `${cpu.id}:${vector}`, { ...run, beginNs: raiseNs, endNs: beginNs });
  });
  model.on('block-request', (run) => addOf('block', `${run.device}:${run.sector}`, run));
  model.on('scheduling-slice', (slice) => {
    const { thread, endState, isCertain, cpu } = slice;
    if (thread.tid !== 0 && endState !== -1 && isCertain) {
      addOf('oncpu', thread.tid, slice, cpu.id);
    }
  });
  const iterator = traces.iterate(model);
  await runIterator(iterator);
  model.finish(iterator.lastEventNs ?? 0);
  return { pairs, firstSwitchNs, gapEnds };
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
    const pairs = await expectAgreement(folder);
    const [wakeups, calls] = [pairs.get('wakeup') ?? [], pairs.get('syscall') ?? []];
    expect(Math.min(wakeups.length, calls.length)).toBeGreaterThan(100);
  });
});

test.each(folders.map((folder) => [basename(folder), folder]))('%s', async (_name, folder) => {
  await expectAgreement(folder);
});

/**
 * Every segment is a pair. Every pair is a segment, but for those that lost events make uncertain: there the tracker tells a pair that the
 * model doesn't make.
 */
async function expectAgreement(folder: string): Promise<Pairs> {
  const pairs = await pairsOfTrackers(folder);
  const segments = await segmentsOfModel(folder);
  for (const tracker of names) {
    const [ours, theirs] = [pairs.get(tracker) ?? [], segments.pairs.get(tracker) ?? []];
    const [ourTexts, theirTexts] = [textsOf(ours), textsOf(theirs)];
    const isTheirs = (pair: Pair): boolean => {
      if (!pair.isCertain || theirTexts.has(pair.text)) return true;
      // What was raised when the trace ends, or before a gap, has run in no handler that the model tells of.
      if (tracker === 'softirq_raise') return true;
      // Before a CPU's first switch the model takes nobody to run; the tracker believes contexts.
      const firstNs = segments.firstSwitchNs.get(pair.cpuId) ?? Number.POSITIVE_INFINITY;
      return tracker === 'syscall' && pair.beginNs < firstNs;
    };
    // Who runs when a gap ends has not been switched in then.
    const isOurs = ({ text, cpuId, beginNs }: Pair): boolean =>
      ourTexts.has(text) || (tracker === 'oncpu' && segments.gapEnds.has(`${cpuId} ${beginNs}`));
    const onlyOurs = ours.filter((pair) => !isTheirs(pair));
    const onlyTheirs = theirs.filter((pair) => !isOurs(pair));
    expect({ tracker, onlyOurs, onlyTheirs }).toEqual({ tracker, onlyOurs: [], onlyTheirs: [] });
    if (segments.gapEnds.size === 0) {
      expect(ours.every(({ isCertain }) => isCertain)).toBe(true);
      if (tracker === 'softirq_raise') expect(ours.length - theirs.length).toBeLessThan(5);
    }
  }
  return pairs;
}

const textsOf = (pairs: readonly Pair[]): ReadonlySet<string> =>
  new Set(pairs.map(({ text }) => text));
