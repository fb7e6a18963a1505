import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MetadataError } from '@sonde/base';
import type {
  EventRecordClass,
  FieldClass,
  FieldLocation,
  FixedLengthIntegerFieldClass,
  IntegerRange,
  TraceClass,
} from '@sonde/trace-model';
import type { MetadataOptions } from '../src/metadata-options.ts';
import { parseTsdl } from '../src/tsdl/parse-tsdl.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const sharedTraces = join(process.env['SONDE_SHARED'] ?? join(root, '../shared'), 'traces');
export const hasSharedTraces = existsSync(sharedTraces);

export const traceBlock = 'trace { major = 1; minor = 8; byte_order = le; };';

/** The payload of the only event of a trace, whose fields are `text`. `before` comes first at the root. */
export function payloadOf(text: string, before = '', options?: MetadataOptions): FieldClass {
  const metadata = `${traceBlock} ${before} event { name = e; fields := struct { ${text} }; };`;
  const payload = onlyEvent(parseTsdl(metadata, options)).payload;
  if (!payload) throw new Error('no payload');
  return payload;
}

export function onlyEvent(traceClass: TraceClass): EventRecordClass {
  const events = [...traceClass.dataStreamClasses.values()].flatMap((s) => [
    ...s.eventRecordClasses.values(),
  ]);
  const [event] = events;
  if (!event || events.length > 1) throw new Error(`${events.length} events`);
  return event;
}

/** `line:column message` of the error that `run` throws; a sentence that no test expects when it throws none. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return `${error.place.line}:${error.place.column} ${error.message}`;
  }
  return 'accepted';
}

/** The text of packetised metadata, or of plain one. */
export function metadataText(bytes: Buffer): string {
  const isLittle = bytes.length >= 37 && bytes.readUInt32LE(0) === 0x75d11d57;
  if (!isLittle && (bytes.length < 37 || bytes.readUInt32BE(0) !== 0x75d11d57)) {
    return bytes.toString('utf8');
  }
  const parts: Buffer[] = [];
  const u32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  for (let at = 0; at + 37 <= bytes.length; at += u32(at + 28) / 8) {
    parts.push(bytes.subarray(at + 37, at + u32(at + 24) / 8));
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * A field class in a few characters: `u8`, `i32be@1` (alignment where it is not the default), `u8:16` (base), `u8{A=0,B=1..3}`
 * (labels), `u8#0` (saves slot 0), `[3]u8`, `[^0]u8` (length in slot 0), `str`, `str[3]`, `{a:u8,b:str}`, `<^0>{a=0:u8}`.
 */
export function show(fieldClass: FieldClass): string {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
      return showInteger(fieldClass);
    case 'fixed-length-floating-point-number':
      return `f${fieldClass.lengthBits}${showAlignment(fieldClass)}`;
    case 'null-terminated-string':
      return 'str';
    case 'static-length-string':
      return `str[${fieldClass.lengthBytes}]`;
    case 'dynamic-length-string':
      return `str[^${fieldClass.keySlot}]`;
    case 'static-length-array':
      return `[${fieldClass.length}]${show(fieldClass.elementFieldClass)}${showRoles(fieldClass.roles)}`;
    case 'dynamic-length-array':
      return `[^${fieldClass.keySlot}]${show(fieldClass.elementFieldClass)}`;
    case 'structure': {
      const members = fieldClass.members.map((m) => `${m.name}:${show(m.fieldClass)}`);
      const { minimumAlignmentBits: least } = fieldClass;
      return `{${members.join(',')}}${least > 1 ? `@${least}` : ''}`;
    }
    case 'variant': {
      const options = fieldClass.options.map(
        (o) => `${o.name}=${showRanges(o.ranges)}:${show(o.fieldClass)}`,
      );
      return `<^${fieldClass.keySlot}>{${options.join(',')}}`;
    }
    default:
      return fieldClass.type;
  }
}

function showInteger(fieldClass: FixedLengthIntegerFieldClass): string {
  const {
    lengthBits,
    byteOrder,
    preferredDisplayBase: base,
    mappings,
    roles,
    keySlots,
  } = fieldClass;
  const sign = fieldClass.type === 'fixed-length-signed-integer' ? 'i' : 'u';
  const order = byteOrder === 'big-endian' ? 'be' : '';
  const labels = mappings?.map((m) => `${m.label}=${showRanges(m.ranges)}`).join(',');
  return [
    `${sign}${lengthBits}${order}${showAlignment(fieldClass)}`,
    base === 10 ? '' : `:${base}`,
    labels === undefined ? '' : `{${labels}}`,
    showRoles(roles),
    keySlots?.length ? `#${keySlots.join('#')}` : '',
  ].join('');
}

function showAlignment({
  lengthBits,
  alignmentBits,
}: {
  readonly lengthBits: number;
  readonly alignmentBits: number;
}): string {
  return alignmentBits === (lengthBits % 8 === 0 ? 8 : 1) ? '' : `@${alignmentBits}`;
}

function showRoles(roles: readonly string[] | undefined): string {
  return roles?.length ? `!${roles.join('!')}` : '';
}

function showRanges(ranges: readonly IntegerRange[]): string {
  return ranges
    .map(({ lower, upper }) => (lower === upper ? `${lower}` : `${lower}..${upper}`))
    .join('|');
}

/** `origin: a/b`. */
export function showLocation({ origin, path }: FieldLocation): string {
  return `${origin}: ${path.join('/')}`;
}
