/** `sonde analyses [TRACE…]`: what there is, what each needs, and what can be computed on a trace. */
import { existsSync, lstatSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, periodAnalyses } from '@sonde/analyses';
import { UsageError } from '@sonde/base';
import { makeFolders, openTrace } from '@sonde/components';
import { eventsOf } from '@sonde/linux-model';
import type { Trace } from '@sonde/trace-model';
import { type Answer, answerOf, optionsOfViews } from '../analysis-answer.ts';
import type { CommandIo } from '../command-io.ts';
import { defineCommand, flag, option, optionGroup, type ValuesOf } from '../define-command.ts';
import { findOperands } from '../find-operands.ts';
import { row } from '../help-text.ts';
import { linkNames } from '../program-name.ts';
import { inputOptions } from '../read-options.ts';

const analysesOptions = {
  json: flag('Print JSON'),
  link: option(
    'Make links in DIR with the names of the original programs (lttng-cputop, lttng-cputop-mi, ...)',
    'DIR',
    String,
    undefined,
  ),
  ...optionGroup('Input', inputOptions),
};

const notes = `
The original programs' names work too: a link to \`sonde\` named lttng-cputop
is \`sonde cputop\`, one named lttng-cputop-mi is \`sonde cputop --mi\`.
\`sonde analyses --link ~/bin\` makes all of these links in ~/bin.
`;

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Events, in words; empty: any. */
  readonly needs: readonly string[];
  readonly answer?: Answer;
  /** Why not all. */
  readonly lacks?: readonly string[];
}

export const analysesCommand = defineCommand({
  name: 'analyses',
  summary: 'List the analyses, and which of them can be computed on a trace.',
  group: 'Analyses',
  operands: { usage: '[TRACE...]', min: 0, max: Number.POSITIVE_INFINITY },
  options: analysesOptions,
  notes,
  run,
});

async function run(
  io: CommandIo,
  options: ValuesOf<typeof analysesOptions>,
  operands: readonly string[],
): Promise<number> {
  if (options.link !== undefined) {
    makeLinks(io, options.link);
    return 0;
  }
  const entries = operands.length === 0 ? list() : await judge(io, options, operands);
  if (options.json) io.stdout.writeText(`${JSON.stringify(entries, null, 2)}\n`);
  else io.stdout.writeText(`${entries.flatMap(entryLines).join('\n')}\n`);
  return 0;
}

async function judge(
  io: CommandIo,
  options: ValuesOf<typeof analysesOptions>,
  operands: readonly string[],
): Promise<Entry[]> {
  const found = await findOperands(operands, options, io);
  try {
    using traces = openTrace(found.folders.map(({ path }) => path));
    return list(traces.traces);
  } finally {
    found.close();
  }
}

function list(traces?: readonly Trace[]): Entry[] {
  const ofModel = catalogue.map(({ name, summary, kinds, defaultViews }): Entry => {
    const wanted = kinds(optionsOfViews(defaultViews));
    const entry = { name, summary, needs: eventsOf(wanted) };
    return traces === undefined ? entry : { ...entry, ...answerOf(wanted, traces) };
  });
  const ofPeriods = periodAnalyses.map(({ name, summary }): Entry => {
    const entry = { name, summary, needs: [] };
    return traces === undefined ? entry : { ...entry, answer: 'yes' };
  });
  return [...ofModel, ...ofPeriods];
}

function entryLines({ name, summary, needs, answer, lacks = [] }: Entry): string[] {
  const what = needs.length === 0 ? 'any events' : needs.join(', ');
  if (answer === undefined) return [...row(name, summary), ...row('', `Needs ${what}.`)];
  const why = lacks.map((lack) => lack.charAt(0).toUpperCase() + lack.slice(1));
  return [...row(`${name.padEnd(16)}${answer}`, summary), ...why.flatMap((w) => row('', `${w}.`))];
}

/** Links that are there already stay; a file that is no such link is not touched. @throws UsageError */
function makeLinks(io: CommandIo, folder: string): void {
  const [, script] = process.argv;
  if (script === undefined || !existsSync(script)) {
    throw new UsageError('no-program', 'It is not known what file the links should lead to.');
  }
  const target = realpathSync(script);
  makeFolders(folder);
  let count = 0;
  for (const name of linkNames) {
    const path = join(folder, name);
    const known = lstatSync(path, { throwIfNoEntry: false });
    if (known?.isSymbolicLink() && readlinkSync(path) === target) continue;
    if (known !== undefined) {
      throw new UsageError('file-exists', `${path} exists and is no link to ${target}.`);
    }
    symlinkSync(target, path);
    count++;
  }
  io.stdout.writeText(`${count} links to ${target} were made in ${folder}.\n`);
}
