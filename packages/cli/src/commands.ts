import { analysisNames } from './analysis-names.ts';
import { type CommandLoaders, CommandTable } from './command-table.ts';
import { readingCommands } from './reading-commands.ts';

/** The analyses share one command; each name is a command of its own. */
const analyses: CommandLoaders = Object.fromEntries(
  analysisNames.map((name) => [
    name,
    async () => (await import('./commands/analysis.ts')).analysisCommand(name),
  ]),
);

const { 'list-plugins': listPlugins, ...reading } = readingCommands.loaders;

export const allCommands: CommandTable = new CommandTable({
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshotCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  record: async () => (await import('./commands/record.ts')).recordCommand,
  ...reading,
  analyses: async () => (await import('./commands/analyses.ts')).analysesCommand,
  'track-process': async () => (await import('./commands/track-process.ts')).trackProcessCommand,
  report: async () => (await import('./commands/report.ts')).reportCommand,
  latency: async () => (await import('./commands/latency.ts')).latencyCommand,
  hist: async () => (await import('./commands/hist.ts')).histCommand,
  'list-plugins': listPlugins!,
  help: async () => (await import('./commands/help.ts')).makeHelpCommand(allCommands),
  ...analyses,
});
