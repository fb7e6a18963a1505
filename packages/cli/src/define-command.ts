import type { CommandIo } from './command-io.ts';

/** One option of a command. `T` is the type of its value. */
export interface OptionSpec<T> {
  /** One line for `--help`. */
  readonly summary: string;
  /** Placeholder of the value in `--help`; absent: a flag. */
  readonly valueName?: string;
  /** One letter. */
  readonly short?: string;
  /** Heading in `--help`. */
  readonly group?: string;
  /** The value without the option. */
  readonly initial: T;
  /**
   * Takes one occurrence on the command line. `text` is undefined for flags.
   * @throws UsageError when `text` is no valid value.
   */
  accept(text: string | undefined, previous: T): T;
}

export type OptionSpecs = { readonly [name: string]: OptionSpec<unknown> };

export type ValuesOf<O extends OptionSpecs> = {
  readonly [N in keyof O]: O[N] extends OptionSpec<infer T> ? T : never;
};

/** An option or operand as it stood on the command line, for commands where the order matters. */
export interface Occurrence {
  /** Name of the option as declared (camel case); undefined: an operand. */
  readonly option?: string;
  /** Undefined: a flag. */
  readonly value?: string;
}

interface Operands {
  /** As shown in the usage line: `TRACE...`. */
  readonly usage: string;
  readonly min: number;
  readonly max: number;
  /** What `--` is followed by; a `--` with nothing behind it is a mistake then (an empty variable of a script). */
  readonly behindDashes?: string;
}

export interface CommandDefinition<O extends OptionSpecs> {
  readonly name: string;
  readonly summary: string;
  /** Heading in `sonde --help`; absent: with the main commands. */
  readonly group?: string;
  readonly operands?: Operands;
  /** Names in camel case; on the command line `clockGmt` is `--clock-gmt`. */
  readonly options: O;
  /** Ctrl-C is the usual end of the command, not a failure: `run` sees to it, and its status counts. */
  readonly endsByInterrupt?: boolean;
  /** Long options may be abbreviated; where several begin alike, these (without dashes) come first. */
  readonly abbreviates?: ReadonlySet<string>;
  /** Options that are taken and not in `--help`. */
  readonly unlisted?: ReadonlySet<keyof O>;
  /** Paragraphs and examples below the options in `--help`. */
  readonly notes?: string;
  /** @returns the exit status: 0 done, 1 failed. */
  run(
    io: CommandIo,
    options: ValuesOf<O>,
    operands: readonly string[],
    order: readonly Occurrence[],
  ): Promise<number>;
}

export interface Command extends CommandDefinition<OptionSpecs> {}

/**
 * Declares a command: what it takes and what it calls. Parsing, `--help` and usage errors follow from the declaration.
 */
export function defineCommand<O extends OptionSpecs>(definition: CommandDefinition<O>): Command {
  // `run` is only ever called with values that `parseArguments` made from these very options.
  return definition as unknown as Command;
}

interface OptionDetails {
  readonly short?: string;
}

export function flag(summary: string, details: OptionDetails = {}): OptionSpec<boolean> {
  return { summary, ...details, initial: false, accept: () => true };
}

/** An option with a value; the last occurrence counts. */
export function option<T, I extends T | undefined>(
  summary: string,
  valueName: string,
  parse: (text: string) => T,
  initial: I,
  details: OptionDetails = {},
): OptionSpec<T | I> {
  return { summary, valueName, ...details, initial, accept: (text) => parse(text ?? '') };
}

/** An option that may be given several times; all values count. */
export function repeatedOption<T>(
  summary: string,
  valueName: string,
  parse: (text: string) => T,
  details: OptionDetails = {},
): OptionSpec<readonly T[]> {
  return {
    summary,
    valueName,
    ...details,
    initial: [],
    accept: (text, previous) => [...previous, parse(text ?? '')],
  };
}

/** Puts options under one heading of `--help`. */
export function optionGroup<O extends OptionSpecs>(heading: string, options: O): O {
  const grouped = Object.entries(options).map(([name, spec]) => [
    name,
    { ...spec, group: heading },
  ]);
  return Object.fromEntries(grouped) as O;
}
