import { expect, test } from 'vitest';
import { Assembler } from '../src/index.ts';

const hex = (code: Assembler): string =>
  Buffer.from(code.encode())
    .toString('hex')
    .replace(/.{16}(?=.)/g, '$& ');

/** The expected bytes are those of the instruction set's document (RFC 9669): opcode, registers, offset, immediate. */
const cases: readonly (readonly [string, (code: Assembler) => Assembler, string])[] = [
  ['move a number', (a) => a.move('r1', -2), 'b7010000feffffff'],
  ['move a register', (a) => a.move('r2', 'r10'), 'bfa2000000000000'],
  ['add', (a) => a.add('r2', -8), '07020000f8ffffff'],
  ['add nothing: no instruction', (a) => a.add('r2', 0), ''],
  ['shift by a register', (a) => a.shiftRight('r3', 'r4'), '7f43000000000000'],
  ['load 32 bits', (a) => a.load('r1', 'r6', 24, 'u32'), '6161180000000000'],
  ['load 64 bits', (a) => a.load('r1', 'r6', -8, 'u64'), '7961f8ff00000000'],
  ['store a register', (a) => a.store('r10', -16, 'r1', 'u64'), '7b1af0ff00000000'],
  ['store a number', (a) => a.store('r10', -4, 7, 'u32'), '620afcff07000000'],
  ['atomic add', (a) => a.atomicAdd('r9', 8, 'r1'), 'db19080000000000'],
  ['exchange', (a) => a.exchange('r9', 8, 'r1'), 'db190800e1000000'],
  ['compare and exchange', (a) => a.compareExchange('r9', -8, 'r1'), 'db19f8fff1000000'],
  ['call', (a) => a.call('ktime_get_ns'), '8500000005000000'],
  ['exit', (a) => a.exit(), '9500000000000000'],
  ['map', (a) => a.moveMap('r1', { fd: 9 }), '1811000009000000 0000000000000000'],
  ['map value', (a) => a.moveMapValue('r1', { fd: 9 }, 8), '1821000009000000 0000000008000000'],
  ['small constant', (a) => a.moveConstant('r1', 0xffffffffffffffffn), 'b7010000ffffffff'],
  [
    'wide constant',
    (a) => a.moveConstant('r1', 0x1122334455667788n),
    '1801000088776655 0000000044332211',
  ],
  [
    'jumps over one instruction, and back',
    (a) => a.label('b').jumpIf('r1', '==', 0, 'e').move('r0', 1).label('e').jump('b'),
    '1501010000000000 b700000001000000 0500fdff00000000',
  ],
  [
    'what is rare stands behind the exit',
    (a) =>
      a
        .rare(() => a.label('r').move('r0', 1).jump('b'))
        .label('b')
        .jumpIf('r1', '!=', 0, 'r')
        .exit()
        .writeRare(),
    '5501010000000000 9500000000000000 b700000001000000 0500fcff00000000',
  ],
  ['compare signed', (a) => a.label('x').jumpIf('r1', 's<', 'r2', 'x'), 'cd21ffff00000000'],
];

test.each(cases)('%s', (_, write, expected) => {
  expect(hex(write(new Assembler()))).toBe(expected);
});

const refused: readonly (readonly [string, (code: Assembler) => unknown, string])[] = [
  ['unknown label', (a) => a.jump('nowhere').encode(), 'there is no label nowhere'],
  ['label twice', (a) => a.label('x').label('x'), 'the label x is there twice'],
  [
    'a register that a call has used up',
    (a) => a.call('ktime_get_ns').add('r3', 1),
    'Instruction 1: r3 is read, but a call has used it up',
  ],
  ['33 bits', (a) => a.move('r1', 2 ** 31), 'is no number of 32 bits with sign'],
  ['far offset', (a) => a.load('r1', 'r2', 40_000, 'u8'), 'more than 16 bits'],
];

test.each(refused)('refuses: %s', (_, write, message) => {
  expect(() => write(new Assembler())).toThrow(message);
});

test('a register may be set again after a call, and all are alive behind a label', () => {
  const code = new Assembler().call('ktime_get_ns').move('r3', 1).add('r3', 1).label('l');
  expect(() => code.add('r1', 1)).not.toThrow();
});
