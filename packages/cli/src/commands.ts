import type { Command } from './define-command.ts';

/** Loaded when they are wanted: `sonde read` does not pay for the others at its start. */
const loaders: { readonly [name: string]: () => Promise<Command> } = {
  read: async () => (await import('./commands/read.ts')).readCommand,
  info: async () => (await import('./commands/info.ts')).infoCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  'list-plugins': async () => (await import('./commands/list-plugins.ts')).listPluginsCommand,
  help: async () =>
    (await import('./commands/help.ts')).makeHelpCommand({ findCommand, loadCommands }),
};

const aliases: { readonly [alias: string]: string } = { convert: 'read' };

export async function findCommand(name: string): Promise<Command | undefined> {
  const known = Object.hasOwn(aliases, name) ? aliases[name]! : name;
  return Object.hasOwn(loaders, known) ? loaders[known]!() : undefined;
}

export function loadCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map((load) => load()));
}
