import { describe, expect, test } from 'vitest';
import { clockPlugin, endlessPlugin, runSonde } from './built-command.ts';

const commands = runSonde(['--help'])
  .stdout.split('\n')
  .map((line) => /^ {2}([a-z-]+) /.exec(line)?.[1])
  .filter((name) => name !== undefined);

test('the overview lists the commands', () => {
  expect(commands).toEqual(expect.arrayContaining(['read', 'info', 'run', 'list-plugins', 'help']));
});

test.each(commands)('%s --help', (command) => {
  const { status, stdout, stderr } = runSonde([command, '--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^Usage: sonde ${command}`));
  expect(stdout).toContain('--help');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(runSonde(['help', command]).stdout).toBe(stdout);
});

test.each(['src.ctf.fs', 'flt.utils.filter', 'sink.text.pretty', 'utils'])('help %s', (subject) => {
  const { status, stdout } = runSonde(['help', subject]);
  expect(status).toBe(0);
  expect(stdout).toContain(subject);
});

test('list-plugins shows ours and a loaded one', () => {
  const { status, stdout } = runSonde(['list-plugins', '--plugin-path', endlessPlugin]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ {2}src\.endless\.silence +Never ends$/m);
  expect(stdout).toMatch(/^ {2}sink\.ctf\.fs /m);
});

test('--version', () => {
  expect(runSonde(['--version'])).toEqual({ status: 0, stdout: 'sonde 0.1.0\n', stderr: '' });
});

describe('wrong usage is told with a hint, status 2', () => {
  test.each([
    [['reed', 'x'], /reed is no command and no file\. Did you mean `read`\?/],
    [['read', '--clok-gmt', clockPlugin], /Unknown option --clok-gmt\. Did you mean --clock-gmt\?/],
    [['--clok-gmt', clockPlugin], /Did you mean --clock-gmt\?/],
    [['read'], /Name a trace to read/],
    [['info'], /Missing operand: TRACE/],
    [['read', '--limit', 'many', clockPlugin], /--limit: "many" is no count/],
    [['read', '-o', 'pdf', clockPlugin], /"pdf" is none of text, details/],
    [['read', '--begin', 'soon', clockPlugin], /"soon"/],
    [['read', '--filter', 'a ==', clockPlugin], /line 1:5: /],
    [['read', '-o', 'ctf', clockPlugin], /needs --output/],
    [['read', '--json', '-o', 'text', clockPlugin], /--json goes without/],
    [['read', '--clock-gmt', '-c', 'sink.text.details', clockPlugin], /Only one sink/],
    [['read', '-c', 'sink.text.fancy', clockPlugin], /no component class sink\.text\.fancy/],
    [['read', '-p', 'a=1', clockPlugin], /--params must follow/],
    [['run', '-c', 'src.ctf.fs', '-x', 'a:b'], /./],
    [['help', 'nothing'], /no command and no plugin named nothing/],
    [[], /Usage: sonde COMMAND/],
  ])('sonde %j', (args, message) => {
    const { status, stdout, stderr } = runSonde(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('what fails at work has status 1 and no stack', () => {
  test.each([
    [['read', '/does/not/exist'], /no such file or directory: \/does\/not\/exist/],
    [['read', import.meta.dirname], /no trace .* in /],
    [['read', `${import.meta.dirname}/help.test.ts`], /is no directory/],
    [['info', import.meta.dirname], /no trace .* in /],
    [['read', '-w', '/does/not/exist', clockPlugin], /no such file or directory/],
    [['read', '--clock-gmt', clockPlugin, '/does/not/exist'], /no such file/],
  ])('sonde %j', (args, message) => {
    const { status, stderr } = runSonde(args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(1);
  });

  test('SONDE_DEBUG shows the stack', () => {
    const { stderr } = runSonde(['read', '/does/not/exist'], { env: { SONDE_DEBUG: '1' } });
    expect(stderr).toMatch(/^ +at /m);
  });
});
