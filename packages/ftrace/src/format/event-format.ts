import { MetadataError } from '@sonde/base';
import { type EventField, parseField } from './field-declaration.ts';
import { symbolsOf, type ValueName } from './print-symbols.ts';

/** What a `format` file says about one event of the running (or recorded) kernel. IDs change with the boot. */
export interface EventFormat {
  /** As records say it in `common_type`. */
  readonly id: number;
  /** The folder: `sched`. */
  readonly system: string;
  readonly name: string;
  /** Those of every record: type, flags, preemption count, thread. */
  readonly commonFields: readonly EventField[];
  readonly fields: readonly EventField[];
  /** How the kernel prints it: a C format and its arguments. */
  readonly printFormat: string;
  /** Names of values, by field, as `printFormat` has them. */
  readonly symbols: ReadonlyMap<string, readonly ValueName[]>;
}

/** No kernel has longer ones; what is longer is no `format` file. */
const maxTextLength = 1 << 20;
const fieldLine = /^\s*field:(.*);\s*offset:(\d{1,9});\s*size:(\d{1,9});(?:\s*signed:(\d+);)?\s*$/;

/**
 * Parses `events/SYSTEM/NAME/format`.
 * @param longBytes - Length of `long` on the machine that traced.
 * @throws MetadataError `bad-event-format` with the line
 */
export function parseEventFormat(system: string, text: string, longBytes = 8): EventFormat {
  if (text.length > maxTextLength) throw badFormat(system, 'The text is too long.', 1);
  let name: string | undefined;
  let id: number | undefined;
  let printFormat = '';
  const common: EventField[] = [];
  const fields: EventField[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('name:')) name = line.slice(5).trim();
    else if (line.startsWith('ID:')) id = Number(line.slice(3).trim());
    else if (line.startsWith('print fmt:')) printFormat = line.slice(10).trim();
    else if (/^\s*field:/.test(line)) {
      const field = parseFieldLine(system, line, index + 1, longBytes);
      (field.name.startsWith('common_') ? common : fields).push(field);
    }
  }
  if (name === undefined || name === '') throw badFormat(system, 'There is no name.', 1);
  if (id === undefined || !(id >= 0 && id <= 0xffff)) {
    throw badFormat(system, `The event ${name} has no ID from 0 to 65535.`, 1);
  }
  const symbols = symbolsOf(printFormat);
  return { id, system, name, commonFields: common, fields, printFormat, symbols };
}

function parseFieldLine(
  system: string,
  line: string,
  lineNumber: number,
  longBytes: number,
): EventField {
  const match = fieldLine.exec(line);
  if (match === null) throw badFormat(system, 'A field has no offset and size.', lineNumber);
  const [, declaration = '', offset, size, signed] = match;
  try {
    return parseField(
      {
        declaration,
        offsetBytes: Number(offset),
        lengthBytes: Number(size),
        isSigned: signed === '1',
      },
      longBytes,
    );
  } catch (error) {
    if (error instanceof MetadataError) throw badFormat(system, error.message, lineNumber);
    throw error;
  }
}

function badFormat(system: string, message: string, line: number): MetadataError {
  return new MetadataError('bad-event-format', message, { path: `events/${system}`, line });
}
