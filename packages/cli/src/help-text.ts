import type { Command, OptionSpec } from './define-command.ts';
import { optionFlag } from './parse-arguments.ts';

const textColumns = 80;
const summaryColumn = 30;
const otherOptions = 'Options';
const mainHeading = 'Commands';

/** `sonde COMMAND --help`, made from the command's declaration. */
export function commandHelp(command: Command): string {
  const operands = command.operands === undefined ? '' : ` ${command.operands.usage}`;
  const lines = [`Usage: sonde ${command.name} [OPTION]...${operands}`, '', command.summary];
  const groups = new Map<string, string[]>();
  for (const [name, spec] of Object.entries(command.options)) {
    if (command.unlisted?.has(name) === true) continue;
    const heading = spec.group ?? otherOptions;
    groups.set(heading, [...(groups.get(heading) ?? []), ...optionLines(name, spec)]);
  }
  const others = groups.get(otherOptions) ?? [];
  groups.delete(otherOptions);
  groups.set(otherOptions, [...others, ...row('  -h, --help', 'Print this help and exit.')]);
  for (const [heading, rows] of groups) lines.push('', `${heading}:`, ...rows);
  if (command.notes !== undefined) lines.push('', command.notes.trim());
  return `${lines.join('\n')}\n`;
}

/** `sonde --help`. */
export function overviewHelp(commands: readonly Command[]): string {
  const headings = new Set([mainHeading, ...commands.map(({ group = mainHeading }) => group)]);
  const lines = [
    'Usage: sonde COMMAND [OPTION]... [OPERAND]...',
    '       sonde [OPTION]... TRACE...            the same as `sonde read`',
    '',
    'Reads Common Trace Format (CTF 1.8 and CTF 2) traces.',
    '',
    ...[...headings].flatMap((heading) => [
      `${heading}:`,
      ...commands
        .filter(({ group = mainHeading }) => group === heading)
        .flatMap(({ name, summary }) => row(`  ${name}`, summary)),
      '',
    ]),
    'Options:',
    ...row('  -h, --help', 'Print this help and exit.'),
    ...row('  -V, --version', 'Print the version and exit.'),
    '',
    '`sonde help COMMAND` tells about a command, `sonde help src.ctf.fs` about a component.',
    'Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.',
  ];
  return `${lines.join('\n')}\n`;
}

function optionLines(name: string, spec: OptionSpec<unknown>): string[] {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  const value = spec.valueName === undefined ? '' : `=${spec.valueName}`;
  return row(`  ${short}--${optionFlag(name)}${value}`, spec.summary);
}

/** `left` and, in its own column, `right`, broken at spaces. */
export function row(left: string, right: string): string[] {
  const wrapped = wrap(right, textColumns - summaryColumn);
  const indent = ' '.repeat(summaryColumn);
  const lines = wrapped.map((line) => `${indent}${line}`);
  if (left.length + 2 > summaryColumn) return [left, ...lines];
  return [`${left.padEnd(summaryColumn)}${wrapped[0] ?? ''}`.trimEnd(), ...lines.slice(1)];
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line += line === '' ? word : ` ${word}`;
    }
  }
  return [...lines, line];
}
