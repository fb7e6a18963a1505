import { parseArgs } from 'node:util';
import { UsageError } from '@sonde/base';
import type { Command, Occurrence, OptionSpecs } from './define-command.ts';
import { nearest } from './nearest.ts';
import { expandPrefixes } from './option-prefixes.ts';

export interface ParsedArguments {
  /** `--help` was given: nothing else was checked. */
  readonly helpIsWanted: boolean;
  readonly values: { readonly [option: string]: unknown };
  readonly operands: readonly string[];
  readonly order: readonly Occurrence[];
}

/** `clockGmt` → `clock-gmt`. */
export function optionFlag(name: string): string {
  return name.replace(/[A-Z]+/g, (part) => `-${part.toLowerCase()}`);
}

/** @throws UsageError when `args` do not fit the command's declaration. */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const names = new Map(Object.keys(command.options).map((name) => [optionFlag(name), name]));
  const occurrences: Occurrence[] = [];
  const values: { [option: string]: unknown } = {};
  for (const [name, spec] of Object.entries(command.options)) values[name] = spec.initial;

  for (const token of tokensOf(command.options, writtenOut(command, args))) {
    if (token.kind === 'positional') occurrences.push({ value: token.value });
    if (token.kind !== 'option') continue;
    if (token.name === 'help') {
      return { helpIsWanted: true, values, operands: [], order: [] };
    }
    const name = names.get(token.name);
    if (name === undefined) {
      const { behindDashes } = command.operands ?? {};
      const isCommands = behindDashes !== undefined && occurrences.some(isOperand);
      const remedy = isCommands ? ` Write \`--\` before ${behindDashes}.` : undefined;
      throw unknownOption(token.rawName, [...names.keys(), 'help'], remedy);
    }
    const spec = command.options[name]!;
    checkValue(token, spec.valueName);
    values[name] = acceptValue(token.rawName, () => spec.accept(token.value, values[name]));
    occurrences.push({
      option: name,
      ...(token.value === undefined ? {} : { value: token.value }),
    });
  }
  const operands = occurrences.filter((o) => o.option === undefined).map((o) => o.value ?? '');
  checkOperands(command, operands);
  const { behindDashes } = command.operands ?? {};
  if (behindDashes !== undefined && args.at(-1) === '--' && operands.length === 0) {
    throw new UsageError('missing-operand', `Nothing follows \`--\`: ${behindDashes} is missing.`);
  }
  return { helpIsWanted: false, values, operands, order: occurrences };
}

/** The arguments, with abbreviated options in full where the command takes them. */
function writtenOut({ abbreviates, options }: Command, args: readonly string[]): readonly string[] {
  if (abbreviates === undefined) return args;
  const specs = Object.entries(options);
  const shorts = specs.flatMap(([, { short, valueName }]) =>
    short === undefined || valueName === undefined ? [] : [short],
  );
  const names = specs.map(([name, { valueName }]): [string, boolean] => [
    optionFlag(name),
    valueName !== undefined,
  ]);
  return expandPrefixes(args, {
    options: new Map([...names, ['help', false]]),
    shortWithValue: new Set(shorts),
    preferred: abbreviates,
  });
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

function tokensOf(specs: OptionSpecs, args: readonly string[]): readonly Token[] {
  const options: NonNullable<Parameters<typeof parseArgs>[0]>['options'] = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, spec] of Object.entries(specs)) {
    options[optionFlag(name)] = {
      type: spec.valueName === undefined ? 'boolean' : 'string',
      ...(spec.short === undefined ? {} : { short: spec.short }),
    };
  }
  // Not strict: this module names the mistakes itself, with hints.
  return parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function checkValue(token: OptionToken, valueName: string | undefined): void {
  if (valueName === undefined) {
    if (token.value === undefined) return;
    throw new UsageError('unexpected-value', `Option ${token.rawName} takes no value.`);
  }
  // `--begin -5` is a value, `--output --limit` a forgotten one.
  const looksLikeOption = !token.inlineValue && /^-[^\d.]/.test(token.value ?? '');
  if (token.value !== undefined && !looksLikeOption) return;
  throw new UsageError('missing-value', `Option ${token.rawName} needs a value: ${valueName}.`);
}

function acceptValue(rawName: string, accept: () => unknown): unknown {
  try {
    return accept();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, `${rawName}: ${error.message}`, error.place);
  }
}

function isOperand({ option }: Occurrence): boolean {
  return option === undefined;
}

function unknownOption(rawName: string, known: readonly string[], remedy?: string): UsageError {
  const similar = rawName.startsWith('--') ? nearest(rawName.slice(2), known) : undefined;
  const hint = remedy ?? (similar === undefined ? '' : ` Did you mean --${similar}?`);
  return new UsageError('unknown-option', `Unknown option ${rawName}.${hint}`);
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { min, max, usage } = command.operands ?? { min: 0, max: 0, usage: '' };
  if (operands.length > max) {
    throw new UsageError('unexpected-operand', `Unexpected operand: ${operands[max]}.`);
  }
  if (operands.length < min) {
    throw new UsageError('missing-operand', `Missing operand: ${usage}.`);
  }
}
