import { describe, expect, test } from 'vitest';
import { payloadOf, refusal, show } from './tsdl-support.ts';

const u8 = 'integer { size = 8; }';

describe('types', () => {
  test.each([
    ['integer { size = 32; }', 'u32'],
    ['integer { size = 5; }', 'u5'],
    ['integer { size = 64; align = 1; signed = true; }', 'i64@1'],
    ['integer { size = 12; align = 8; signed = TRUE; base = hex; }', 'i12@8:16'],
    ['integer { size = 8; byte_order = be; base = 2; signed = 1; }', 'i8be:2'],
    ['integer { size = 8; byte_order = network; base = octal; }', 'u8be:8'],
    ['integer { size = 8; byte_order = native; base = decimal; encoding = none; }', 'u8'],
    ['integer { size = 0x10; }', 'u16'],
    ['integer { size = 010; }', 'u8'],
    ['integer { size = 0b1000; }', 'u8'],
    ['integer { size = 8ULL; ; }', 'u8'],
    ['floating_point { exp_dig = 8; mant_dig = 24; }', 'f32'],
    ['floating_point { exp_dig = 11; mant_dig = 53; align = 64; }', 'f64@64'],
    ['string', 'str'],
    ['string { encoding = ASCII; }', 'str'],
    ['const string', 'str'],
    ['struct { }', '{}'],
    [`struct { ${u8} _a; ${u8} __b; } align(32)`, '{a:u8,_b:u8}@32'],
    [`struct { struct { string s; } t; }`, '{t:{s:str}}'],
  ])('%s', (text, expected) => {
    expect(show(payloadOf(`${text} x;`))).toBe(`{x:${expected}}`);
  });

  test.each([
    [`${u8} x[3];`, '{x:[3]u8}'],
    [`${u8} x[0];  string s;`, '{x:[0]u8,s:str}'],
    [`${u8} x[2][3];`, '{x:[2][3]u8}'],
    [`${u8} x[env.n];`, '{x:[7]u8}'],
    ['integer { size = 8; encoding = UTF8; } x[4];', '{x:str[4]}'],
    ['integer { size = 8; encoding = UTF8; signed = true; } x[2][4];', '{x:[2]str[4]}'],
    ['integer { size = 8; align = 16; encoding = UTF8; } x[4];', '{x:[4]u8@16}'],
    ['enum : integer { size = 8; encoding = ASCII; } { A } x[4];', '{x:str[4]}'],
    [`${u8} a, b[2], _c;`, '{a:u8,b:[2]u8,c:u8}'],
    [`struct { ${u8} a; } x[2];`, '{x:[2]{a:u8}}'],
  ])('arrays and declarators: %s', (text, expected) => {
    expect(show(payloadOf(text, 'env { n = 7; };'))).toBe(expected);
  });

  test.each([
    ['A, B, C', 'A=0,B=1,C=2'],
    ['A = 5, B, C = 2 ... 4, D', 'A=5,B=6,C=2..4,D=5'],
    ['A, "two words", A = 9,', 'A=0|9,two words=1'],
    ['struct, event = 3, "q\\"" = 4', 'struct=0,event=3,q"=4'],
    ['A = 255', 'A=255'],
  ])('enumeration { %s }', (body, expected) => {
    expect(show(payloadOf(`enum : ${u8} { ${body} } x;`))).toBe(`{x:u8{${expected}}}`);
  });

  test('signed enumeration', () => {
    const type = 'enum : integer { size = 8; signed = true; }';
    expect(show(payloadOf(`${type} { LOW = -128 ... -1, ZERO, "-" = -5 } x;`))).toBe(
      '{x:i8{LOW=-128..-1,ZERO=0,-=-5}}',
    );
  });

  test('every occurrence of a type is an object of its own', () => {
    const payload = payloadOf('T a; T b;', `typealias struct { ${u8} x; } := T;`);
    if (payload.type !== 'structure') throw new Error('no structure');
    const [a, b] = payload.members;
    expect(a!.fieldClass).toEqual(b!.fieldClass);
    expect(a!.fieldClass).not.toBe(b!.fieldClass);
  });
});

describe('type names', () => {
  test.each([
    [`typealias ${u8} := byte;`, 'byte x;', 'u8'],
    [`typealias ${u8} := unsigned long int;`, 'unsigned  long\n int x;', 'u8'],
    [`typealias ${u8} := struct page *;`, 'struct page * x;', 'u8:16'],
    [`typealias ${u8} := const char * const;`, 'const char * const x;', 'u8:16'],
    [`typealias ${u8} := a; typealias a := b[2];`, 'b x[3];', '[3][2]u8'],
    [`typedef ${u8} byte, four[4];`, 'four x;', '[4]u8'],
    [`struct s { ${u8} a; };`, 'struct s x;', '{a:u8}'],
    [`enum e : ${u8} { A };`, 'enum e x;', 'u8{A=0}'],
    [`typealias ${u8} := int; enum e { A };`, 'enum e x;', 'u8{A=0}'],
    [`typealias enum : ${u8} { A } := e;`, 'e x;', 'u8{A=0}'],
  ])('%s %s', (before, member, expected) => {
    expect(show(payloadOf(member, before))).toBe(`{x:${expected}}`);
  });

  test('are known in their block only, and shadow outer ones', () => {
    const text = `typealias string := T; struct { typealias ${u8} := T; T a; } s; T b;`;
    expect(show(payloadOf(text))).toBe('{s:{a:u8},b:str}');
    expect(refusal(() => payloadOf(`struct { typealias ${u8} := T; T a; } s;\nT b;`))).toBe(
      '2:1 Expecting a member with a known type.',
    );
  });

  test('the length of a named type may not be outside it, unless it is tolerated', () => {
    const before = 'typedef struct { string s[n]; } T;';
    const text = `${u8} n; T t;`;
    expect(refusal(() => payloadOf(text, before, { strict: true }))).toContain('outside the type');
    expect(show(payloadOf(text, before))).toBe('{n:u8#0,t:{s:[^0]str}}');
  });
});

describe('refused types', () => {
  test.each([
    ['integer { size = 65; } x;', 'must not be greater than 64'],
    ['integer { size = 0; } x;', 'must be greater than 0'],
    ['integer { align = 8; } x;', 'Missing attribute `size`'],
    ['integer { size = 8; size = 8; } x;', 'Duplicate attribute `size`'],
    ['integer { size = 8; align = 12; } x;', 'power of two'],
    ['integer { size = 8 } x;', 'Expecting `;`'],
    ['integer { size = 089; } x;', 'Expecting a valid constant integer'],
    ['floating_point { exp_dig = 5; mant_dig = 11; } x;', 'only 8 and 24'],
    [`${u8} x; string x;`, 'Duplicate member `x`'],
    [`${u8} x : 3;`, 'Bit fields are not supported'],
    [`${u8} x[-1];`, 'Negative array length'],
    [`${u8} x[99999999999999999];`, 'Array length out of range'],
    [`${u8} x[];`, 'Empty field location'],
    [`${u8} x[env.n];`, 'No environment entry `n`'],
    [`enum : ${u8} { } x;`, 'Expecting an enumeration label'],
    [`enum : ${u8} { A = 3 ... 2 } x;`, '3 is greater than 2'],
    ['enum : floating_point { exp_dig = 8; mant_dig = 24; } { A } x;', 'no integer'],
    ['enum { A } x;', 'implicit type `int`'],
    ['unknown x;', 'known type'],
    ['struct unknown x;', 'Unknown type `struct unknown`'],
    ['variant { string a; } x;', 'needs a tag'],
  ])('%s', (text, reason) => {
    expect(refusal(() => payloadOf(text))).toContain(reason);
  });

  test.each([
    ['integer { size = 8; foo = 1; } x;', 'Unknown attribute `foo`'],
    ['integer { size = 8; signed = 7; } x;', 'Attribute `signed`'],
    ['integer { size = 8; base = "hex"; } x;', 'Attribute `base`'],
    ['integer { size = 8; map = nothing; } x;', 'Attribute `map`'],
    [`enum : ${u8} { A = -1 } x;`, 'constant unsigned integer'],
    [`enum : ${u8} { A = 256 } x;`, 'a length of 8 bits'],
    ['struct { } x;', 'no data'],
  ])('in strict mode only, else with a warning: %s', (text, reason) => {
    const warnings: string[] = [];
    payloadOf(text, '', { warn: (message) => warnings.push(message) });
    expect(warnings.join()).toContain(reason);
    expect(refusal(() => payloadOf(text, '', { strict: true }))).toContain(reason);
  });

  test('LTTng writes the greatest unsigned value as -1', () => {
    const env = 'env { tracer_name = "lttng-ust"; };';
    const text = 'enum : integer { size = 64; } { A = -1 } x;';
    expect(show(payloadOf(text, env, { strict: true }))).toBe(`{x:u64{A=${2n ** 64n - 1n}}}`);
  });
});
