import { analysisNames } from './analysis-names.ts';
import type { Command } from './define-command.ts';

/** Loaded when they are wanted: `sonde read` does not pay for the others at its start. */
const loaders: { [name: string]: () => Promise<Command> } = {
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshotCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  record: async () => (await import('./commands/record.ts')).recordCommand,
  read: async () => (await import('./commands/read.ts')).readCommand,
  info: async () => (await import('./commands/info.ts')).infoCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  analyses: async () => (await import('./commands/analyses.ts')).analysesCommand,
  'track-process': async () => (await import('./commands/track-process.ts')).trackProcessCommand,
  report: async () => (await import('./commands/report.ts')).reportCommand,
  latency: async () => (await import('./commands/latency.ts')).latencyCommand,
  hist: async () => (await import('./commands/hist.ts')).histCommand,
  'list-plugins': async () => (await import('./commands/list-plugins.ts')).listPluginsCommand,
  help: async () =>
    (await import('./commands/help.ts')).makeHelpCommand({ findCommand, loadCommands }),
};

/** The analyses share one command; each name is a command of its own. */
for (const name of analysisNames) {
  loaders[name] = async () => (await import('./commands/analysis.ts')).analysisCommand(name);
}

const aliases: { readonly [alias: string]: string } = { convert: 'read' };

export async function findCommand(name: string): Promise<Command | undefined> {
  const known = Object.hasOwn(aliases, name) ? aliases[name]! : name;
  return Object.hasOwn(loaders, known) ? loaders[known]!() : undefined;
}

export function loadCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map((load) => load()));
}
