import type {
  FieldClass,
  FixedLengthIntegerFieldClass,
  StructureFieldClass,
  StructureMember,
  VariantFieldClass,
} from '@sonde/trace-model';
import { alignmentValue } from './attributes.ts';
import type { TsdlContext } from './context.ts';
import { copyFieldClass } from './copy-field-class.ts';
import { parseDimensions, readPath, wrapInArrays } from './dimensions.ts';
import { parseMappings } from './enumeration.ts';
import { checkAliasLocations } from './locations.ts';
import { parseFloatingPoint, parseInteger, parseString } from './scalar-types.ts';
import { punctuation } from './scanner.ts';

/** Keywords that can't be part of a type name. */
const notInTypeNames = new Set(
  'align callsite clock enum env event floating_point integer stream string struct trace typealias typedef variant'.split(
    ' ',
  ),
);

const taggedTypes = new Set(['struct', 'enum', 'variant']);

/** Words and stars of a type name, such as `unsigned long` or `struct page *`. */
function readTypeWords(context: TsdlContext): string[] {
  const { scanner } = context;
  const words: string[] = [];
  for (;;) {
    if (scanner.tryCharacter(punctuation.star)) words.push('*');
    else {
      const word = scanner.readWord();
      if (word === '') return words;
      words.push(word);
    }
  }
}

function findType(
  context: TsdlContext,
  words: readonly string[],
  position: number,
): FieldClass | undefined {
  const prototype = words.length > 0 ? context.scope.find(words.join(' ')) : undefined;
  if (!prototype) return undefined;
  const copy = copyFieldClass(context, prototype, position);
  if (!words.includes('*') || !('preferredDisplayBase' in copy)) return copy;
  return context.move(copy, { ...copy, preferredDisplayBase: 16 });
}

/** Adds a type name to the current block. `position` is where a duplicate is reported. */
function declareType(
  context: TsdlContext,
  name: string,
  prototype: FieldClass,
  position: number,
): void {
  checkAliasLocations(context, prototype);
  if (!context.scope.declare(name, prototype)) {
    throw context.error(`Duplicate type name \`${name}\`.`, position, 'tsdl-duplicate');
  }
}

/**
 * Reads a type which is written out (`integer { … }`, `struct NAME`, `variant <tag> { … }`…). Undefined, with nothing consumed:
 * the next token begins no such type, so it must be a type name.
 */
function tryExplicitType(context: TsdlContext): FieldClass | undefined {
  const { scanner } = context;
  scanner.skipSpace();
  const start = scanner.position;
  while (scanner.tryWord('const')) scanner.skipSpace();
  const { position } = scanner;
  const keyword = scanner.readWord();
  switch (keyword) {
    case 'integer':
      return parseInteger(context, position);
    case 'floating_point':
      return parseFloatingPoint(context, position);
    case 'string':
      return parseString(context, position);
    case 'enum':
      return parseEnumeration(context, position);
    case 'struct':
      return parseStructure(context, position);
    case 'variant':
      return parseVariant(context, position);
  }
  scanner.position = start;
  return undefined;
}

/** Reads a type where no field or type name can follow its words. */
export function parseType(context: TsdlContext): FieldClass {
  const explicit = tryExplicitType(context);
  if (explicit) return explicit;
  const { position } = context.scanner;
  const words = readTypeWords(context);
  const found = findType(context, words, position);
  if (!found) throw unknownType(context, words, position);
  return found;
}

function unknownType(context: TsdlContext, words: readonly string[], position: number): Error {
  return words.length === 0
    ? context.error('Expecting a type.', position, 'tsdl-syntax')
    : context.error(`Unknown type \`${words.join(' ')}\`.`, position, 'tsdl-unknown-type');
}

/** A `struct`, `enum` or `variant` whose body is elsewhere: `struct NAME`, or an alias such as `struct NAME *`. */
function parseReference(
  context: TsdlContext,
  keyword: string,
  name: string,
  position: number,
): FieldClass {
  const words = [keyword, name];
  const { scanner } = context;
  let { position: end } = scanner;
  if (scanner.peek() === punctuation.star) {
    while (scanner.tryCharacter(punctuation.star) || scanner.tryWord('const')) {
      words.push(scanner.text[scanner.position - 1] === '*' ? '*' : 'const');
      end = scanner.position;
    }
  }
  scanner.position = end;
  const found = findType(context, words, position);
  if (!found) throw unknownType(context, words, position);
  return found;
}

function parseEnumeration(context: TsdlContext, position: number): FieldClass {
  const { scanner } = context;
  const name = scanner.readWord();
  const next = scanner.peek();
  if (next !== punctuation.openBrace && next !== punctuation.colon) {
    if (name === '') throw scanner.error('Expecting `{` or `:`.');
    return parseReference(context, 'enum', name, position);
  }
  let container: FieldClass | undefined;
  if (scanner.tryCharacter(punctuation.colon)) container = parseType(context);
  else container = findType(context, ['int'], position);
  if (!container) {
    throw context.error(
      'The implicit type `int` is not known here.',
      position,
      'tsdl-unknown-type',
    );
  }
  if (!isFixedLengthInteger(container)) {
    throw context.error('The container type is no integer.', context.positionOf(container));
  }
  const mappings = parseMappings(context, container, position);
  const fieldClass = context.move(container, { ...container, mappings }, position);
  if (name !== '') declareCopy(context, `enum ${name}`, fieldClass);
  return fieldClass;
}

function isFixedLengthInteger(fieldClass: FieldClass): fieldClass is FixedLengthIntegerFieldClass {
  return (
    fieldClass.type === 'fixed-length-unsigned-integer' ||
    fieldClass.type === 'fixed-length-signed-integer'
  );
}

/** The type name keeps a copy of its own: the original becomes a field, which changes. */
function declareCopy(context: TsdlContext, name: string, fieldClass: FieldClass): void {
  declareType(context, name, copyFieldClass(context, fieldClass), context.scanner.position);
}

function parseStructure(context: TsdlContext, position: number): FieldClass {
  const { scanner } = context;
  const name = scanner.readWord();
  if (name !== '' && scanner.peek() !== punctuation.openBrace) {
    return parseReference(context, 'struct', name, position);
  }
  const members = context.nested(position, () => parseMembers(context, position));
  let minimumAlignmentBits = 1;
  if (scanner.tryWord('align')) {
    scanner.expectCharacter(punctuation.openParenthesis);
    if (!scanner.tryInteger() || scanner.integer < 0n) {
      throw context.error('Expecting a valid constant unsigned integer.', scanner.valuePosition);
    }
    scanner.valuePosition = scanner.integerEnd();
    minimumAlignmentBits = alignmentValue(context, 'align', scanner.integer);
    scanner.expectCharacter(punctuation.closeParenthesis);
  }
  const fieldClass: StructureFieldClass = { type: 'structure', members, minimumAlignmentBits };
  context.place(fieldClass, position);
  if (name !== '') declareCopy(context, `struct ${name}`, fieldClass);
  return fieldClass;
}

function parseVariant(context: TsdlContext, position: number): FieldClass {
  const { scanner } = context;
  const name = scanner.readWord();
  const tag = scanner.tryCharacter(punctuation.less) ? readTag(context) : undefined;
  let fieldClass: FieldClass;
  if (name !== '' && scanner.peek() !== punctuation.openBrace) {
    fieldClass = parseReference(context, 'variant', name, position);
  } else {
    const members = context.nested(position, () => parseMembers(context, position));
    const variant: VariantFieldClass = {
      type: 'variant',
      selectorFieldLocation: { path: [] },
      keySlot: -1,
      selectorKind: 'unsigned',
      options: members.map((member) => ({ ...member, ranges: [] })),
    };
    fieldClass = context.place(variant, position);
    if (name !== '') declareCopy(context, `variant ${name}`, fieldClass);
  }
  if (tag) context.pending.set(fieldClass, tag);
  return fieldClass;
}

function readTag(context: TsdlContext): { path: string[]; position: number } {
  const { scanner } = context;
  scanner.skipSpace();
  const { position } = scanner;
  const path = readPath(context);
  if (path.length === 0)
    throw context.error('Empty field location.', position, 'tsdl-bad-location');
  scanner.expectCharacter(punctuation.greater);
  return { path, position };
}

/** Reads `{ TYPE NAME; … }` of the structure or variant at `position`. */
function parseMembers(context: TsdlContext, position: number): StructureMember[] {
  const { scanner } = context;
  const members: StructureMember[] = [];
  const names = new Set<string>();
  scanner.expectCharacter(punctuation.openBrace);
  for (;;) {
    scanner.skipSemicolons();
    if (scanner.tryCharacter(punctuation.closeBrace)) return members;
    if (tryTypeDeclaration(context)) continue;
    parseMember(context, (originalName, fieldClass) => {
      if (names.has(originalName)) {
        throw context.error(`Duplicate member \`${originalName}\`.`, position, 'tsdl-duplicate');
      }
      names.add(originalName);
      members.push(
        originalName.charCodeAt(0) === 0x5f
          ? { name: originalName.slice(1), fieldClass, originalName }
          : { name: originalName, fieldClass },
      );
    });
    scanner.expectCharacter(punctuation.semicolon);
  }
}

/** Reads a type with its declarators: `unsigned long x, y[4]`. No declarator: a type is declared, not a member. */
function parseMember(
  context: TsdlContext,
  add: (name: string, fieldClass: FieldClass) => void,
): void {
  const { scanner } = context;
  let type = tryExplicitType(context);
  let name: string;
  if (type) {
    if (scanner.peek() === punctuation.semicolon) return;
    name = readDeclaratorName(context);
  } else {
    const { position } = scanner;
    const words = readTypeWords(context);
    name = words.pop() ?? '';
    type = name === '*' ? undefined : findType(context, words, position);
    if (!type) {
      throw context.error('Expecting a member with a known type.', position, 'tsdl-unknown-type');
    }
  }
  for (;;) {
    if (type.type === 'variant' && !context.pending.has(type)) {
      throw scanner.error('The variant needs a tag here.');
    }
    const dimensions = parseDimensions(context);
    if (scanner.peek() === punctuation.colon) throw scanner.error('Bit fields are not supported.');
    const another: FieldClass | undefined = scanner.tryCharacter(punctuation.comma)
      ? copyFieldClass(context, type)
      : undefined;
    add(name, wrapInArrays(context, type, dimensions));
    if (!another) return;
    type = another;
    name = readDeclaratorName(context);
  }
}

function readDeclaratorName(context: TsdlContext): string {
  const name = context.scanner.readWord();
  if (name === '') throw context.scanner.error('Expecting a name.');
  return name;
}

/** Reads `typealias … := …;` or `typedef … …;`, if there is one. */
export function tryTypeDeclaration(context: TsdlContext): boolean {
  if (context.scanner.tryWord('typealias')) parseTypeAlias(context);
  else if (context.scanner.tryWord('typedef')) parseTypeDefinition(context);
  else return false;
  return true;
}

/** Like `readTypeWords`, for a new name: most keywords are refused. */
function readAliasWords(context: TsdlContext): string[] {
  const { scanner } = context;
  const words: string[] = [];
  for (;;) {
    if (scanner.tryCharacter(punctuation.star)) {
      words.push('*');
      continue;
    }
    scanner.skipSpace();
    const { position } = scanner;
    const word = scanner.readWord();
    if (word === '') return words;
    // `struct page *` is a name, `struct` alone is not.
    const isTag =
      words.length === 0 && taggedTypes.has(word) && scanner.wordEnd() > scanner.position;
    if (notInTypeNames.has(word) && !isTag) {
      throw scanner.error(`Keyword \`${word}\` in a type name.`, position);
    }
    words.push(word);
  }
}

/** `typealias TYPE := WORDS [DIMENSIONS];` (CTF 1.8.3 §7.3.2), after the keyword. */
function parseTypeAlias(context: TsdlContext): void {
  const { scanner } = context;
  const type = parseType(context);
  scanner.expectToken(':=');
  scanner.skipSpace();
  const { position } = scanner;
  const words = readAliasWords(context);
  if (words.length === 0) throw scanner.error('Expecting a type name.', position);
  const fieldClass = wrapInArrays(context, type, parseDimensions(context));
  scanner.expectCharacter(punctuation.semicolon);
  declareType(context, words.join(' '), fieldClass, scanner.position);
}

/** `typedef TYPE NAME [DIMENSIONS], …;` (CTF 1.8.3 §7.3.3), after the keyword. */
function parseTypeDefinition(context: TsdlContext): void {
  const { scanner } = context;
  const declared: [name: string, prototype: FieldClass][] = [];
  parseMember(context, (name, fieldClass) => declared.push([name, fieldClass]));
  if (declared.length === 0) throw scanner.error('Expecting a type name.');
  scanner.expectCharacter(punctuation.semicolon);
  for (const [name, fieldClass] of declared) {
    declareType(context, name, fieldClass, scanner.position);
  }
}

/** Reads `struct NAME { … };` and the like: a type declared for later. False, with nothing consumed: there is none. */
export function tryNamedTypeDeclaration(context: TsdlContext): boolean {
  if (!taggedTypes.has(context.scanner.peekWord())) return false;
  parseType(context);
  context.scanner.expectCharacter(punctuation.semicolon);
  return true;
}
