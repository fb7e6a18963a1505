import { CommandTable } from './command-table.ts';

/** What is asked of any trace, most often. `bin/choose-bundle.js` knows the same names. */
export const readingCommands = new CommandTable({
  read: async () => (await import('./commands/read.ts')).readCommand,
  info: async () => (await import('./commands/info.ts')).infoCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  'list-plugins': async () => (await import('./commands/list-plugins.ts')).listPluginsCommand,
});
