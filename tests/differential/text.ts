/** How values are written by Babeltrace's text sink, from the description of its format. */

export function integerText(bits: bigint, size: number, isSigned: boolean, base: number): string {
  const value = isSigned ? BigInt.asIntN(size, bits) : bits;
  if (base === 10) return `${value}`;
  if (base === 2) return `0b${BigInt.asUintN(size, value).toString(2).padStart(size, '0')}`;
  const digitBits = base === 16 ? 4 : 3;
  const width = Math.min(64, Math.ceil(size / digitBits) * digitBits);
  const digits = BigInt.asUintN(width, value).toString(base).toUpperCase();
  return base === 16 ? `0x${digits}` : `0${digits}`;
}

/** `%g` of C. */
export function realText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponentText] = value.toExponential(5).split('e') as [string, string];
  const exponent = Number(exponentText);
  const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= -4 && exponent < 6) return trim(value.toFixed(5 - exponent));
  const digits = `${Math.abs(exponent)}`.padStart(2, '0');
  return `${trim(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
}

const named: { readonly [code: number]: string } = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  34: '\\"',
  39: "\\'",
  63: '\\?',
  92: '\\\\',
};

export function stringText(text: string): string {
  const escaped = Array.from(text, (character) => {
    const code = character.codePointAt(0)!;
    if (named[code] !== undefined) return named[code];
    return code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  });
  return `"${escaped.join('')}"`;
}

export function labelsText(labels: readonly string[], value: string): string {
  const quoted = labels.map((label) => stringText(label));
  const text =
    quoted.length === 0
      ? '<unknown>'
      : quoted.length === 1
        ? quoted[0]
        : `{ ${quoted.join(', ')} }`;
  return `( ${text} : container = ${value} )`;
}
