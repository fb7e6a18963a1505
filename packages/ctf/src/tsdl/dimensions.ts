import type {
  FieldClass,
  FixedLengthIntegerFieldClass,
  StringFieldClass,
} from '@sonde/trace-model';
import type { PendingLocation, TsdlContext } from './context.ts';
import { isNumberStart, punctuation } from './scanner.ts';

/** One `[length]` of a declarator: a constant, or where the length is. */
export type Dimension = { readonly position: number } & (
  | { readonly length: number }
  | { readonly location: PendingLocation }
);

/** Reads the `[…][…]` after a name. */
export function parseDimensions(context: TsdlContext): readonly Dimension[] {
  const { scanner } = context;
  if (scanner.peek() !== punctuation.openBracket) return noDimensions;
  const dimensions: Dimension[] = [];
  while (scanner.tryCharacter(punctuation.openBracket)) {
    scanner.skipSpace();
    context.checkDepth(dimensions.length, scanner.position);
    dimensions.push(parseLength(context));
    scanner.expectCharacter(punctuation.closeBracket);
  }
  return dimensions;
}

const noDimensions: readonly Dimension[] = [];

function parseLength(context: TsdlContext): Dimension {
  const { scanner } = context;
  const { position } = scanner;
  if (isNumberStart(scanner.peek())) {
    if (!scanner.tryInteger()) throw scanner.error('Expecting a valid constant integer.');
    return { position, length: checkedLength(context, scanner.integer, position) };
  }
  const path = readPath(context);
  if (path.length === 0)
    throw context.error('Empty field location.', position, 'tsdl-bad-location');
  if (path[0] !== 'env') return { position, location: { path, position } };
  return { position, length: environmentLength(context, path, position) };
}

function checkedLength(context: TsdlContext, length: bigint, position: number): number {
  if (length < 0n) throw context.error(`Negative array length: ${length}.`, position);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw context.error(`Array length out of range: ${length}.`, position);
  }
  return Number(length);
}

/** `env.NAME`: the length is a constant of the environment. */
function environmentLength(
  context: TsdlContext,
  path: readonly string[],
  position: number,
): number {
  if (path.length === 1) {
    throw context.error('Expecting `env.NAME`.', position, 'tsdl-bad-location');
  }
  const name = path.slice(1).join('.');
  const value = context.environment?.get(name);
  if (value === undefined) {
    throw context.error(`No environment entry \`${name}\`.`, position, 'tsdl-bad-location');
  }
  if (typeof value === 'string') {
    throw context.error(
      `Environment entry \`${name}\` is no integer.`,
      position,
      'tsdl-bad-location',
    );
  }
  return checkedLength(context, value, position);
}

/** Reads `name.name.name`; keywords are names too. Empty: there is none. */
export function readPath(context: TsdlContext): string[] {
  const path = context.scanner.readDottedWord();
  return path === '' ? [] : path.split('.');
}

/** Wraps an element class in arrays; the last dimension is the innermost, as in C. */
export function wrapInArrays(
  context: TsdlContext,
  element: FieldClass,
  dimensions: readonly Dimension[],
): FieldClass {
  let fieldClass = element;
  for (let i = dimensions.length - 1; i >= 0; i--) {
    const dimension = dimensions[i]!;
    fieldClass = context.place(arrayOf(fieldClass, dimension), dimension.position);
    if ('location' in dimension) context.pending.set(fieldClass, dimension.location);
  }
  return fieldClass;
}

function arrayOf(element: FieldClass, dimension: Dimension): FieldClass {
  if (isCharacter(element)) return textOf(dimension);
  if ('length' in dimension) {
    return {
      type: 'static-length-array',
      elementFieldClass: element,
      minimumAlignmentBits: 1,
      length: dimension.length,
    };
  }
  return {
    type: 'dynamic-length-array',
    elementFieldClass: element,
    minimumAlignmentBits: 1,
    lengthFieldLocation: { path: [] },
    keySlot: -1,
  };
}

/** An array of encoded bytes is a string of that many bytes (CTF 1.8.3 §4.2.3). */
function isCharacter(fieldClass: FieldClass): fieldClass is FixedLengthIntegerFieldClass {
  return (
    'encoding' in fieldClass &&
    'lengthBits' in fieldClass &&
    fieldClass.lengthBits === 8 &&
    fieldClass.alignmentBits === 8
  );
}

function textOf(dimension: Dimension): StringFieldClass {
  return 'length' in dimension
    ? { type: 'static-length-string', encoding: 'utf-8', lengthBytes: dimension.length }
    : {
        type: 'dynamic-length-string',
        encoding: 'utf-8',
        lengthFieldLocation: { path: [] },
        keySlot: -1,
      };
}
