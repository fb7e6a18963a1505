import { formatComponentClassName, type Plugin } from '@sonde/graph';
import { pluginPathOption } from '../component-options.ts';
import { defineCommand, flag } from '../define-command.ts';
import { row } from '../help-text.ts';
import { openRegistry } from '../registry.ts';

export const listPluginsCommand = defineCommand({
  name: 'list-plugins',
  summary: 'List the plugins and their component classes.',
  options: { json: flag('Print JSON'), pluginPath: pluginPathOption },
  async run(io, options) {
    const { plugins } = await openRegistry(options.pluginPath, io);
    io.stdout.writeText(options.json ? pluginsAsJson(plugins) : plugins.map(pluginText).join('\n'));
    return 0;
  },
});

function pluginText(plugin: Plugin): string {
  const { name, version, description, author, license, componentClasses } = plugin;
  const lines = [
    `${name}: ${description}`,
    `  version ${version}, ${license}, by ${author}`,
    ...componentClasses.flatMap((componentClass) =>
      row(`  ${formatComponentClassName(componentClass)}`, componentClass.description),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function pluginsAsJson(plugins: readonly Plugin[]): string {
  const listed = plugins.map(({ componentClasses, ...about }) => ({
    ...about,
    componentClasses: componentClasses.map((componentClass) => ({
      name: formatComponentClassName(componentClass),
      description: componentClass.description,
      parameters: componentClass.parameterHelp,
    })),
  }));
  return `${JSON.stringify(listed, null, 2)}\n`;
}
