import type { ByteOrder, ClockClass, LogLevel, StructureFieldClass } from '@sonde/trace-model';
import {
  type AttributeHandler,
  booleanValue,
  byteOrderValue,
  identifierOrString,
  invalidValue,
  missingAttribute,
  readAttribute,
  readAttributeBlock,
  readAttributeName,
  signedValue,
  someString,
  unsignedValue,
  uuidValue,
} from './attributes.ts';
import type { TsdlContext } from './context.ts';
import { punctuation, Scanner } from './scanner.ts';
import { parseType, tryNamedTypeDeclaration, tryTypeDeclaration } from './types.ts';

/** Root structures of a block, by their name in the text (`packet.context`). */
type ScopeEntries = Map<string, StructureFieldClass>;

/** Reads `{ attributes, scopes and type declarations };` of the block at `position`. */
function readBlock(
  context: TsdlContext,
  position: number,
  scopeNames: readonly string[],
  handle: AttributeHandler,
): ScopeEntries {
  const { scanner } = context;
  const entries: ScopeEntries = new Map();
  const seen: string[] = [];
  scanner.expectCharacter(punctuation.openBrace);
  context.nested(position, () => {
    scanner.skipSemicolons();
    while (!scanner.tryCharacter(punctuation.closeBrace)) {
      if (!tryTypeDeclaration(context) && !tryNamedTypeDeclaration(context)) {
        readEntry(context, scopeNames, entries, seen, handle);
      }
      scanner.skipSemicolons();
    }
  });
  scanner.expectCharacter(punctuation.semicolon);
  return entries;
}

function readEntry(
  context: TsdlContext,
  scopeNames: readonly string[],
  entries: ScopeEntries,
  seen: string[],
  handle: AttributeHandler,
): void {
  const { scanner } = context;
  scanner.skipSpace();
  const { position } = scanner;
  const name = readAttributeName(context);
  if (!scanner.tryToken(':=')) {
    scanner.expectCharacter(punctuation.equal);
    readAttribute(context, name, position, seen, handle);
    return;
  }
  scanner.skipSpace();
  const typePosition = scanner.position;
  const fieldClass = parseType(context);
  scanner.expectCharacter(punctuation.semicolon);
  if (!scopeNames.includes(name)) {
    context.unknownAttribute(name, position);
  } else if (entries.has(name)) {
    throw context.error(`Duplicate scope \`${name}\`.`, scanner.position, 'tsdl-duplicate');
  } else if (fieldClass.type !== 'structure') {
    throw context.error(`The scope \`${name}\` must be a structure.`, typePosition);
  } else {
    entries.set(name, fieldClass);
  }
}

export interface TraceBlock {
  readonly byteOrder: ByteOrder;
  readonly uuid: string | undefined;
  readonly packetHeader: StructureFieldClass | undefined;
}

/** `trace { … };` (CTF 1.8.3 §7.2), after the keyword at `position`. */
export function parseTraceBlock(context: TsdlContext, position: number): TraceBlock {
  let hasMajor = false;
  let hasMinor = false;
  let uuid: string | undefined;
  let byteOrder: ByteOrder | undefined;
  const version = (name: string, expected: bigint) => {
    if (context.scanner.integer !== expected) {
      throw invalidValue(context, name, `must be ${expected}`);
    }
    return true;
  };
  const handle: AttributeHandler = (name, kind) => {
    switch (name) {
      case 'major':
        unsignedValue(context, name, kind);
        hasMajor = version(name, 1n);
        return true;
      case 'minor':
        unsignedValue(context, name, kind);
        hasMinor = version(name, 8n);
        return true;
      case 'byte_order':
        byteOrder = byteOrderValue(context, kind, undefined);
        return true;
      case 'uuid':
        uuid = uuidValue(context, kind);
        return true;
      default:
        return false;
    }
  };
  const scopes = readBlock(context, position, ['packet.header'], handle);
  if (!hasMajor) throw missingAttribute(context, 'major', position);
  if (!hasMinor) throw missingAttribute(context, 'minor', position);
  if (!byteOrder) throw missingAttribute(context, 'byte_order', position);
  return { byteOrder, uuid, packetHeader: scopes.get('packet.header') };
}

/** Looks ahead for the byte order of the `trace` block at `position`: types before it need it. */
export function peekByteOrder(text: string, position: number): ByteOrder | undefined {
  const scanner = new Scanner(text, position);
  let depth = 0;
  do {
    const word = scanner.readWord();
    if (word === 'byte_order' && depth === 1 && scanner.tryCharacter(punctuation.equal)) {
      const value = scanner.readWord();
      return value === 'le' ? 'little-endian' : 'big-endian';
    }
    if (word !== '' || scanner.tryString()) continue;
    if (scanner.tryCharacter(punctuation.openBrace)) depth++;
    else if (scanner.tryCharacter(punctuation.closeBrace)) depth--;
    else scanner.position++;
  } while (depth >= 0 && !scanner.atEnd);
  return undefined;
}

/** `env { … };`, after the keyword: adds to `environment`. */
export function parseEnvironmentBlock(
  context: TsdlContext,
  environment: Map<string, string | bigint>,
): void {
  const { scanner } = context;
  scanner.expectCharacter(punctuation.openBrace);
  scanner.skipSemicolons();
  while (!scanner.tryCharacter(punctuation.closeBrace)) {
    scanner.skipSpace();
    const { position } = scanner;
    const name = readAttributeName(context);
    scanner.expectCharacter(punctuation.equal);
    const kind = scanner.readValue();
    const value = kind === 'integer' ? BigInt.asIntN(64, scanner.integer) : scanner.string;
    if (environment.has(name)) context.warn(`Duplicate environment entry \`${name}\`.`, position);
    environment.set(name, value);
    scanner.expectCharacter(punctuation.semicolon);
    scanner.skipSemicolons();
  }
  scanner.expectCharacter(punctuation.semicolon);
}

/** `callsite { … };`, after the keyword: nothing uses it. */
export function skipCallsiteBlock(context: TsdlContext): void {
  readAttributeBlock(context, () => true);
  context.scanner.expectCharacter(punctuation.semicolon);
}

const maxU64 = (1n << 64n) - 1n;

/** `clock { … };` (CTF 1.8.3 §8), after the keyword at `position`. LTTng's monotonic clock counts from the Unix epoch. */
export function parseClockBlock(context: TsdlContext, position: number): ClockClass {
  let name: string | undefined;
  let uid: string | undefined;
  let description: string | undefined;
  let frequencyHz = 1_000_000_000n;
  let precisionCycles = 0n;
  let offsetSeconds = 0n;
  let offsetCycles = 0n;
  let isAbsolute = false;
  readAttributeBlock(context, (attribute, kind) => {
    switch (attribute) {
      case 'name':
        name = identifierOrString(context, attribute, kind);
        return true;
      case 'uuid':
        uid = uuidValue(context, kind);
        return true;
      case 'description':
        description = someString(context, attribute, kind);
        return true;
      case 'freq':
        frequencyHz = unsignedValue(context, attribute, kind);
        if (frequencyHz === 0n || frequencyHz === maxU64) {
          throw invalidValue(context, attribute, 'must be greater than 0 and less than 2^64 - 1');
        }
        return true;
      case 'precision':
        precisionCycles = unsignedValue(context, attribute, kind);
        return true;
      case 'offset_s':
        offsetSeconds = signedValue(context, attribute, kind);
        return true;
      case 'offset':
        offsetCycles = unsignedValue(context, attribute, kind);
        return true;
      case 'absolute':
        isAbsolute = booleanValue(context, attribute, kind);
        return true;
      default:
        return false;
    }
  });
  context.scanner.expectCharacter(punctuation.semicolon);
  if (name === undefined) throw missingAttribute(context, 'name', position);
  return {
    id: name,
    name,
    ...(uid !== undefined && { uid }),
    ...(description !== undefined && { description }),
    frequencyHz,
    offsetSeconds: offsetSeconds + offsetCycles / frequencyHz,
    offsetCycles: offsetCycles % frequencyHz,
    precisionCycles,
    ...((isAbsolute || (context.isLttng && name === 'monotonic')) && { origin: 'unix-epoch' }),
  };
}

export interface StreamBlock {
  readonly position: number;
  readonly id: bigint;
  readonly packetContext: StructureFieldClass | undefined;
  readonly eventHeader: StructureFieldClass | undefined;
  readonly eventContext: StructureFieldClass | undefined;
}

const streamScopes = ['packet.context', 'event.header', 'event.context'];

/** `stream { … };` (CTF 1.8.3 §7.2), after the keyword at `position`. */
export function parseStreamBlock(context: TsdlContext, position: number): StreamBlock {
  let id = 0n;
  const handle: AttributeHandler = (name, kind) => {
    if (name !== 'id') return false;
    id = unsignedValue(context, name, kind);
    return true;
  };
  const scopes = readBlock(context, position, streamScopes, handle);
  return {
    position,
    id,
    packetContext: scopes.get('packet.context'),
    eventHeader: scopes.get('event.header'),
    eventContext: scopes.get('event.context'),
  };
}

/** What an event block says besides its scopes. */
export interface EventHead {
  readonly position: number;
  readonly id: bigint;
  /** Undefined: not given. */
  readonly streamId: bigint | undefined;
  readonly name: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly emfUri: string | undefined;
}

export interface EventBlock extends EventHead {
  readonly specificContext: StructureFieldClass | undefined;
  readonly payload: StructureFieldClass | undefined;
  /** Whether any field of the scopes depends on another, or is mapped to a clock. */
  readonly needsLinking: boolean;
}

const logLevels: readonly LogLevel[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug:system',
  'debug:program',
  'debug:process',
  'debug:module',
  'debug:unit',
  'debug:function',
  'debug:line',
  'debug',
];

function logLevelValue(
  context: TsdlContext,
  value: bigint,
  position: number,
): LogLevel | undefined {
  const level = value >= 0n && value < logLevels.length ? logLevels[Number(value)] : undefined;
  if (!level) context.warn(`Unknown log level ${value}.`, position);
  return level;
}

/** How LTTng begins its event blocks, up to their scopes. Any other way is read by `parseEventBlock`. */
const lttngHead =
  /event \{\s*name = "([^"\\\0]+)";\s*id = (\d{1,15});\s*stream_id = (\d{1,15});\s*(?:loglevel = (\d{1,2});\s*)?(?:model\.emf\.uri = "([^"\\\0]+)";\s*)?(?=context :=|fields :=)/y;

/** Reads the head of the event block at `position` if it looks like LTTng's. */
export function tryLttngEventHead(text: string, position: number): EventHead | undefined {
  lttngHead.lastIndex = position;
  const match = lttngHead.exec(text);
  if (!match) return undefined;
  const [, name, id, streamId, level, emfUri] = match;
  return {
    position,
    id: BigInt(id!),
    streamId: BigInt(streamId!),
    name,
    logLevel: level === undefined ? undefined : logLevels[Number(level)],
    emfUri,
  };
}

/** Text within a line: braces in pairs, whole strings, no comment. */
const inLine = String.raw`[^\n"'/{}]*(?:(?:"[^"\n\\]*"|\{[^\n"'/{}]*\})[^\n"'/{}]*)*`;
/** A member in one line, or one whose braces open at the end of a line and close at the beginning of another. */
const memberLines = String.raw`\t\t${inLine}(?:\{\n(?:\t\t\t${inLine}\n)*\t\t\}${inLine})?\n`;
const scopeLines = String.raw`\t(?:context|fields) := struct \{\n(?:${memberLines})*\t\};\n`;
/** An event block as LTTng writes most. All braces are in pairs: what the pattern ends with is the block's own. */
const lttngEvent = new RegExp(
  String.raw`event \{\n(?:\t[a-z_.]+ = (?:"[^"\n\\]*"|\d+);\n)+(?:${scopeLines})+\};`,
  'y',
);

/** Index after the event block at `position` if it looks like LTTng's: what `statementEnd` finds, in a fraction of the time. */
export function lttngEventEnd(text: string, position: number): number | undefined {
  lttngEvent.lastIndex = position;
  return lttngEvent.test(text) ? lttngEvent.lastIndex : undefined;
}

const eventScopes = ['context', 'fields'];

/** `event { … };` (CTF 1.8.3 §7.2), after the keyword at `position`. */
export function parseEventBlock(context: TsdlContext, position: number): EventBlock {
  let id = 0n;
  let streamId: bigint | undefined;
  let eventName: string | undefined;
  let logLevel: LogLevel | undefined;
  let emfUri: string | undefined;
  const handle: AttributeHandler = (name, kind) => {
    switch (name) {
      case 'name':
        // An empty one is none.
        eventName = identifierOrString(context, name, kind) || undefined;
        return true;
      case 'id':
        id = unsignedValue(context, name, kind);
        return true;
      case 'stream_id':
        streamId = unsignedValue(context, name, kind);
        return true;
      case 'loglevel':
        logLevel = logLevelValue(context, signedValue(context, name, kind), position);
        return true;
      case 'model.emf.uri':
        emfUri = someString(context, name, kind) || undefined;
        if (!emfUri) context.warn('Empty `model.emf.uri` attribute.', position);
        return true;
      default:
        return false;
    }
  };
  const { pending, mappedClocks } = context;
  const linkedBefore = pending.size + mappedClocks.size;
  const scopes = readBlock(context, position, eventScopes, handle);
  return {
    position,
    id,
    streamId,
    name: eventName,
    logLevel,
    emfUri,
    specificContext: scopes.get('context'),
    payload: scopes.get('fields'),
    needsLinking: pending.size + mappedClocks.size > linkedBefore,
  };
}
