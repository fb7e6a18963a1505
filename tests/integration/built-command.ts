/** The built command as users run it: another process, real pipes and signals. `npm test` builds it first. */
import {
  type ChildProcess,
  execFileSync,
  type SpawnOptions,
  spawn,
  spawnSync,
} from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const sondePath = join(repository, 'packages/cli/bin/sonde.js');
export const fixtures = join(repository, 'fixtures/traces');
export const kernelTiny = join(fixtures, 'kernel-tiny.tar.xz');
export const clockPlugin = join(fixtures, 'user-clock-plugin');
export const endlessPlugin = join(repository, 'tests/integration/endless-plugin.mjs');

if (!existsSync(join(repository, 'packages/cli/dist/main.cjs'))) {
  execFileSync('node', [join(repository, 'tools/build.mjs')]);
}

/** A folder that goes away after the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'integration-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end; options of the process (environment, folder) may differ. */
export function runSonde(args: readonly string[], options: SpawnOptions = {}): Result {
  const env = { ...process.env, TZ: 'UTC', ...options.env };
  const done = spawnSync('node', [sondePath, ...args], { maxBuffer: 2 ** 28, ...options, env });
  return { status: done.status, stdout: String(done.stdout), stderr: String(done.stderr) };
}

export function startSonde(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn('node', [sondePath, ...args], options);
}

/** Runs a shell pipeline; `sonde` is the built command in it. */
export function runShell(script: string): Result {
  const done = spawnSync('bash', ['-c', `sonde() { node "${sondePath}" "$@"; }\n${script}`], {
    cwd: repository,
    env: { ...process.env, TZ: 'UTC' },
    maxBuffer: 2 ** 28,
  });
  return { status: done.status, stdout: String(done.stdout), stderr: String(done.stderr) };
}

/** Exit status (or signal) and everything written, when the process ends. */
export function ended(child: ChildProcess): Promise<Result & { readonly signal: string | null }> {
  const chunks = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    chunks.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    chunks.stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, ...chunks }));
  });
}
