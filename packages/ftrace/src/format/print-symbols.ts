/** Names of a field's values, from the way the kernel prints it: `__print_symbolic(REC->field, { 0, "name" }, …)`. */
import type { Mapping } from '@sonde/trace-model';

const call = '__print_symbolic(REC->';
/** More are no names of values. */
const maxSymbols = 4096;
const head = /^(\w+),\s*/;
const symbol = /^\{\s*(-?(?:0x[\da-f]+|\d+))(?:U?L{0,2})\s*,\s*"((?:[^"\\]|\\.)*)"\s*\}\s*,?\s*/i;
/** One whose value is an expression, or a name that the kernel did not resolve. */
const otherSymbol = /^\{[^{}"]*,\s*"(?:[^"\\]|\\.)*"\s*\}\s*,?\s*/;

/**
 * By field. A value has the first of its names, as the kernel has it; names of values that are no plain numbers are left out.
 * Fields that are only printed as part of an expression have none.
 */
export function symbolsOf(printFormat: string): ReadonlyMap<string, readonly ValueName[]> {
  const found = new Map<string, readonly ValueName[]>();
  for (let at = printFormat.indexOf(call); at >= 0; at = printFormat.indexOf(call, at + 1)) {
    const [field, symbols] = parseCall(printFormat.slice(at + call.length));
    if (field !== undefined && symbols.length > 0 && !found.has(field)) found.set(field, symbols);
  }
  return found;
}

export interface ValueName {
  readonly value: bigint;
  readonly label: string;
}

function parseCall(text: string): [field: string | undefined, symbols: ValueName[]] {
  const field = head.exec(text);
  if (field === null) return [undefined, []];
  const symbols: ValueName[] = [];
  const values = new Set<bigint>();
  let rest = text.slice(field[0].length);
  while (symbols.length < maxSymbols) {
    const match = symbol.exec(rest);
    const skipped = match ?? otherSymbol.exec(rest);
    if (skipped === null) break;
    rest = rest.slice(skipped[0].length);
    if (match === null) continue;
    const [, number = '', label = ''] = match;
    const value = number.startsWith('-') ? -BigInt(number.slice(1)) : BigInt(number);
    if (values.has(value) || label === '') continue;
    values.add(value);
    symbols.push({ value, label: label.replace(/\\(.)/g, '$1') });
  }
  return [field[1], symbols];
}

/** For a field of the given length: values as it has them, equal names together. Undefined: no value fits. */
export function mappingsOf(
  symbols: readonly ValueName[],
  lengthBits: number,
  isSigned: boolean,
): readonly Mapping[] | undefined {
  const ranges = new Map<string, { lower: bigint; upper: bigint }[]>();
  for (const { value, label } of symbols) {
    const fitted = isSigned ? BigInt.asIntN(lengthBits, value) : BigInt.asUintN(lengthBits, value);
    // A small negative number is that of all its bits; a larger one is no value of the field.
    if (fitted !== value && !(value < 0n && BigInt.asIntN(lengthBits, value) === value)) continue;
    const ofLabel = ranges.get(label) ?? [];
    ranges.set(label, ofLabel);
    ofLabel.push({ lower: fitted, upper: fitted });
  }
  return ranges.size === 0
    ? undefined
    : [...ranges].map(([label, ofLabel]) => ({ label, ranges: ofLabel }));
}
