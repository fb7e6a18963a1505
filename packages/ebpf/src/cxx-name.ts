/**
 * The qualified name in a symbol of C++ (Itanium C++ ABI, "Mangling"): `shop::Basket::add`, without parameters and template arguments,
 * which would need all of the mangled types.
 */

/** By their codes; those of a `new` or `delete` have a blank. */
const operators: Readonly<Record<string, string>> = {
  nw: ' new',
  na: ' new[]',
  dl: ' delete',
  da: ' delete[]',
  aw: ' co_await',
  ps: '+',
  ng: '-',
  ad: '&',
  de: '*',
  co: '~',
  pl: '+',
  mi: '-',
  ml: '*',
  dv: '/',
  rm: '%',
  an: '&',
  or: '|',
  eo: '^',
  aS: '=',
  pL: '+=',
  mI: '-=',
  mL: '*=',
  dV: '/=',
  rM: '%=',
  aN: '&=',
  oR: '|=',
  eO: '^=',
  ls: '<<',
  rs: '>>',
  lS: '<<=',
  rS: '>>=',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  ss: '<=>',
  nt: '!',
  aa: '&&',
  oo: '||',
  pp: '++',
  mm: '--',
  cm: ',',
  pm: '->*',
  pt: '->',
  cl: '()',
  ix: '[]',
};

/** What a conversion may convert to, by its code. */
const builtinTypes: Readonly<Record<string, string>> = {
  b: 'bool',
  c: 'char',
  s: 'short',
  i: 'int',
  l: 'long',
  f: 'float',
  d: 'double',
};

const standardNames: Readonly<Record<string, readonly string[]>> = {
  t: ['std'],
  a: ['std', 'allocator'],
  b: ['std', 'basic_string'],
  s: ['std', 'string'],
  i: ['std', 'istream'],
  o: ['std', 'ostream'],
  d: ['std', 'iostream'],
};

export const anonymousNamespace = '(anonymous namespace)';

/** Undefined: no C++ symbol, or one whose name these rules don't cover (lambdas, thunks, conversions to classes). */
export function cxxNameOf(symbol: string): string | undefined {
  if (!symbol.startsWith('_Z')) return undefined;
  return new NameReader(symbol).name()?.join('::');
}

/** Each method goes on at the next character, and tells with `undefined` or `false` that it can't. */
class NameReader {
  readonly #text: string;
  #at = 2;

  constructor(text: string) {
    this.#text = text;
  }

  name(): string[] | undefined {
    if (this.#take('N')) return this.#nestedName();
    const parts: string[] = [];
    if (this.#take('St')) parts.push('std');
    return this.#addPart(parts) ? parts : undefined;
  }

  #nestedName(): string[] | undefined {
    const parts: string[] = [];
    while (this.#take('r') || this.#take('V') || this.#take('K'));
    if (!this.#take('R')) this.#take('O');
    while (!this.#take('E')) {
      const goesOn = this.#take('I') ? this.#skipToEnd() : this.#addPart(parts);
      if (!goesOn) return undefined;
    }
    return parts;
  }

  #addPart(parts: string[]): boolean {
    if (this.#take('S')) return this.#addStandardNames(parts);
    const part = this.#structor(parts.at(-1)) ?? this.#operator() ?? this.#sourceName();
    if (part === undefined) return false;
    parts.push(part);
    while (this.#take('B')) if (this.#sourceName() === undefined) return false;
    return true;
  }

  #addStandardNames(parts: string[]): boolean {
    const names = standardNames[this.#next()];
    this.#at++;
    if (names === undefined) return false;
    parts.push(...names);
    return true;
  }

  #structor(className: string | undefined): string | undefined {
    const code = this.#text.slice(this.#at, this.#at + 2);
    if (className === undefined || !/^(C[1-5]|D[0-5])$/.test(code)) return undefined;
    this.#at += 2;
    return code.startsWith('D') ? `~${className}` : className;
  }

  #operator(): string | undefined {
    const code = this.#text.slice(this.#at, this.#at + 2);
    const type = builtinTypes[this.#text[this.#at + 2] ?? ''];
    const suffix = code === 'cv' ? type && ` ${type}` : operators[code];
    if (suffix === undefined) return undefined;
    this.#at += code === 'cv' ? 3 : 2;
    return `operator${suffix}`;
  }

  #sourceName(): string | undefined {
    // Of what only this file sees.
    this.#take('L');
    const digits = /^[1-9]\d{0,5}/.exec(this.#text.slice(this.#at, this.#at + 6))?.[0];
    if (digits === undefined) return undefined;
    const begin = this.#at + digits.length;
    const end = begin + Number(digits);
    if (end > this.#text.length) return undefined;
    this.#at = end;
    const name = this.#text.slice(begin, end);
    return name.startsWith('_GLOBAL__N') ? anonymousNamespace : name;
  }

  /** Of template arguments, or of what in them ends with an `E`. */
  #skipToEnd(): boolean {
    let depth = 1;
    while (depth > 0) {
      const begin = this.#at;
      const char = this.#next();
      if (this.#take('E')) depth--;
      else if (this.#text.startsWith('L_Z', begin)) {
        depth++;
        this.#at += 3;
      } else if (this.#take('L')) {
        if (!this.#skipLiteral()) return false;
      } else if (/\d/.test(char)) this.#sourceName();
      else if (this.#skipReference()) continue;
      else {
        if ('INXJF'.includes(char) || this.#text.startsWith('DT', begin)) depth++;
        this.#at += char === 'D' ? 2 : 1;
      }
      if (this.#at === begin || this.#at > this.#text.length) return false;
    }
    return true;
  }

  /** A number, with its type: `i7E`, `N3top4KindE2E`. */
  #skipLiteral(): boolean {
    if (this.#take('N')) {
      if (!this.#skipToEnd()) return false;
    } else if (!this.#skipReference() && this.#sourceName() === undefined) this.#at++;
    const [value] = /^n?[\da-f]*E/.exec(this.#text.slice(this.#at, this.#at + 40)) ?? [''];
    this.#at += value.length;
    return value !== '';
  }

  /** `S1_`, `T_`, `A5_`: their digits begin no name. */
  #skipReference(): boolean {
    const [reference] = /^[STA][\dA-Z]*_/.exec(this.#text.slice(this.#at, this.#at + 12)) ?? [''];
    this.#at += reference.length;
    return reference !== '';
  }

  #next(): string {
    return this.#text[this.#at] ?? '';
  }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }
}
