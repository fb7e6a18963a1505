import { UsageError } from '@sonde/base';
import { type ComponentPlan, ComponentPlans, pluginPathOption } from '../component-options.ts';
import {
  defineCommand,
  flag,
  type Occurrence,
  option,
  optionGroup,
  repeatedOption,
} from '../define-command.ts';
import { openRegistry } from '../registry.ts';
import { runGraph } from '../run-graph.ts';

export const runCommand = defineCommand({
  name: 'run',
  summary: 'Run a graph of components that you connect yourself.',
  options: {
    ...optionGroup('Graph (in order)', {
      component: repeatedOption(
        'Add a component. TYPE: source (src), filter (flt), sink',
        '[NAME:]TYPE.PLUGIN.CLASS',
        String,
        { short: 'c' },
      ),
      params: repeatedOption('Parameters of the component before', 'NAME=VALUE,...', String, {
        short: 'p',
      }),
      baseParams: repeatedOption('Parameters of all components after', 'NAME=VALUE,...', String, {
        short: 'b',
      }),
      resetBaseParams: flag('Forget the --base-params so far', { short: 'r' }),
      connect: repeatedOption(
        'Connect output ports to input ports. All names are globs: *, \\ escapes',
        'UP[.PORT]:DOWN[.PORT]',
        String,
        { short: 'x' },
      ),
    }),
    continueOnError: flag('After a damaged stream, go on with the others; exit status 1'),
    pluginPath: pluginPathOption,
    output: option('Sinks write to PATH instead of standard output', 'PATH', String, undefined, {
      short: 'w',
    }),
  },
  notes: `Example: count the events of a trace.
  sonde run -c in:src.ctf.fs -p 'inputs=["my-trace"]' -c muxer:flt.utils.muxer \\
            -c out:sink.utils.counter -x in:muxer -x muxer:out`,
  async run(io, options, _operands, order) {
    const registry = await openRegistry(options.pluginPath, io);
    const components = planComponents(new ComponentPlans(registry), order);
    if (components.length === 0) {
      throw new UsageError('no-component', 'Name the components of the graph: --component.');
    }
    return runGraph(io, {
      components,
      connections: options.connect,
      continueOnError: options.continueOnError,
      outputPath: options.output,
    });
  },
});

function planComponents(
  plans: ComponentPlans,
  order: readonly Occurrence[],
): readonly ComponentPlan[] {
  for (const { option: name, value = '' } of order) {
    if (name === 'component') plans.addComponent(value);
    else if (name === 'params') plans.addParameters(value);
    else if (name === 'baseParams') plans.addBaseParameters(value);
    else if (name === 'resetBaseParams') plans.resetBaseParameters();
  }
  return plans.all;
}
