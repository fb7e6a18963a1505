/** The programs under examples/ run with the built libraries, as in somebody else's project. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelTiny, repository, scratchFolder } from './built-command.ts';

const scratch = scratchFolder();
const expected: { readonly [file: string]: RegExp } = {
  'switches.mjs': /^ +111 lttng-consumerd \(334\)\n +81 rcu_preempt \(15\)\n/,
};

test.each(readdirSync(join(repository, 'examples')))('examples/%s', (file) => {
  execFileSync('tar', ['-xJf', kernelTiny, '-C', scratch]);
  const output = execFileSync('node', [
    join(repository, 'examples', file),
    join(scratch, 'kernel-tiny'),
  ]);
  expect(String(output)).toMatch(expected[file]!);
});
