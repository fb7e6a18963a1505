import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockPlugin, fixtures, runSonde, scratchFolder } from './built-command.ts';

const scratch = scratchFolder();
const expected = runSonde(['--clock-gmt', clockPlugin]).stdout;

describe('archives read like the folders in them', () => {
  test.each([
    ['tar', ['tar', '-cf']],
    ['tar.gz', ['tar', '-czf']],
    ['tgz', ['tar', '-czf']],
  ])('%s', (suffix, [command, flags]) => {
    const archive = join(scratch, `trace.${suffix}`);
    execFileSync(command!, [flags!, archive, '-C', fixtures, 'user-clock-plugin']);
    const { status, stdout, stderr } = runSonde(['--clock-gmt', archive]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(expected);
  });

  test('several at once are merged by time', () => {
    const archives = ['user-per-uid', 'user-per-pid'].map((name) =>
      join(fixtures, `${name}.tar.xz`),
    );
    const { stdout } = runSonde(['--clock-seconds', '--no-delta', ...archives]);
    const times = stdout
      .split('\n')
      .map((line) => /^\[(\d+)\.(\d+)\]/.exec(line)?.slice(1).join(''));
    const known = times.filter((time) => time !== undefined);
    expect(known).toHaveLength(1227 + 408);
    expect(known).toEqual(known.toSorted());
  });

  test('messages name the archive, and nothing stays in the temporary folder', () => {
    const temporary = mkdtempSync(join(scratch, 'tmp-'));
    const archive = join(fixtures, 'user-lost.tar.xz');
    const { stderr } = runSonde(['--clock-gmt', archive], { env: { TMPDIR: temporary } });
    expect(stderr).toMatch(/^WARNING: Tracer discarded \d+ events between /);
    expect(stderr).toContain(`"${archive}/user-lost/`);
    expect(stderr).not.toContain(temporary);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('a limit stops a bomb', () => {
    const { status, stderr } = runSonde([
      'read',
      '--unpack-limit=1M',
      join(fixtures, 'kernel-tiny.tar.xz'),
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/kernel-tiny\.tar\.xz: The archive unpacks to more than 1048576 bytes/);
  });
});

test('folders are searched at any depth, links only when asked', () => {
  const deep = join(scratch, 'deep/a/b');
  mkdirSync(deep, { recursive: true });
  cpSync(clockPlugin, join(deep, 'trace'), { recursive: true });
  expect(runSonde(['--clock-gmt', join(scratch, 'deep')]).stdout).toBe(expected);
  mkdirSync(join(scratch, 'linked'));
  execFileSync('ln', ['-s', deep, join(scratch, 'linked/b')]);
  execFileSync('ln', ['-s', join(scratch, 'linked'), join(scratch, 'linked/loop')]);
  expect(runSonde(['--clock-gmt', join(scratch, 'linked')]).status).toBe(1);
  expect(runSonde(['--clock-gmt', '--follow-symlinks', join(scratch, 'linked')]).stdout).toBe(
    expected,
  );
});
