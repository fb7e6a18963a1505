import { UsageError } from '@sonde/base';
import { describe, expect, test } from 'vitest';
import { defineCommand, flag, option, repeatedOption } from '../src/define-command.ts';
import { nearest } from '../src/nearest.ts';
import { optionFlag, parseArguments } from '../src/parse-arguments.ts';

const command = defineCommand({
  name: 'try',
  summary: 'Try.',
  operands: { usage: 'TRACE...', min: 1, max: 2 },
  options: {
    clockGmt: flag('UTC', { short: 'g' }),
    limit: option('Rows', 'N', parseNumber, 10, { short: 'l' }),
    event: repeatedOption('Events', 'GLOB', String),
  },
  run: async () => 0,
});

function parseNumber(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new UsageError('bad-number', `"${text}" is no number.`);
}

describe('values', () => {
  test.each([
    ['defaults', ['t'], { clockGmt: false, limit: 10, event: [] }],
    ['flag', ['--clock-gmt', 't'], { clockGmt: true }],
    ['short flag and joined value', ['-gl5', 't'], { clockGmt: true, limit: 5 }],
    ['inline value', ['--limit=3', 't'], { limit: 3 }],
    ['the last one counts', ['--limit=3', '--limit', '4', 't'], { limit: 4 }],
    ['negative value', ['--limit', '-4', 't'], { limit: -4 }],
    ['repeated', ['--event', 'a*', '--event=b', 't'], { event: ['a*', 'b'] }],
  ])('%s', (_name, args, expected) => {
    expect(parseArguments(command, args).values).toMatchObject(expected);
  });

  test('keep their order among options and operands', () => {
    expect(parseArguments(command, ['a', '--limit', '1', '-g', 'b']).order).toEqual([
      { value: 'a' },
      { option: 'limit', value: '1' },
      { option: 'clockGmt' },
      { value: 'b' },
    ]);
  });

  test('after -- everything is an operand', () => {
    expect(parseArguments(command, ['--', '--limit', '-g']).operands).toEqual(['--limit', '-g']);
  });

  test('nothing after -- is a mistake where a program should follow', () => {
    const usage = { usage: '[-- COMMAND]', min: 0, max: 9 };
    const run = { ...command, operands: { ...usage, behindDashes: 'COMMAND' } };
    expect(() => parseArguments(run, ['-g', '--'])).toThrow(
      'Nothing follows `--`: COMMAND is missing.',
    );
    expect(parseArguments(run, ['-g', '--', '--']).operands).toEqual(['--']);
    expect(parseArguments(run, []).operands).toEqual([]);
    expect(() => parseArguments(run, ['make', '-j2'])).toThrow(
      'Unknown option -j. Write `--` before COMMAND.',
    );
    expect(() => parseArguments(run, ['-j2'])).toThrow(/^Unknown option -j\.$/);
    expect(parseArguments({ ...command, operands: usage }, ['--']).operands).toEqual([]);
  });
});

describe('abbreviations, where a command takes them', () => {
  const old = defineCommand({
    name: 'old',
    summary: 'Try.',
    operands: { usage: 'TRACE...', min: 0, max: 9 },
    options: {
      gmt: flag('UTC'),
      groupBy: option('Group', 'WHAT', String, ''),
      limit: option('Rows', 'N', parseNumber, 10),
      min: option('Least', 'N', parseNumber, 0),
      minsize: option('Least', 'N', parseNumber, 0),
      refresh: option('Period', 'N', String, '', { short: 'r' }),
    },
    abbreviates: new Set(['gmt', 'limit', 'min', 'minsize', 'refresh']),
    run: async () => 0,
  });

  test.each([
    [['--lim', '5', 't'], { limit: 5 }],
    [['--lim=5', 't'], { limit: 5 }],
    [['--min', '5', '--mins', '6'], { min: 5, minsize: 6 }],
    // The original had no --group-by.
    [['--g', '--group', 'x'], { gmt: true, groupBy: 'x' }],
  ])('%j', (args, expected) => {
    expect(parseArguments(old, args).values).toMatchObject(expected);
  });

  test.each([
    ['--group', '--lim'],
    ['-r', '--lim'],
    ['--', '--lim'],
    ['--refresh=1', '--', '--lim'],
  ])('what is no option stays as it is: %s %s', (...args) => {
    const told = (): readonly string[] => parseArguments(old, args).operands;
    if (args[0] === '--group' || args[0] === '-r') expect(told).toThrow('needs a value');
    else expect(told()).toEqual(['--lim']);
  });

  test('the beginning of several is a mistake, and so is that of none', () => {
    expect(() => parseArguments(old, ['--mi', '5'])).toThrow(
      'Option --mi may be any of --min, --minsize.',
    );
    expect(() => parseArguments(old, ['--lit'])).toThrow('Unknown option --lit.');
    expect(() => parseArguments(command, ['--lim', '5', 't'])).toThrow('Unknown option --lim.');
  });
});

describe('mistakes', () => {
  test.each([
    [['--clock-gnt', 't'], 'Unknown option --clock-gnt. Did you mean --clock-gmt?'],
    [['--colour', 't'], 'Unknown option --colour.'],
    [['-x', 't'], 'Unknown option -x.'],
    [['--limit'], 'Option --limit needs a value: N.'],
    [['--limit', '--clock-gmt', 't'], 'Option --limit needs a value: N.'],
    [['--clock-gmt=yes', 't'], 'Option --clock-gmt takes no value.'],
    [['--limit=many', 't'], '--limit: "many" is no number.'],
    [[], 'Missing operand: TRACE....'],
    [['a', 'b', 'c'], 'Unexpected operand: c.'],
  ])('%j', (args, message) => {
    expect(() => parseArguments(command, args)).toThrow(message);
  });

  test('--help wins over them', () => {
    expect(parseArguments(command, ['--help']).helpIsWanted).toBe(true);
  });
});

test('flags on the command line', () => {
  expect(['limit', 'clockOffsetNs'].map(optionFlag)).toEqual(['limit', 'clock-offset-ns']);
});

test.each([
  ['inof', 'info'],
  ['reed', 'read'],
  ['lis', 'list-plugins'],
  ['xyz', undefined],
])('nearest to %s is %s', (word, expected) => {
  expect(nearest(word, ['read', 'info', 'run', 'list-plugins', 'help'])).toBe(expected);
});
