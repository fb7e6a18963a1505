import type { CodeWriter } from '../code-sink.ts';

/** The text of one generated function. Holds numbers and names of our own only; all else comes through constants. */
export class CodeBuffer implements CodeWriter {
  readonly #lines: string[] = [];
  /** By line: what a person should know, for explanations. Never compiled. */
  readonly #notes = new Map<number, string>();
  /** Values of `$0`, `$1`, … */
  readonly constants: unknown[] = [];
  readonly #constantIndexes = new Map<unknown, number>();
  #localCount = 0;

  line(code: string): void {
    this.#lines.push(code);
  }

  local(prefix: string): string {
    return `${prefix}${this.#localCount++}`;
  }

  constant(value: unknown): string {
    let index = this.#constantIndexes.get(value);
    if (index === undefined) {
      index = this.constants.push(value) - 1;
      this.#constantIndexes.set(value, index);
    }
    return `$${index}`;
  }

  /** Keeps a line free, to be written when its content is known. */
  reserve(): number {
    return this.#lines.push('') - 1;
  }

  fill(line: number, code: string): void {
    this.#lines[line] = code;
  }

  /** Remarks on the next line. */
  note(text: string): void {
    const line = this.#lines.length;
    const before = this.#notes.get(line);
    this.#notes.set(line, before === undefined ? text : `${before}, ${text}`);
  }

  /** The function's body. */
  body(): string {
    return this.#lines.filter((line) => line !== '').join('\n');
  }

  /**
   * Compiles the text to a function with `parameters`.
   * @throws EvalError where code generation is forbidden
   */
  compile(parameters: string): (...values: never[]) => unknown {
    const names = this.constants.map((_, index) => `$${index}`);
    const text = `"use strict";return function(${parameters}){\n${this.body()}\n}`;
    // Calls in what is shared have one target each.
    const called = this.constants.map((value) => (typeof value === 'function' ? value.name : ''));
    const key = `${called.join()}\n${text}`;
    let factory = factories.get(key);
    if (factory === undefined) {
      factory = new Function(...names, text) as Factory;
      if (factories.size >= maxFactories) factories.clear();
      factories.set(key, factory);
    }
    return factory(...this.constants);
  }

  /** The text for people: indented, with notes and with what the constants are. */
  explain(parameters: string): string {
    const lines: string[] = [];
    this.constants.forEach((value, index) => {
      lines.push(`// $${index} = ${describeConstant(value)}`);
    });
    lines.push(`function (${parameters}) {`);
    let depth = 1;
    this.#lines.forEach((line, index) => {
      const note = this.#notes.get(index);
      if (line === '' && note === undefined) return;
      if (line.startsWith('}')) depth--;
      const code = line === '' ? '' : `${'  '.repeat(depth)}${line}`;
      lines.push(note === undefined ? code : `${code.padEnd(58)} // ${oneLine(note)}`);
      if (line.endsWith('{')) depth++;
    });
    lines.push('}');
    return lines.join('\n');
  }
}

type Factory = (...constants: unknown[]) => (...values: never[]) => unknown;

/**
 * What makes functions with a text, whatever their constants: records of many classes differ in names only. V8 optimises functions of
 * one factory together, and much of the time of a run of seconds goes into that.
 */
const factories = new Map<string, Factory>();
const maxFactories = 1024;

/** `text` without what may end a line. */
function oneLine(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  return escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** `text` as a JSON string in one line. */
export function quoted(text: string): string {
  return `"${oneLine(text)}"`;
}

function describeConstant(value: unknown): string {
  switch (typeof value) {
    case 'function':
      return value.name === '' ? 'function' : `function ${value.name}`;
    case 'string':
      return quoted(value);
    case 'object':
      return value === null ? 'null' : describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `array of ${value.length}`;
  if ('type' in value) return `field class ${String(value.type)}`;
  return value.constructor?.name ?? 'object';
}
