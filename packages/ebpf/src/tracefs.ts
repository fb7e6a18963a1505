/** The formats of tracepoints, as tracefs tells them. */
import { readFileSync } from 'node:fs';
import { SondeError } from '@sonde/base';

export interface FormatField {
  readonly name: string;
  /** As in C: `__data_loc char[]`, `pid_t`. */
  readonly type: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly isSigned: boolean;
  /** Text or array behind the record: the field holds length << 16 | offset. */
  readonly isDynamic: boolean;
  readonly isArray: boolean;
}

export interface TracepointFormat {
  readonly id: number;
  readonly fields: readonly FormatField[];
}

const fieldLine =
  /^\tfield:(.+?)\s*\b(\w+)(\[[^\]]*\])?;\toffset:(\d+);\tsize:(\d+);\tsigned:([01]);$/;

/** @throws SondeError `bad-format` */
export function parseFormat(text: string): TracepointFormat {
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (id === undefined) throw new SondeError('bad-format', 'A format of an event has no ID.');
  const fields: FormatField[] = [];
  for (const line of text.split('\n')) {
    const match = fieldLine.exec(line);
    if (match === null) continue;
    const [, type, name, array, offset, size, signed] = match;
    fields.push({
      name: name!,
      type: type!,
      offsetBytes: Number(offset),
      lengthBytes: Number(size),
      isSigned: signed === '1',
      isDynamic: type!.startsWith('__data_loc'),
      isArray: array !== undefined || type!.endsWith('[]'),
    });
  }
  return { id: Number(id), fields };
}

/** Undefined: there is no such event, or tracefs can't be read. */
export function readFormat(
  system: string,
  event: string,
  tracefs = '/sys/kernel/tracing',
): TracepointFormat | undefined {
  if (!/^\w+$/.test(system) || !/^\w+$/.test(event)) return undefined;
  let text: string;
  try {
    text = readFileSync(`${tracefs}/events/${system}/${event}/format`, 'utf8');
  } catch {
    return undefined;
  }
  return parseFormat(text);
}
