/** What must hold of the Linux model over any trace, checked on real ones: ours of LTTng 2.13, whole and with losses. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openTrace, runIterator } from '@sonde/components';
import { LinuxModel, type SegmentKind, type Thread } from '@sonde/linux-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../conformance/corpus.ts';

const shared = process.env['SONDE_SHARED'] ?? join(repository, '../shared');
const scratch = mkdtempSync(join(tmpdir(), 'sonde-invariants-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface TraceKind {
  readonly name: string;
  readonly isLossy?: boolean;
  /** The trace in the archive; default: all of it. */
  readonly part?: string;
}

/** In fixtures always, in the shared corpus where that is. */
const kinds: readonly TraceKind[] = [
  { name: 'tiny' },
  { name: 'ctxall' },
  { name: 'discard', isLossy: true },
  { name: 'overwrite', isLossy: true },
  { name: 'io' },
  { name: 'net' },
  { name: 'fork' },
  { name: 'rt' },
  // With user-space traces of the same host.
  { name: 'kust' },
  // Two that overlap in time, and what came between them.
  { name: 'snapshot', part: 'first*' },
  { name: 'snapshot', part: 'second*' },
  { name: 'rotated' },
  { name: 'many-threads' },
];
const traces = kinds.flatMap(({ name, isLossy = false, part = '' }) => {
  const places = [
    join(repository, 'fixtures/traces', `kernel-${name}.tar.xz`),
    join(shared, 'traces/ours/kernel', `${name}.tar.xz`),
    join(shared, 'traces/ours/kernel', name),
    join(shared, 'traces/analyses/traces', `${name}.tar.xz`),
  ];
  const archive = places.find((path) => existsSync(path));
  return archive === undefined ? [] : [{ name: `${name} ${part}`, isLossy, archive, part }];
});

function unpack(archive: string): string {
  if (!archive.endsWith('.tar.xz')) return archive;
  const folder = mkdtempSync(join(scratch, 'trace-'));
  execFileSync('tar', ['xf', archive, '-C', folder]);
  return folder;
}

/** The folder below `folder` that a name with a star at its end means. */
function onlyMatch(folder: string, glob: string): string {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const match = entries.find((entry) => basename(entry).startsWith(glob.slice(0, -1)));
  return join(folder, match!);
}

/** Feeds a model. `subscribe` gets it first. */
async function runModel(path: string, subscribe: (model: LinuxModel) => void): Promise<LinuxModel> {
  const opened = openTrace(path);
  const model = new LinuxModel();
  subscribe(model);
  model.origin = opened.origin;
  model.begin(opened.origin, 0);
  const iterator = opened.iterate(model);
  await runIterator(iterator);
  model.finish(iterator.lastEventNs ?? 0);
  opened.close();
  return model;
}

const segmentKinds = [
  'scheduling-slice',
  'wakeup-latency',
  'off-cpu',
  'system-call',
  'file-operation',
  'block-request',
  'hard-irq',
  'soft-irq',
  'timer-expiry',
  'network-transmission',
  'gap',
] as const satisfies readonly SegmentKind[];

const movesBytes = /^(?:p?readv?|p?writev?|pread64|pwrite64|sendto|sendmsg|recvfrom|recvmsg)$/;
const bytesOf = (result: number | undefined): number => Math.max(0, result ?? 0);

/** One reading of a trace with everything subscribed to. */
class Findings {
  /** Sentences about what should not be. */
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  readonly uncertain = new Map<string, number>();
  readonly sliceEnds = new Map<number, number>();
  readonly sliceSums = new Map<number, number>();
  callBytes = 0;
  operationBytes = 0;
  discarded = 0;
  forks = 0;
  readonly alive = new Map<number, Thread>();
  readonly dead = new Set<Thread>();
  readonly #running = new Map<number, number>();
  readonly #threadEnds = new Map<Thread, number>();

  violation(sentence: string): void {
    if (this.violations.length < 10) this.violations.push(sentence);
  }

  subscribe(model: LinuxModel): void {
    for (const kind of segmentKinds) {
      model.on(kind, ({ beginNs, endNs, isCertain }) => {
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
        if (!isCertain) this.uncertain.set(kind, (this.uncertain.get(kind) ?? 0) + 1);
        if (!(endNs >= beginNs)) this.violation(`${kind} from ${beginNs} to ${endNs}`);
      });
    }
    this.#watchRunning(model);
    this.#watchBytes(model);
    this.#watchLives(model);
  }

  #watchRunning(model: LinuxModel): void {
    const { sliceEnds, sliceSums } = this;
    model.on('scheduling-slice', ({ cpu, thread, beginNs, endNs, isCertain }) => {
      const lastEndNs = sliceEnds.get(cpu.id) ?? 0;
      if (beginNs !== lastEndNs) this.violation(`CPU ${cpu.id}: ${lastEndNs}, then ${beginNs}`);
      sliceEnds.set(cpu.id, endNs);
      sliceSums.set(cpu.id, (sliceSums.get(cpu.id) ?? 0) + endNs - beginNs);
      if (thread.tid <= 0 || !isCertain) return;
      const earlier = this.#threadEnds.get(thread) ?? 0;
      if (beginNs < earlier)
        this.violation(`${thread.tid} runs at ${beginNs} and until ${earlier}`);
      this.#threadEnds.set(thread, endNs);
    });
    model.on('switch', ({ previous, next, cpu }) => {
      if (this.#running.get(previous.tid) === cpu.id) this.#running.delete(previous.tid);
      if (next.tid === 0) return;
      const other = this.#running.get(next.tid);
      if (other !== undefined) this.violation(`${next.tid} runs on CPUs ${other} and ${cpu.id}`);
      this.#running.set(next.tid, cpu.id);
    });
    model.on('gap', ({ cpu, count }) => {
      this.discarded += count ?? 0;
      for (const [tid, on] of this.#running) if (on === cpu.id) this.#running.delete(tid);
    });
    model.on('soft-irq', ({ raiseNs, beginNs }) => {
      if (raiseNs > beginNs) this.violation(`raised at ${raiseNs}, after ${beginNs}`);
    });
  }

  #watchBytes(model: LinuxModel): void {
    model.on('system-call', ({ name, result, isFinished }) => {
      if (isFinished && movesBytes.test(name)) this.callBytes += bytesOf(result);
    });
    model.on('file-operation', ({ name, kind, sizeBytes, errno }) => {
      if (movesBytes.test(name)) this.operationBytes += sizeBytes ?? 0;
      const hasNoSize = kind === 'open' || kind === 'close' || errno !== 0;
      if (hasNoSize && sizeBytes !== undefined) this.violation(`${name} has a size`);
    });
  }

  #watchLives(model: LinuxModel): void {
    model.on('thread-life', ({ kind, thread }) => {
      if (kind === 'fork') {
        this.forks++;
        this.alive.set(thread.tid, thread);
      } else if (kind === 'exit') {
        if (this.dead.has(thread)) this.violation(`${thread.tid} exits twice`);
        this.dead.add(thread);
        this.alive.delete(thread.tid);
      }
    });
  }
}

describe.each(traces)('$name', ({ isLossy, archive, part }) => {
  const findings = new Findings();
  let model: LinuxModel;
  beforeAll(async () => {
    const folder = unpack(archive);
    const path = part === '' ? folder : onlyMatch(folder, part);
    model = await runModel(path, (subscribed) => findings.subscribe(subscribed));
  });

  test('nothing ends before it begins, runs twice, or has bytes that it can’t have', () => {
    expect(findings.violations).toEqual([]);
    // Not every trace was recorded with all kinds.
    for (const kind of ['scheduling-slice', 'off-cpu', 'system-call', 'file-operation']) {
      expect([kind, findings.counts.get(kind) ?? 0]).toSatisfy(([, count]) => Number(count) > 10);
    }
  });

  test('per CPU, run, idle and unknown time is all the time', () => {
    const ends = new Set(findings.sliceEnds.values());
    expect(ends.size).toBe(1);
    const [endNs] = ends;
    expect(new Set(findings.sliceSums.values())).toEqual(new Set([endNs]));
  });

  test('the bytes of each finished call are counted once', () => {
    expect(findings.callBytes).toBeGreaterThan(0);
    expect(findings.operationBytes).toBe(findings.callBytes);
  });

  test('who has exited is released, who was forked and has not is there', () => {
    const { threads } = model.hosts[0]!;
    for (const [tid, thread] of findings.alive) expect(threads.get(tid)).toBe(thread);
    const left = [...findings.dead].filter((thread) => threads.get(thread.tid) === thread);
    // Still on their way out at the end; in a gap, nobody saw their last switch.
    expect(left.length).toBeLessThanOrEqual(
      isLossy ? findings.dead.size : model.hosts[0]!.cpus.length,
    );
    for (const thread of left) expect(thread.isExiting).toBe(true);
  });

  test('doubt comes from losses', () => {
    const doubtful = new Map(findings.uncertain);
    const slices = doubtful.get('scheduling-slice') ?? 0;
    if (isLossy) {
      expect(findings.discarded).toBeGreaterThan(500);
      expect(doubtful.get('wakeup-latency')).toBeGreaterThan(0);
      expect(slices).toBeGreaterThan(10);
    } else {
      expect(findings.discarded).toBe(0);
      // What ran first on each CPU; calls that have not returned.
      expect(slices).toBe(model.hosts[0]!.cpus.length);
      doubtful.delete('scheduling-slice');
      doubtful.delete('system-call');
      expect(doubtful).toEqual(new Map());
    }
  });
});
