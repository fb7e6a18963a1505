import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ended,
  runSonde,
  scratchFolder,
  sondePath,
  startSonde,
} from '../integration/built-command.ts';
import {
  babeltraceIsMissing,
  countEvents,
  instances,
  instancesOf,
  readWithBabeltrace,
  reasonNotToRecord,
  record,
  untilRecording,
  whereRecorded,
} from './recording.ts';

/** Random moments, but the same ones each time. */
function* moments(count: number): Generator<number> {
  for (let i = 0, x = 12345; i < count; i++) {
    x = (x * 1103515245 + 12345) % 2 ** 31;
    yield x % 1150;
  }
}

/** Of all files in a folder. */
function bytesIn(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, status) => sum + (status.isFile() ? status.size : 0), 0);
}

describe.skipIf(reasonNotToRecord !== undefined)(`how recordings end${whereRecorded}`, () => {
  const scratch = reasonNotToRecord === undefined ? scratchFolder() : '';
  const at = (name: string): string => join(scratch, name);

  afterAll(() => {
    if (reasonNotToRecord === undefined) runSonde(['doctor', '--clean']);
  });

  test.each([
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['/no/such/program'], 127],
  ])('the status of %j is %d', (command, status) => {
    expect(record(at(`status-${status}`), ['-e', 'sched_switch', '--', ...command]).status).toBe(
      status,
    );
  });

  test.each([
    ['SIGINT', 0],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s finishes the recording, and leaves nothing in the kernel',
    async (signal, status) => {
      const child = startSonde(['record', '-e', 'sched_switch', '-o', at(signal)]);
      const end = ended(child);
      await sleep(1200);
      child.kill(signal);
      expect((await end).status).toBe(status);
      expect(instancesOf(child.pid)).toEqual([]);
      expect(readdirSync(at(signal))).toEqual(['kernel']);
      expect(countEvents(at(signal), 'lttng_statedump_end')).toBe(1);
    },
  );

  test.each([
    ['with all its files', [], 0x4_0000],
    ['raw recordings also keep what the buffers hold', ['--raw'], 0x400_0000],
  ])('--size ends it: %s', (title, flags, mostAboveBytes) => {
    const path = at(`size ${title}`);
    const load = ['--', 'find', '/usr', '/proc', '-maxdepth', '6'];
    const run = record(path, ['--size', '4M', '--preset', 'all', ...flags, ...load]);
    expect(run.stderr).toContain('Recorded');
    const bytes = bytesIn(path);
    expect(bytes).toBeGreaterThanOrEqual(4 * 2 ** 20);
    expect(bytes).toBeLessThan(4 * 2 ** 20 + mostAboveBytes);
    const events = countEvents(path, '*');
    expect(events).toBeGreaterThan(0);
    if (babeltraceIsMissing || flags.length > 0) return;
    expect(readWithBabeltrace(path)).toEqual({ events, complaints: '' });
  });

  test('a size has to leave room for events', () => {
    const path = at('small');
    for (const limit of [['--size'], ['--rotate'], ['--raw', '--size']]) {
      const run = record(path, ['--preset', 'all', ...limit, '500k']);
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(/describes the chosen events takes \d+ KiB alone/);
      expect(existsSync(path)).toBe(false);
    }
  });

  test('--rotate SIZE bounds each chunk, however fast events come', () => {
    const path = at('flooded');
    const load = ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=1 count=100000 2>/dev/null'];
    record(path, ['--rotate', '2M', '--syscall', 'read,write', '--', ...load]);
    const archives = readdirSync(join(path, 'archives')).map((name) => join('archives', name));
    expect(archives.length).toBeGreaterThan(3);
    for (const chunk of [...archives, 'kernel']) {
      const bytes = bytesIn(join(path, chunk));
      expect(bytes).toBeLessThan(2 * 2 ** 20 + 0x4_0000);
      if (chunk !== 'kernel') expect(bytes).toBeGreaterThanOrEqual(2 * 2 ** 20);
    }
    const events = countEvents(path, '*');
    expect(events).toBeGreaterThan(400_000);
    if (!babeltraceIsMissing) {
      expect(readWithBabeltrace(path)).toEqual({ events, complaints: '' });
    }
  });

  test('--rotate --keep bounds what is on disk, each chunk a trace of its own', () => {
    record(at('rotated'), ['--rotate', '700ms', '--keep', '2', '-d', '4s', '-e', 'sched_*']);
    const chunks = readdirSync(at('rotated/archives'));
    expect(chunks).toHaveLength(2);
    for (const chunk of [...chunks.map((name) => join('archives', name)), 'kernel']) {
      expect(countEvents(at(`rotated/${chunk}`), 'sched_switch')).toBeGreaterThan(0);
    }
    expect(countEvents(at('rotated/kernel'), 'lttng_statedump_start')).toBeGreaterThan(0);
  });

  test('--snapshot writes when the command fails, and when it is asked to', async () => {
    // A name that nobody else has.
    symlinkSync('/bin/sleep', at('sondesleep'));
    const script = `${at('sondesleep')} 1; exit 3`;
    const failed = record(at('failed'), ['--snapshot', '10s', '--', 'sh', '-c', script]);
    expect(failed.status).toBe(3);
    const [snapshot] = readdirSync(at('failed'));
    const filter = 'filename == "*sondesleep"';
    expect(countEvents(at(`failed/${snapshot}`), 'sched_process_exec', filter)).toBe(1);
    const child = startSonde(['record', '--snapshot', '8M', '-e', 'sched_*', '-o', at('asked')]);
    const end = ended(child);
    await sleep(1200);
    expect(runSonde(['snapshot', String(child.pid)]).status).toBe(0);
    await sleep(1200);
    child.kill('SIGINT');
    expect((await end).stderr).toContain('Asked for: the last');
    expect(readdirSync(at('asked'))).toHaveLength(1);
    expect(instancesOf(child.pid)).toEqual([]);
  });

  test.skipIf(babeltraceIsMissing)(
    'snapshots one after another share no time: Babeltrace reads them together',
    async () => {
      const child = startSonde([
        'record',
        '--snapshot',
        '30s',
        '-e',
        'sched_*',
        '-o',
        at('several'),
      ]);
      const end = ended(child);
      await untilRecording(child.pid);
      await sleep(300);
      const snapshots = (): string[] =>
        readdirSync(at('several')).filter((name) => name.startsWith('snapshot-'));
      for (let i = 1; i <= 3; i++) {
        child.kill('SIGUSR1');
        for (let turn = 0; turn < 200 && snapshots().length < i; turn++) await sleep(50);
      }
      child.kill('SIGINT');
      await end;
      expect(readdirSync(at('several'))).toHaveLength(3);
      expect(readWithBabeltrace(at('several')).complaints).toBe('');
    },
  );

  test('a full disk ends it with the reason, and what is there can be read', () => {
    const disk = at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3M', 'tmpfs', disk]);
    try {
      const run = record(join(disk, 'trace'), ['-d', '30s', '--', 'find', '/usr', '/proc']);
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('The disk is full');
      expect(run.stderr).toContain('the last of them LOST');
      expect(countEvents(join(disk, 'trace'), '*')).toBeGreaterThan(0);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('no room for the first file: nothing is left in the kernel', () => {
    const disk = at('tiny');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
    const before = readdirSync(instances);
    try {
      const run = record(join(disk, 'trace'), ['-d', '1s']);
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('The disk is full');
      expect(readdirSync(instances)).toEqual(before);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('a recorder that nobody answers for is told about, and --clean removes it', async () => {
    const child = startSonde(['record', '-e', 'sched_switch', '-o', at('orphan')]);
    const end = ended(child);
    await sleep(1000);
    child.kill('SIGKILL');
    await end;
    expect(instancesOf(child.pid)).toHaveLength(1);
    expect(runSonde(['doctor']).stdout).toContain(`Killed recorders left sonde_${child.pid}_`);
    expect(runSonde(['doctor', '--clean']).stdout).toContain(`Removed: sonde_${child.pid}_`);
    expect(instancesOf(child.pid)).toEqual([]);
  });

  test('a killed flight recorder: what was overwritten is told apart from losses', async () => {
    const args = ['record', '--snapshot', '1M', '--syscall', 'write', '--no-contents'];
    const child = startSonde([...args, '-o', at('flight')]);
    const end = ended(child);
    await sleep(1200);
    execFileSync('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=200000'], {
      stdio: 'ignore',
    });
    child.kill('SIGKILL');
    await end;
    const { stdout } = runSonde(['record', '--recover', at('flight')]);
    const [, added, lost, overwritten] =
      /([\d,]+) events were added .* ([\d,]+) were lost .*full\. ([\d,]+) older ones/.exec(
        stdout,
      ) ?? [];
    expect(lost).toBe('0');
    const number = (text = ''): number => Number(text.replaceAll(',', ''));
    expect(number(overwritten) + number(added)).toBeGreaterThanOrEqual(400_000);
    expect(countEvents(at('flight'), 'syscall_*')).toBeLessThanOrEqual(number(added));
    // In the trace, once for each CPU, at its beginning: no gap between events.
    const { stderr } = runSonde(['read', '--event', 'syscall_entry_write', at('flight')]);
    const streams = [...stderr.matchAll(/discarded .* within stream "([^"]*)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(streams).size).toBe(streams.length);
  });

  test('what a killed recorder left for --recover survives the next recording', async () => {
    const child = startSonde(['record', '-e', 'sched_switch', '-o', at('spared')]);
    const end = ended(child);
    await sleep(1000);
    child.kill('SIGKILL');
    await end;
    const [instance] = instancesOf(child.pid);
    const next = record(at('next'), ['-e', 'sched_process_exec', '-d', '300ms']);
    expect(next.stderr).toContain(`sonde record --recover ${at('spared')}`);
    expect(next.stderr).toContain('sonde doctor --clean');
    expect(instancesOf(child.pid)).toEqual([instance]);
    expect(readFileSync(join(instances, instance!, 'tracing_on'), 'utf8')).toBe('0\n');
    expect(runSonde(['doctor']).stdout).toContain(`(with events of ${at('spared')})`);
    const { stdout } = runSonde(['record', '--recover', at('spared')]);
    expect(stdout).toMatch(/: \d+ packets .* [\d,]+ events were added from the kernel/);
    expect(instancesOf(child.pid)).toEqual([]);
    expect(countEvents(at('spared'), 'sched_switch')).toBeGreaterThan(0);
  });

  test('what --pid left out stays left out when a killed recording is recovered', async () => {
    const parent = spawn('sh', ['-c', 'while :; do /bin/true; done']);
    const options = ['--pid', String(parent.pid), '--syscall', 'execve,clone*,vfork,wait4'];
    const child = startSonde(['record', ...options, '-o', at('process')]);
    const end = ended(child);
    await untilRecording(child.pid);
    await sleep(300);
    child.kill('SIGKILL');
    await end;
    await sleep(300);
    // It has no entry in /proc any more.
    parent.kill('SIGKILL');
    await new Promise((resolve) => parent.once('exit', resolve));
    const { stdout } = runSonde(['record', '--recover', at('process')]);
    const added = Number(/([\d,]+) events were added/.exec(stdout)?.[1]?.replaceAll(',', ''));
    expect(added).toBeGreaterThan(0);
    const own = countEvents(at('process'), 'syscall_*', `$ctx.pid == ${parent.pid}`);
    expect(own).toBeGreaterThanOrEqual(added);
    // The children alone call `execve`.
    expect(countEvents(at('process'), 'syscall_*')).toBe(own);
    expect(countEvents(at('process'), 'syscall_entry_execve')).toBe(0);
  });

  test('without the folder there is nothing to recover: the next recording removes it', async () => {
    const child = startSonde(['record', '-e', 'sched_switch', '-o', at('gone')]);
    const end = ended(child);
    await sleep(1000);
    child.kill('SIGKILL');
    await end;
    const [instance] = instancesOf(child.pid);
    rmSync(at('gone'), { recursive: true });
    const next = record(at('after'), ['-e', 'sched_process_exec', '-d', '300ms']);
    expect(next.stderr).toContain(`Removed sonde_${child.pid}_`);
    expect(instancesOf(child.pid)).toEqual([]);
    expect(existsSync(`/run/sonde/recordings/${instance}`)).toBe(false);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'another user is told why nothing can be recovered',
    () => {
      const path = at('foreign');
      mkdirSync(join(path, 'kernel'), { recursive: true });
      const plan = {
        instance: 'sonde_1_1',
        clock: 'mono',
        unixOffsetNs: '0',
        bootId: 'x',
        uuid: '0',
      };
      writeFileSync(
        join(path, 'recording.json'),
        JSON.stringify({ ...plan, events: [], contexts: [] }),
      );
      writeFileSync(join(path, 'kernel/channel0_0'), '');
      chmodSync(scratch, 0o755);
      const options = { encoding: 'utf8', uid: 65534, gid: 65534 } as const;
      const run = spawnSync('node', [sondePath, 'record', '--recover', path], options);
      expect(run.stderr).toContain(`What is in ${path} can't be changed by this user.`);
    },
  );

  const kills = 20;
  test(`killed at ${kills} moments and recovered, it is a trace with all that reached the kernel`, async () => {
    const work = spawn('node', [join(import.meta.dirname, 'write-workload.mjs'), at('written')]);
    let withEvents = 0;
    try {
      for (const [i, moment] of [...moments(kills)].entries()) {
        const how = { isEarly: i % 5 === 4, isRaw: i % 4 === 3, workPid: work.pid! };
        if (await killAndRecover(at(`killed-${i}`), moment, how)) withEvents++;
      }
    } finally {
      work.kill('SIGKILL');
    }
    // The others were killed before they had begun.
    expect(withEvents).toBeGreaterThan(kills / 4);
  }, 180_000);

  interface Kill {
    /** The moment counts from the start of the command, not from when it has an instance. */
    readonly isEarly: boolean;
    readonly isRaw: boolean;
    readonly workPid: number;
  }

  /** False: it had not begun. */
  async function killAndRecover(
    path: string,
    moment: number,
    { isEarly, isRaw, workPid }: Kill,
  ): Promise<boolean> {
    const child = startSonde(['record', '-o', path, ...(isRaw ? ['--raw'] : [])]);
    const end = ended(child);
    // On a busy machine it takes its time to begin.
    while (!isEarly && instancesOf(child.pid).length === 0) await sleep(5);
    await sleep(isEarly ? moment / 3 : moment);
    child.kill('SIGKILL');
    await end;
    const [instance] = instancesOf(child.pid);
    const hasPlan = existsSync(join(path, 'recording.json'));
    const wasOn =
      instance !== undefined &&
      readFileSync(join(instances, instance, 'tracing_on'), 'utf8') === '1\n';
    const recovered = runSonde(['record', '--recover', path]);
    if (instance === undefined || !hasPlan) {
      // There is nothing to recover, and that is said.
      expect(recovered.stderr).toMatch(/nothing|no folder/i);
      return false;
    }
    expect(recovered.stderr).toBe('');
    expect(instancesOf(child.pid)).toEqual([]);
    const text = /([\d,]+) events were added from the kernel/.exec(recovered.stdout)?.[1];
    const added = Number(text?.replaceAll(',', ''));
    expect(added > 0).toBe(wasOn);
    const count = countEvents(path, '*');
    if (!wasOn) return false;
    expect(count).toBeGreaterThanOrEqual(added);
    // None of it comes twice, and all of it in its order: what was on disk, and what was in the kernel.
    const filter = ['--event', 'syscall_entry_pwrite64', '--filter', `$ctx.pid == ${workPid}`];
    const { stdout } = runSonde(['read', ...filter, path]);
    const positions = [...stdout.matchAll(/pos = (\d+)/g)].map(([, position]) => Number(position));
    expect(positions.length).toBeGreaterThan(0);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    if (!babeltraceIsMissing && !isRaw) {
      expect(readWithBabeltrace(path)).toEqual({ events: count, complaints: '' });
    }
    return true;
  }
});
