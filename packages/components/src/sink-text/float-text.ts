/**
 * Floating point numbers as C prints them: exact decimal value, rounded half to even. `toFixed` and `toExponential` round ties away
 * from zero and change their notation by their own rules.
 */

const doubles = new Float64Array(1);
const words = new BigUint64Array(doubles.buffer);

/** A finite number is exactly `mantissa` × 2^`exponent`. */
function decompose(value: number): { negative: boolean; mantissa: bigint; exponent: number } {
  doubles[0] = value;
  const bits = words[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  return {
    negative: bits >> 63n !== 0n,
    mantissa: biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n,
    exponent: (biased === 0 ? 1 : biased) - 1075,
  };
}

/** `numerator` / `denominator`, rounded half to even. */
function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator - quotient * denominator) * 2n;
  if (twice > denominator || (twice === denominator && (quotient & 1n) === 1n))
    return quotient + 1n;
  return quotient;
}

const scratch = new Float64Array(1);
const scratchView = new DataView(scratch.buffer);
const highByte = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 7 : 0;

/** As C prints them. A NaN keeps its sign on the way from a field to here, as long as it is not put into an array of numbers. */
function specialText(value: number): string {
  if (!Number.isNaN(value)) return value > 0 ? 'inf' : '-inf';
  scratch[0] = value;
  return scratchView.getUint8(highByte) >= 0x80 ? '-nan' : 'nan';
}

/** `%f`: six decimals, no exponent. */
export function formatFixed6(value: number): string {
  if (!Number.isFinite(value)) return specialText(value);
  const { negative, mantissa, exponent } = decompose(value);
  const scaled = mantissa * 1_000_000n;
  const millionths =
    exponent >= 0 ? scaled << BigInt(exponent) : divideHalfEven(scaled, 1n << BigInt(-exponent));
  const digits = millionths.toString().padStart(7, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Six significant digits: d.ddddd × 10^exponent, from the exact value. */
function sixDigits(magnitude: number): { digits: string; exponent: number } {
  const text = magnitude.toExponential(5);
  const digits = text[0]! + text.slice(2, 7);
  const exponent = Number(text.slice(8));
  // Seven digits that end in 5 may be a tie: only then the slow way.
  const longer = magnitude.toExponential(6);
  if (longer[7] === '5' && Number(longer) === magnitude) return exactSixDigits(magnitude, longer);
  return { digits, exponent };
}

function exactSixDigits(magnitude: number, approximation: string) {
  const { mantissa, exponent } = decompose(magnitude);
  let power = Number(approximation.slice(9));
  const shift = 5 - power;
  const numerator =
    mantissa * 10n ** BigInt(Math.max(shift, 0)) * 2n ** BigInt(Math.max(exponent, 0));
  const denominator = 10n ** BigInt(Math.max(-shift, 0)) * 2n ** BigInt(Math.max(-exponent, 0));
  let digits = divideHalfEven(numerator, denominator).toString();
  if (digits.length > 6) {
    digits = digits.slice(0, 6);
    power++;
  }
  return { digits, exponent: power };
}

/** `%g`: six significant digits, trailing zeros removed, exponent when below -4 or above 5. */
export function formatGeneral(value: number): string {
  if (!Number.isFinite(value)) return specialText(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const sign = value < 0 ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude < 1_000_000 && Number.isInteger(magnitude)) return sign + magnitude;
  const { digits, exponent } = sixDigits(magnitude);
  const kept = digits.replace(/0+$/, '');
  if (exponent < -4 || exponent > 5) {
    const fraction = kept.length > 1 ? `.${kept.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${kept[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${kept}`;
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return kept.length > exponent + 1 ? `${sign}${whole}.${kept.slice(exponent + 1)}` : sign + whole;
}
