import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { allCommands } from '../src/commands.ts';
import { linkNames } from '../src/program-name.ts';
import { readingCommands } from '../src/reading-commands.ts';

const chooser = createRequire(import.meta.url)('../bin/choose-bundle.js') as {
  chooseBundle(program: string, first: string | undefined): string;
  readonly readingCommands: readonly string[];
};

describe('chooseBundle', () => {
  test('it takes the small bundle for the commands in it, and for no others', async () => {
    for (const name of Object.keys(allCommands.loaders)) {
      const isReading = (await readingCommands.find(name)) !== undefined;
      expect(chooser.chooseBundle('sonde', name), name).toBe(isReading ? 'reading' : 'main');
    }
    for (const name of chooser.readingCommands) {
      expect(await readingCommands.find(name), name).toBeDefined();
    }
  });

  test.each([
    ['--clock-gmt', 'reading'],
    ['-c', 'reading'],
    ['--version', 'reading'],
    [tmpdir(), 'reading'],
    // Every command is in the overview.
    ['--help', 'main'],
    ['-h', 'main'],
    [undefined, 'main'],
    // The hint names one of all commands.
    ['./no/such/path', 'main'],
    ['reed', 'main'],
  ])('for `sonde %s` it takes %s', (first, bundle) => {
    expect(chooser.chooseBundle('/usr/bin/sonde', first)).toBe(bundle);
  });

  test('links under the old names of analyses are analyses, whatever follows', () => {
    for (const name of linkNames) {
      expect(chooser.chooseBundle(`/usr/bin/${name}`, tmpdir()), name).toBe('main');
    }
  });
});

test('commands are declared under the names they are found by', async () => {
  const commands = await allCommands.loadAll();
  expect(commands.map(({ name }) => name)).toEqual(Object.keys(allCommands.loaders));
});
