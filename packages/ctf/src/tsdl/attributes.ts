import type { ByteOrder } from '@sonde/trace-model';
import type { TsdlContext } from './context.ts';
import { punctuation, type ValueKind } from './scanner.ts';

/** Handles one `name = value;`, whose value is in the scanner. False: no such attribute. */
export type AttributeHandler = (name: string, kind: ValueKind) => boolean;

const maxI64 = (1n << 63n) - 1n;

/** Reads `{ name = value; … }`. Attributes may not be repeated; unknown ones are warned about or refused. */
export function readAttributeBlock(context: TsdlContext, handle: AttributeHandler): void {
  const { scanner } = context;
  const seen: string[] = [];
  scanner.expectCharacter(punctuation.openBrace);
  scanner.skipSemicolons();
  while (!scanner.tryCharacter(punctuation.closeBrace)) {
    const position = scanner.position;
    const name = readAttributeName(context);
    scanner.expectCharacter(punctuation.equal);
    readAttribute(context, name, position, seen, handle);
    scanner.skipSemicolons();
  }
}

export function readAttributeName(context: TsdlContext): string {
  const name = context.scanner.readDottedWord();
  if (name === '') throw context.scanner.error('Expecting an attribute name.');
  return name;
}

/** Reads what follows `name =`, up to and with the semicolon. */
export function readAttribute(
  context: TsdlContext,
  name: string,
  position: number,
  seen: string[],
  handle: AttributeHandler,
): void {
  const { scanner } = context;
  const kind = scanner.readValue();
  if (scanner.peek() !== punctuation.semicolon) throw scanner.error('Expecting `;`.');
  if (seen.includes(name)) {
    throw context.error(`Duplicate attribute \`${name}\`.`, position, 'tsdl-duplicate');
  }
  // More names than any block knows come from a hostile text only; the known ones are among the first.
  if (seen.length < 64) seen.push(name);
  if (!handle(name, kind)) context.unknownAttribute(name, position);
  scanner.expectCharacter(punctuation.semicolon);
}

function wrong(context: TsdlContext, name: string, expected: string): Error {
  return context.error(
    `Attribute \`${name}\`: expecting ${expected}.`,
    context.scanner.valuePosition,
    'tsdl-bad-attribute',
  );
}

/** Same for what Babeltrace accepts. */
function tolerateWrong(context: TsdlContext, name: string, expected: string): void {
  context.tolerate(
    `Attribute \`${name}\`: expecting ${expected}.`,
    context.scanner.valuePosition,
    'tsdl-bad-attribute',
  );
}

export function invalidValue(context: TsdlContext, name: string, requirement: string): Error {
  return context.error(
    `Invalid \`${name}\` attribute (${requirement}): ${context.scanner.integer}.`,
    context.scanner.valuePosition,
    'tsdl-bad-attribute',
  );
}

export function missingAttribute(context: TsdlContext, name: string, position: number): Error {
  return context.error(`Missing attribute \`${name}\`.`, position, 'tsdl-missing-attribute');
}

export function unsignedValue(context: TsdlContext, name: string, kind: ValueKind): bigint {
  const { integer } = context.scanner;
  if (kind !== 'integer' || integer < 0n) throw wrong(context, name, 'a constant unsigned integer');
  return integer;
}

export function signedValue(context: TsdlContext, name: string, kind: ValueKind): bigint {
  const { integer } = context.scanner;
  if (kind !== 'integer') throw wrong(context, name, 'a constant signed integer');
  if (integer > maxI64) throw invalidValue(context, name, 'the value is too large');
  return integer;
}

/** A literal string; with a warning also an identifier. */
export function someString(context: TsdlContext, name: string, kind: ValueKind): string {
  if (kind === 'integer') throw wrong(context, name, 'a literal string');
  if (kind === 'identifier') tolerateWrong(context, name, 'a literal string');
  return context.scanner.string;
}

export function identifierOrString(context: TsdlContext, name: string, kind: ValueKind): string {
  if (kind === 'integer') throw wrong(context, name, 'an identifier or literal string');
  return context.scanner.string;
}

/** The text of an identifier, with a warning also of a string; undefined: an integer. */
export function identifierValue(
  context: TsdlContext,
  name: string,
  kind: ValueKind,
): string | undefined {
  if (kind === 'integer') return undefined;
  if (kind === 'string') tolerateWrong(context, name, 'an identifier');
  return context.scanner.string;
}

const expectedBoolean = '`0`, `false`, `FALSE`, `1`, `true`, or `TRUE`';

export function booleanValue(context: TsdlContext, name: string, kind: ValueKind): boolean {
  const { integer } = context.scanner;
  if (kind === 'integer') {
    if (integer !== 0n && integer !== 1n) tolerateWrong(context, name, expectedBoolean);
    return integer !== 0n;
  }
  if (kind === 'string') tolerateWrong(context, name, expectedBoolean);
  switch (context.scanner.string) {
    case 'true':
    case 'TRUE':
      return true;
    case 'false':
    case 'FALSE':
      return false;
  }
  throw wrong(context, name, expectedBoolean);
}

/** `le`, `be`, `network`, and `native` where a native byte order is given. */
export function byteOrderValue(
  context: TsdlContext,
  kind: ValueKind,
  native: ByteOrder | undefined,
): ByteOrder {
  const order = identifierValue(context, 'byte_order', kind);
  if (order === 'le') return 'little-endian';
  if (order === 'be' || order === 'network') return 'big-endian';
  if (order === 'native' && native) return native;
  const expected = native ? '`be`, `le`, `network`, or `native`' : '`be`, `le`, or `network`';
  throw wrong(context, 'byte_order', expected);
}

/** The canonical (lower-case) form of a UUID. */
export function uuidValue(context: TsdlContext, kind: ValueKind): string {
  const text = someString(context, 'uuid', kind);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw context.error(
      `Malformed \`uuid\` attribute: \`${text}\`.`,
      context.scanner.valuePosition,
      'tsdl-bad-attribute',
    );
  }
  return text.toLowerCase();
}

const maxAlignmentBits = 1n << 31n;

/** A power of two that no decoder overflows with. */
export function alignmentValue(context: TsdlContext, name: string, value: bigint): number {
  if (value <= 0n || (value & (value - 1n)) !== 0n || value > maxAlignmentBits) {
    throw invalidValue(context, name, 'must be a power of two');
  }
  return Number(value);
}
