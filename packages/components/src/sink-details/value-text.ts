import type { Attributes, AttributeValue } from '@sonde/trace-model';
import { formatFixed6 } from '../sink-text/float-text.ts';
import type { DetailsWriter } from './details-writer.ts';
import { formatDecimal } from './number-format.ts';

/** Names in the order of their UTF-8 bytes. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Writes what follows a name: `: VALUE`, or the items below it. */
export function writeValue(out: DetailsWriter, value: AttributeValue, nameColor: string): void {
  if (isEmpty(value)) {
    out.text(': ');
    out.nothing('Empty');
  } else if (isArray(value)) {
    out.length(value.length);
    out.nested(() => {
      for (const [index, item] of value.entries()) writeEntry(out, `[${index}]`, item, nameColor);
    });
  } else if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value).sort(compareNames);
    out.text(':');
    out.nested(() => {
      for (const name of names) writeEntry(out, name, value[name] ?? null, nameColor);
    });
  } else {
    writeScalar(out, value);
  }
}

function isArray(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

function writeEntry(
  out: DetailsWriter,
  name: string,
  value: AttributeValue,
  nameColor: string,
): void {
  out.newLine();
  out.colored(nameColor, name);
  writeValue(out, value, nameColor);
}

function isEmpty(value: AttributeValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function writeScalar(out: DetailsWriter, value: null | boolean | bigint | number | string): void {
  // An empty text leaves no space at the end of the line.
  out.text(value === '' ? ':' : ': ');
  if (value === null) out.nothing('Null');
  else if (typeof value === 'boolean') out.flag(value);
  else if (typeof value === 'bigint') out.bold(formatDecimal(value));
  else if (typeof value === 'number') out.bold(formatFixed6(value));
  else if (value !== '') out.bold(value);
}

export function hasAttributes(attributes: Attributes | undefined): attributes is Attributes {
  return attributes !== undefined && Object.keys(attributes).length > 0;
}

/** The line `User attributes:` and what is below it; nothing when there are none. */
export function writeUserAttributes(out: DetailsWriter, attributes: Attributes | undefined): void {
  if (!hasAttributes(attributes)) return;
  out.property('User attributes');
  writeValue(out, attributes, out.colors.magenta);
}

/** The entries of a trace's environment, sorted. */
export function writeEnvironment(
  out: DetailsWriter,
  environment: ReadonlyMap<string, string | bigint>,
): void {
  for (const name of [...environment.keys()].sort(compareNames)) {
    writeEntry(out, name, environment.get(name) ?? null, out.colors.cyan);
  }
}
