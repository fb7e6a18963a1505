import { assert } from '@sonde/base';
import type { TraceClass } from '@sonde/trace-model';
import type { MetadataOptions } from '../metadata-options.ts';
import {
  type EventHead,
  lttngEventEnd,
  parseClockBlock,
  parseEnvironmentBlock,
  parseEventBlock,
  parseStreamBlock,
  parseTraceBlock,
  peekByteOrder,
  skipCallsiteBlock,
  tryLttngEventHead,
} from './blocks.ts';
import { TsdlContext } from './context.ts';
import { statementEnd } from './scanner.ts';
import { TraceBuilder } from './trace-builder.ts';
import { tryNamedTypeDeclaration, tryTypeDeclaration } from './types.ts';

/**
 * Reads CTF 1.8 metadata (TSDL, CTF 1.8.3 §7).
 * @throws MetadataError with line and column, also when a limit of `options` is passed.
 */
export function parseTsdl(text: string, options: MetadataOptions = {}): TraceClass {
  const metadata = new TsdlMetadata(options);
  metadata.append(text);
  return metadata.finish();
}

/** One root block or declaration of the text. */
interface Statement {
  readonly keyword: string;
  /** Index of the keyword. */
  readonly position: number;
  /** An event block that is left for later. */
  readonly head?: EventHead | undefined;
}

/** Below, reading all is faster than being clever. */
const lazyTextLength = 64 * 1024;

/**
 * True: the text is long, and comes from LTTng. Then it is machine-made, and the scopes of its events are read when somebody asks
 * for them; what is wrong in them is found then. The strict mode reads all at once.
 */
function isLazy(text: string, options: MetadataOptions): boolean {
  return !options.strict && text.length >= lazyTextLength && text.includes('tracer_name = "lttng');
}

/** TSDL which arrives in parts (live). The same trace class grows with each part. */
export class TsdlMetadata {
  readonly #context: TsdlContext;
  readonly #builder: TraceBuilder;
  #hasTrace = false;
  /** Index of the first statement that is not read yet. */
  #unread = 0;

  constructor(options: MetadataOptions = {}) {
    this.#context = new TsdlContext('', options);
    this.#builder = new TraceBuilder(this.#context);
  }

  /** Undefined until a part with the `trace` block has been read. */
  get traceClass(): TraceClass | undefined {
    return this.#builder.traceClass;
  }

  /**
   * Reads more text; what it breaks off in the middle of waits for the rest.
   * @throws MetadataError; nothing more can be read then.
   */
  append(text: string): void {
    const { scanner, limits } = this.#context;
    scanner.text += text;
    if (scanner.text.length > limits.textLength) {
      throw this.#context.error(
        `Longer than ${limits.textLength} characters.`,
        0,
        'metadata-limit',
      );
    }
    this.#read(this.#split(false));
  }

  /** Reads what is left. @throws MetadataError when something is missing, above all the `trace` block. */
  finish(): TraceClass {
    const { scanner, options } = this.#context;
    this.#read(this.#split(!options.mayEndEarly));
    if (!scanner.trySkipSpace() || !scanner.atEnd) {
      this.#context.warn('The metadata ends in the middle of a block.', this.#unread);
    }
    if (!this.#hasTrace) {
      throw this.#context.error('Missing `trace` block.', 0, 'tsdl-missing-block');
    }
    const nul = scanner.text.indexOf('\0');
    if (nul >= 0) throw scanner.error('NUL character in the text.', nul);
    const { traceClass } = this.#builder;
    assert(traceClass !== undefined, 'a trace block makes a trace class');
    return traceClass;
  }

  /** Finds the statements, complete ones only unless the text is. */
  #split(isComplete: boolean): Statement[] {
    const { scanner, options } = this.#context;
    const { text } = scanner;
    const statements: Statement[] = [];
    const reference = isLazy(text, options) ? new OuterReferences(text) : undefined;
    scanner.position = this.#unread;
    while (scanner.trySkipSemicolons(isComplete) && !scanner.atEnd) {
      const { position } = scanner;
      const end = (reference && lttngEventEnd(text, position)) ?? statementEnd(text, position);
      if (end < 0 && !isComplete) break;
      const keyword = scanner.peekWord();
      const head =
        keyword === 'event' && reference && end >= 0 && !reference.isIn(position, end)
          ? tryLttngEventHead(text, position)
          : undefined;
      statements.push({ keyword, position, head });
      scanner.position = end < 0 ? text.length : end;
    }
    this.#unread = scanner.position;
    return statements;
  }

  /** Constants first, for they may be used before their block; then everything in the order of the text, as types need it. */
  #read(statements: readonly Statement[]): void {
    const { text } = this.#context.scanner;
    for (const { keyword, position } of statements) {
      if (keyword !== 'trace') continue;
      const byteOrder = peekByteOrder(text, position + keyword.length);
      if (byteOrder) this.#context.nativeByteOrder = byteOrder;
    }
    for (const statement of statements) {
      if (statement.keyword === 'env') this.#readEnvironment(statement);
    }
    for (const statement of statements) {
      if (statement.keyword === 'clock') this.#readClock(statement);
    }
    for (const statement of statements) {
      if (statement.keyword !== 'env' && statement.keyword !== 'clock') this.#readOther(statement);
    }
    this.#builder.link();
    this.#context.scanner.position = this.#unread;
  }

  #start({ keyword, position }: Statement): void {
    this.#context.scanner.position = position + keyword.length;
  }

  #readEnvironment(statement: Statement): void {
    const context = this.#context;
    if (context.environment) {
      context.tolerate('Duplicate `env` block.', statement.position, 'tsdl-duplicate');
    }
    this.#start(statement);
    parseEnvironmentBlock(context, this.#builder.environment);
    context.environment = this.#builder.environment;
  }

  #readClock(statement: Statement): void {
    this.#start(statement);
    const { clockClasses } = this.#builder;
    const clockClass = parseClockBlock(this.#context, statement.position);
    if (clockClasses.some(({ id }) => id === clockClass.id)) {
      throw this.#context.error(
        `Duplicate clock \`${clockClass.id}\`.`,
        statement.position,
        'tsdl-duplicate',
      );
    }
    clockClasses.push(clockClass);
  }

  #readOther(statement: Statement): void {
    const { keyword, position } = statement;
    this.#start(statement);
    switch (keyword) {
      case 'trace':
        if (this.#hasTrace) {
          throw this.#context.error('Duplicate `trace` block.', position, 'tsdl-duplicate');
        }
        this.#hasTrace = true;
        this.#builder.addTrace(parseTraceBlock(this.#context, position));
        break;
      case 'stream':
        this.#builder.addStream(parseStreamBlock(this.#context, position));
        break;
      case 'event':
        this.#builder.addEvent(statement.head ?? parseEventBlock(this.#context, position));
        break;
      case 'callsite':
        skipCallsiteBlock(this.#context);
        break;
      default:
        this.#readDeclaration(position);
    }
  }

  #readDeclaration(position: number): void {
    const { scanner } = this.#context;
    scanner.position = position;
    if (tryTypeDeclaration(this.#context) || tryNamedTypeDeclaration(this.#context)) return;
    throw scanner.error('Expecting a block or a type declaration.', position);
  }
}

/**
 * Where a text speaks of other scopes: an event which does marks fields outside itself, and can't be left for later. Asked about
 * ever later places.
 */
class OuterReferences {
  readonly #text: string;
  readonly #pattern = /\b(?:stream|trace)\b/g;
  #next = -1;

  constructor(text: string) {
    this.#text = text;
  }

  isIn(start: number, end: number): boolean {
    if (this.#next < start) {
      this.#pattern.lastIndex = start;
      this.#next = this.#pattern.exec(this.#text)?.index ?? this.#text.length;
    }
    return this.#next < end;
  }
}
