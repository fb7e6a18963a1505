import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  clockPlugin,
  ended,
  endlessPlugin,
  kernelTiny,
  runShell,
  runSonde,
  scratchFolder,
  startSonde,
} from './built-command.ts';

const scratch = scratchFolder();
// Others may have temporary files of Sonde now, too.
vi.stubEnv('TMPDIR', scratch);
const whole = runSonde(['--clock-gmt', kernelTiny]).stdout;

describe('pipes', () => {
  test('| head ends quietly', () => {
    const script = `sonde read --clock-gmt ${kernelTiny} | head -n 2; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = runShell(script);
    expect(stdout).toBe(`${whole.split('\n').slice(0, 2).join('\n')}\n0\n`);
    expect(stderr).toBe('');
  });

  test.each(['details', 'json', 'counter', 'perfetto'])('-o %s | head ends quietly', (format) => {
    const { stdout, stderr } = runShell(
      `sonde read -o ${format} ${kernelTiny} | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  test('help | true ends quietly', () => {
    const { stdout, stderr } = runShell(`sonde --help | true; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  test('a slow reader of a pipe that does not block gets everything', async () => {
    // Node makes the pipes between its processes non-blocking: a full one gives EAGAIN.
    const child = startSonde(['--clock-gmt', kernelTiny], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout!.pause();
    await new Promise((resolve) => setTimeout(resolve, 700));
    const end = ended(child);
    child.stdout!.resume();
    const { status, stdout } = await end;
    expect(status).toBe(0);
    expect(stdout).toBe(whole);
  });

  test('-w FILE holds the same', () => {
    const path = join(scratch, 'out.txt');
    const { status, stdout } = runSonde(['--clock-gmt', '-w', path, kernelTiny]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(readFileSync(path, 'utf8')).toBe(whole);
  });

  test('a full disk is an error', () => {
    if (!existsSync('/dev/full')) return;
    const { status, stderr } = runShell(`sonde read ${kernelTiny} > /dev/full`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/no space left/);
  });
});

describe('signals', () => {
  const endless = ['read', '--plugin-path', endlessPlugin, '-c', 'src.endless.silence'];

  test('Ctrl-C stops, keeps what was printed, says so, status 130', async () => {
    const child = startSonde([...endless, '-o', 'counter']);
    const end = ended(child);
    await waitFor(() => catchesInterrupts(child.pid!));
    await new Promise((resolve) => setTimeout(resolve, 600));
    child.kill('SIGINT');
    const { status, stdout, stderr } = await end;
    expect(stderr).toBe('sonde: interrupted\n');
    expect(stdout).toMatch(/^ +0 messages \(TOTAL\)$/m);
    expect(status).toBe(130);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s leaves no unpacked archive behind',
    async (signal) => {
      const before = unpacked();
      const child = startSonde([...endless, kernelTiny]);
      const end = ended(child);
      await waitFor(() => unpacked().length > before.length);
      child.kill(signal);
      await end;
      expect(unpacked()).toEqual(before);
    },
  );
});

test('NO_COLOR and pipes: no escape codes; --color=always: some', () => {
  const hasEscapes = (args: readonly string[], env = {}) =>
    runSonde([...args, clockPlugin], { env: { TERM: 'xterm', ...env } }).stdout.includes('\x1b[');
  expect(hasEscapes([])).toBe(false);
  expect(hasEscapes(['--color=always'])).toBe(true);
  expect(hasEscapes(['--color=always'], { NO_COLOR: '1' })).toBe(true);
});

function unpacked(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('sonde-'));
}

/** Whether the process has come so far as to see to SIGINT; where there is no telling, it has. */
function catchesInterrupts(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return true;
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(status, 'utf8'))?.[1];
  return (BigInt(`0x${caught}`) & 2n) !== 0n;
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isTrue(); i++) await new Promise((r) => setTimeout(r, 20));
}

describe.skipIf(process.platform !== 'linux')('folders that nobody can make', () => {
  // `mkdir` of Node.js 20 would go on for ever.
  test.each([
    ['read', '-o', 'ctf', '-w', '/proc/no-such-folder/trace', kernelTiny],
    ['analyses', '--link', '/proc/no-such-folder/links'],
  ])('%s %s %s: an error at once', (...args) => {
    const { status, stderr } = runSonde(args);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^sonde: The folder \/proc\/no-such-folder\/\S+ can't be made\./);
    expect(stderr).toMatch(/ENOENT|EACCES|EPERM/);
  });
});
