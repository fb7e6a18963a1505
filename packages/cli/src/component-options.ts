import { UsageError } from '@sonde/base';
import {
  type ComponentClass,
  type ComponentRegistry,
  mergeParameters,
  type ParameterMap,
  parseComponentSpec,
  parseParameters,
} from '@sonde/graph';
import { repeatedOption } from './define-command.ts';

/** A component as the command line describes it. */
export interface ComponentPlan {
  readonly name: string;
  readonly componentClass: ComponentClass;
  readonly parameters: ParameterMap;
}

/** Options with which users name components, the same in every command that builds a graph. */
export const pluginPathOption = repeatedOption(
  'Load the plugin PATH (an ES module or a folder with package.json) or the npm package PATH',
  'PATH',
  String,
);

/** The components of `-c`, in order, while the command line is walked. `-p` belongs to the one before it. */
export class ComponentPlans {
  readonly #registry: ComponentRegistry;
  readonly #plans: ComponentPlan[] = [];
  #baseParameters: ParameterMap = {};

  constructor(registry: ComponentRegistry) {
    this.#registry = registry;
  }

  get all(): readonly ComponentPlan[] {
    return this.#plans;
  }

  /** @param spec - `[NAME:]TYPE.PLUGIN.CLASS`; without a name the class's, made unique with a number. */
  addComponent(spec: string): void {
    const { name, ...className } = parseComponentSpec(spec);
    this.#plans.push({
      name: name ?? this.#uniqueName(className.className),
      componentClass: this.#registry.get(className),
      parameters: this.#baseParameters,
    });
  }

  /** @throws UsageError when no component precedes. */
  addParameters(text: string): void {
    const current = this.#plans.pop();
    if (current === undefined) {
      throw new UsageError('no-component', '--params must follow the --component it belongs to.');
    }
    const parameters = mergeParameters(current.parameters, parseParameters(text));
    this.#plans.push({ ...current, parameters });
  }

  /** Parameters of every component that follows. */
  addBaseParameters(text: string): void {
    this.#baseParameters = mergeParameters(this.#baseParameters, parseParameters(text));
  }

  resetBaseParameters(): void {
    this.#baseParameters = {};
  }

  #uniqueName(base: string): string {
    const isTaken = (name: string) => this.#plans.some((plan) => plan.name === name);
    if (!isTaken(base)) return base;
    let number = 2;
    while (isTaken(`${base}-${number}`)) number++;
    return `${base}-${number}`;
  }
}
