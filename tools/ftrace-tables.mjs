// `node tools/ftrace-tables.mjs [--check]`: the tables of packages/ftrace/data as TypeScript, which bundles can hold. Generated files are
// committed; --check fails where they are stale (a test runs it).
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../packages/ftrace');
const tables = { 'kernel-events': 'kernelEventTable', syscalls: 'syscallTable' };
const field = String.raw`\w+:(?:[usxho](?:8|16|32|64)(?:\*\d+|\[\]\d*)?|u?str|text\d+)(?:=[\w|]*(?:[+-]\d+)?(?:!\w+)?)?`;
const grammar = {
  'kernel-events': new RegExp(String.raw`^\w+ \w+/\w+(?: ${field})*$`),
  syscalls: new RegExp(String.raw`^\w+(?: ${field})*(?: ->(?: ${field})+)?$`),
};

const isCheck = process.argv.includes('--check');
for (const [name, constant] of Object.entries(tables)) {
  const lines = readFileSync(join(root, 'data', `${name}.txt`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const bad = lines.find((line) => !grammar[name].test(line));
  if (bad !== undefined) throw new Error(`packages/ftrace/data/${name}.txt: not a rule: ${bad}`);
  const text = [
    `// Generated from packages/ftrace/data/${name}.txt by tools/ftrace-tables.mjs.`,
    `export const ${constant} = \`\\`,
    ...lines.toSorted(),
    '`;',
    '',
  ].join('\n');
  const path = join(root, 'src/mapping', `${name}.ts`);
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is stale: node tools/ftrace-tables.mjs`);
    process.exitCode = 1;
  }
}
