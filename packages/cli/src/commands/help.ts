import { UsageError } from '@sonde/base';
import {
  type ComponentClass,
  type ComponentRegistry,
  formatComponentClassName,
} from '@sonde/graph';
import type { CommandTable } from '../command-table.ts';
import { pluginPathOption } from '../component-options.ts';
import { type Command, defineCommand } from '../define-command.ts';
import { commandHelp, overviewHelp, row } from '../help-text.ts';
import { openRegistry } from '../registry.ts';

/** @param commands - Handed in, as `help` is one of them. */
export function makeHelpCommand(commands: CommandTable): Command {
  return defineCommand({
    name: 'help',
    summary: 'Tell about a command, a plugin or a component class.',
    operands: { usage: '[COMMAND|PLUGIN|TYPE.PLUGIN.CLASS]', min: 0, max: 1 },
    options: { pluginPath: pluginPathOption },
    async run(io, options, [subject]) {
      io.stdout.writeText(
        await helpOn(subject, commands, () => openRegistry(options.pluginPath, io)),
      );
      return 0;
    },
  });
}

async function helpOn(
  subject: string | undefined,
  commands: CommandTable,
  open: () => Promise<ComponentRegistry>,
): Promise<string> {
  if (subject === undefined) return overviewHelp(await commands.loadAll());
  const command = await commands.find(subject);
  if (command !== undefined) return commandHelp(command);
  const registry = await open();
  if (subject.includes('.')) return componentHelp(registry.get(subject));
  return pluginHelp(subject, registry);
}

function componentHelp(componentClass: ComponentClass): string {
  const parameters = Object.entries(componentClass.parameterHelp);
  const lines = [
    formatComponentClassName(componentClass),
    '',
    componentClass.description,
    '',
    parameters.length === 0 ? 'It has no parameters.' : 'Parameters:',
    ...parameters.flatMap(([name, help]) => row(`  ${name}`, help)),
  ];
  return `${lines.join('\n')}\n`;
}

function pluginHelp(name: string, registry: ComponentRegistry): string {
  const plugin = registry.plugins.find((candidate) => candidate.name === name);
  if (plugin === undefined) {
    throw new UsageError('unknown-subject', `There is no command and no plugin named ${name}.`);
  }
  return [
    `${plugin.name}: ${plugin.description}\n`,
    ...plugin.componentClasses.map(componentHelp),
  ].join('\n');
}
