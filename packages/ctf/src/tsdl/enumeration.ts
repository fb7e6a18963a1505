import type { FixedLengthIntegerFieldClass, IntegerRange, Mapping } from '@sonde/trace-model';
import type { TsdlContext } from './context.ts';
import { punctuation } from './scanner.ts';

/**
 * Reads the body `{ LABEL, LABEL = value, LABEL = lower ... upper }` of an enumeration (CTF 1.8.3 §4.1.8) at `position`, for a
 * container. Ranges of equal labels are merged; labels keep the order of their first appearance.
 */
export function parseMappings(
  context: TsdlContext,
  container: FixedLengthIntegerFieldClass,
  position: number,
): readonly Mapping[] {
  const { scanner } = context;
  const isSigned = container.type === 'fixed-length-signed-integer';
  const rangesOf = new Map<string, IntegerRange[]>();
  let rangeCount = 0;
  let next = 0n;
  scanner.expectCharacter(punctuation.openBrace);
  do {
    if (rangesOf.size > 0 && scanner.peek() === punctuation.closeBrace) break;
    const label = readLabel(context);
    let lower = wrap(next, isSigned);
    let upper = lower;
    if (scanner.tryCharacter(punctuation.equal)) {
      lower = upper = readMappingValue(context, isSigned);
      if (scanner.tryToken('...')) upper = readMappingValue(context, isSigned);
    }
    checkRange(context, label, { lower, upper }, container, position);
    if (++rangeCount > context.limits.rangeCount) {
      throw context.error(
        `More than ${context.limits.rangeCount} ranges.`,
        position,
        'metadata-limit',
      );
    }
    const ranges = rangesOf.get(label);
    if (ranges) ranges.push({ lower, upper });
    else rangesOf.set(label, [{ lower, upper }]);
    next = upper + 1n;
  } while (scanner.tryCharacter(punctuation.comma));
  scanner.expectCharacter(punctuation.closeBrace);
  return Array.from(rangesOf, ([label, ranges]) => ({ label, ranges }));
}

function readLabel(context: TsdlContext): string {
  const { scanner } = context;
  if (scanner.tryString()) return scanner.string;
  const label = scanner.readWord();
  if (label === '') throw scanner.error('Expecting an enumeration label.');
  return label;
}

function wrap(value: bigint, isSigned: boolean): bigint {
  return isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
}

/** A constant of the container's signedness. LTTng-UST writes -1 for the greatest value of an unsigned container. */
function readMappingValue(context: TsdlContext, isSigned: boolean): bigint {
  const { scanner } = context;
  const isInteger = scanner.tryInteger();
  const { integer, valuePosition } = scanner;
  if (isInteger && wrap(integer, isSigned) === integer) return integer;
  const message = `Expecting a valid constant ${isSigned ? 'signed' : 'unsigned'} integer.`;
  if (!isInteger) throw context.error(message, valuePosition, 'tsdl-bad-mapping');
  if (!context.isLttng) context.tolerate(message, valuePosition, 'tsdl-bad-mapping');
  return wrap(integer, isSigned);
}

function checkRange(
  context: TsdlContext,
  label: string,
  { lower, upper }: IntegerRange,
  container: FixedLengthIntegerFieldClass,
  position: number,
): void {
  if (lower > upper) {
    throw context.error(
      `Mapping \`${label}\`: ${lower} is greater than ${upper}.`,
      position,
      'tsdl-bad-mapping',
    );
  }
  const isSigned = container.type === 'fixed-length-signed-integer';
  const size = container.lengthBits;
  const fits = isSigned
    ? BigInt.asIntN(size, lower) === lower && BigInt.asIntN(size, upper) === upper
    : BigInt.asUintN(size, upper) === upper;
  if (fits || context.isLttng) return;
  context.tolerate(
    `Mapping \`${label}\`: not every value of ${lower} to ${upper} fits a length of ${size} bits.`,
    position,
    'tsdl-bad-mapping',
  );
}
