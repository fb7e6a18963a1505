/** Where in the input something went wrong. Every field is optional; print what is there. */
export interface Place {
  /** File, directory or URL as the user knows it. */
  readonly path?: string;
  /** Line in a text (metadata, filter expression), from 1. */
  readonly line?: number;
  /** Column in that line (UTF-16 code units), from 1. */
  readonly column?: number;
  /** Offset in a text or JSON text sequence (bytes), from 0. */
  readonly offsetBytes?: number;
  /** JSON path of a bad property, such as `payload-field-class.member-classes[2]`. */
  readonly jsonPath?: string;
  /** Data stream, in the words a person can find it by (mostly its file). */
  readonly stream?: string;
  /** Index of the packet in its data stream, from 0. */
  readonly packetIndex?: number;
  /** Offset from the beginning of the packet (bits). */
  readonly offsetBits?: number;
}

/**
 * The base of every error that Sonde raises on purpose: `code` is for programs (kebab-case, stable),
 * `message` is one English sentence for people, `place` says where, `cause` why (from outside to inside).
 * Anything else that is thrown is a defect of Sonde.
 */
export class SondeError extends Error {
  readonly code: string;
  readonly place: Place;

  constructor(code: string, message: string, place: Place = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.place = place;
  }
}

/** Bad metadata (TSDL or JSON). `place` has line and column, or JSON path and byte offset. */
export class MetadataError extends SondeError {}

/** Bad bytes in a data stream. `place` has the stream, the packet and the bit offset. */
export class DecodeError extends SondeError {}

/** What the user asked for can't be done: unknown option value, no such file, bad expression. */
export class UsageError extends SondeError {}

/** `place` in the form `file:line:column` or `stream, packet 3, bit 136`; empty when nothing is known. */
export function formatPlace(place: Place): string {
  const parts: string[] = [];
  let text = place.path ?? '';
  if (place.line !== undefined) {
    text += `${text ? ':' : 'line '}${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  }
  if (text) parts.push(text);
  if (place.jsonPath !== undefined) parts.push(`property ${place.jsonPath}`);
  if (place.offsetBytes !== undefined) parts.push(`byte ${place.offsetBytes}`);
  if (place.stream !== undefined) parts.push(`stream ${place.stream}`);
  if (place.packetIndex !== undefined) parts.push(`packet ${place.packetIndex}`);
  if (place.offsetBits !== undefined) parts.push(`bit ${place.offsetBits}`);
  return parts.join(', ');
}

/** The message with its place and its causes, one line each, outermost first. */
export function formatError(error: unknown): string {
  const lines: string[] = [];
  for (let e: unknown = error, depth = 0; e !== undefined && depth < 10; depth++) {
    const message = e instanceof Error ? e.message : String(e);
    const place = e instanceof SondeError ? formatPlace(e.place) : '';
    lines.push(`${depth === 0 ? '' : '  because: '}${place ? `${place}: ` : ''}${message}`);
    e = e instanceof Error ? e.cause : undefined;
  }
  return lines.join('\n');
}
