import type { Command } from './define-command.ts';

/** Commands are loaded when they are wanted: `sonde read` does not pay for the others at its start. */
export type CommandLoaders = { readonly [name: string]: () => Promise<Command> };

const aliases: { readonly [alias: string]: string } = { convert: 'read' };

/** The commands of one bundle. */
export class CommandTable {
  readonly loaders: CommandLoaders;

  constructor(loaders: CommandLoaders) {
    this.loaders = loaders;
  }

  async find(name: string): Promise<Command | undefined> {
    const known = Object.hasOwn(aliases, name) ? aliases[name]! : name;
    return Object.hasOwn(this.loaders, known) ? this.loaders[known]!() : undefined;
  }

  /** In the order of `--help`. */
  loadAll(): Promise<Command[]> {
    return Promise.all(Object.values(this.loaders).map((load) => load()));
  }
}
