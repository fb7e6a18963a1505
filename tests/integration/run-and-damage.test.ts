import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockPlugin, runSonde, scratchFolder } from './built-command.ts';

const scratch = scratchFolder();
const traceFolder = join(clockPlugin, 'ust/uid/0/64-bit');

describe('sonde run', () => {
  const graph = [
    ...['-c', 'in:src.ctf.fs', '-p', `inputs=["${traceFolder}"]`],
    ...['-c', 'mux:flt.utils.muxer', '-c', 'out:sink.text.pretty', '-p', 'clock-gmt=yes'],
  ];

  test('does what its connections say', () => {
    const { status, stdout, stderr } = runSonde(['run', ...graph, '-x', 'in:mux', '-x', 'mux:out']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(runSonde(['--clock-gmt', clockPlugin]).stdout);
  });

  test('says what is not connected', () => {
    const { status, stderr } = runSonde(['run', ...graph, '-x', 'in:mux']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/output port "out" of component mux/);
  });

  test('refuses unknown parameters', () => {
    const { status, stderr } = runSonde(['run', '-c', 'sink.utils.counter', '-p', 'steps=1']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/does not know the parameter "steps"/);
  });
});

test('read -c -p puts components into its graph', () => {
  const { status, stdout } = runSonde([
    ...['read', clockPlugin, '-c', 'flt.utils.filter', '-p', 'event="allf:empty"'],
    ...['-c', 'sink.utils.counter', '-p', 'step=0,hide-zero=yes'],
  ]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ +40 Event messages$/m);
});

describe('a record that is cut off', () => {
  const folder = join(scratch, 'cut-off');
  mkdirSync(folder);
  const trace = 'trace { major = 1; minor = 8; byte_order = le; };';
  const event = 'event { name = e; fields := struct { integer { size = 8; } n; string s; }; };';
  writeFileSync(join(folder, 'metadata'), `/* CTF 1.8 */\n${trace}\nstream {};\n${event}\n`);
  writeFileSync(join(folder, 'stream'), '1a\x002b\x003c');

  const formats = ['counter', 'dummy', 'json', 'text', 'perfetto'];
  test.each(formats)('is a fault when it is the last one that is wanted: -o %s', (format) => {
    const read = (limit: string) => runSonde(['read', '-o', format, '--limit', limit, folder]);
    expect(read('2')).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = read('3');
    expect(status).toBe(1);
    expect(stderr).toMatch(/stream, packet 0, bit 64: /);
    if (format === 'counter') expect(stdout).toMatch(/ 2 Event messages/);
  });
});

describe('a damaged packet', () => {
  const damaged = join(scratch, 'damaged');
  cpSync(traceFolder, damaged, { recursive: true });
  const file = join(damaged, readdirSync(damaged).find((name) => name === 'c0_0')!);
  const bytes = readFileSync(file);
  // In the middle of the events of the one packet: the id of an event class that is not declared.
  bytes.fill(0xff, 4000, 4100);
  writeFileSync(file, bytes);
  const whole = runSonde(['--clock-gmt', traceFolder]).stdout.split('\n').length - 1;

  test('ends the reading: what precedes it, one error with its place, status 1', () => {
    const { status, stdout, stderr } = runSonde(['--clock-gmt', damaged]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^sonde: stream \S+c0_0, packet 0, bit \d+: .+\n$/);
    expect(stdout.split('\n').length - 1).toBeGreaterThan(10);
    expect(stdout.split('\n').length - 1).toBeLessThan(whole);
  });

  test('does not matter behind the last event that --limit asks for', () => {
    const before = runSonde(['--clock-gmt', damaged]).stdout;
    const count = before.split('\n').length - 1;
    const limited = runSonde(['--clock-gmt', '--limit', `${count}`, damaged]);
    expect(limited).toMatchObject({ status: 0, stdout: before, stderr: '' });
    const counted = ['--limit', `${count}`, '-o', 'counter', damaged];
    expect(runSonde(counted)).toMatchObject({ status: 0, stderr: '' });
    const oneMore = runSonde(['--clock-gmt', '--limit', `${count + 1}`, damaged]);
    expect(oneMore).toMatchObject({ status: 1, stdout: before });
  });

  test('--continue-on-error reads the other streams, status 1', () => {
    const { status, stdout, stderr } = runSonde(['--clock-gmt', '--continue-on-error', damaged]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^sonde: stream \S+c0_0, packet 0, bit \d+: .+\n$/);
    const ofTheOther = runSonde([
      '--clock-gmt',
      '--filter',
      '$ctx.cpu_id == 1',
      traceFolder,
    ]).stdout;
    const times = (text: string) =>
      text.split('\n').filter((line) => line.includes('cpu_id = 1')).length;
    expect(times(stdout)).toBe(times(ofTheOther));
  });

  test('info --count counts the rest, status 1', () => {
    const { status, stdout, stderr } = runSonde(['info', '--count', damaged]);
    expect(status).toBe(1);
    expect(stdout).toContain('Events by name');
    expect(stderr).toMatch(/packet 0, bit \d+: /);
  });
});

test('an output that can not be written is told by its name, status 1', () => {
  const path = join(scratch, 'no', 'such', 'folder');
  const { status, stderr } = runSonde(['-w', path, clockPlugin]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^sonde: Cannot write to \S+folder: no such file or directory\.\n$/);
});

describe('a plugin that can not be loaded', () => {
  const folder = join(scratch, 'plugins');
  mkdirSync(join(folder, 'no-manifest'), { recursive: true });
  mkdirSync(join(folder, 'bad-manifest'));
  writeFileSync(join(folder, 'bad-manifest', 'package.json'), 'null');
  writeFileSync(join(folder, 'throws.mjs'), 'throw new Error("boom");');
  writeFileSync(join(folder, 'five.mjs'), 'export default 5;');

  test.each([
    ['nowhere.mjs', /There is no plugin "\S+nowhere.mjs": no such file or folder, and no such/],
    ['no-manifest', /The folder \S+ is no plugin: \S+package.json can't be read/],
    ['bad-manifest', /Cannot load the plugin "\S+bad-manifest"/],
    ['throws.mjs', /Cannot load the plugin "\S+throws.mjs"\.\n {2}because: boom/],
    ['five.mjs', /exports no "sondePlugin"/],
  ])('%s', (name, message) => {
    const { status, stderr } = runSonde(['read', '--plugin-path', join(folder, name), clockPlugin]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('defect');
    expect(status).toBe(2);
  });
});

test('a file that only has the name of an archive', () => {
  const path = join(scratch, 'junk.tar.gz');
  writeFileSync(path, 'junk');
  const { status, stderr } = runSonde([path]);
  expect(stderr).toMatch(/junk\.tar\.gz has the name of an archive, but not the content of one/);
  expect(status).toBe(1);
});
