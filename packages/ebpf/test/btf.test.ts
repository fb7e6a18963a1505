import { expect, test } from 'vitest';
import { Btf } from '../src/index.ts';

/** BTF by hand: heads and tails as words, names by text. */
class BtfBuilder {
  readonly #words: number[] = [];
  #strings = '\0';

  name(text: string): number {
    if (text === '') return 0;
    const at = this.#strings.length;
    this.#strings += `${text}\0`;
    return at;
  }

  type(name: string, kind: number, memberCount: number, ...rest: readonly number[]): this {
    this.#words.push(this.name(name), (kind << 24) | memberCount, ...rest);
    return this;
  }

  build(): Buffer {
    const types = Buffer.from(new Uint32Array(this.#words).buffer);
    const strings = Buffer.from(this.#strings, 'latin1');
    const header = Buffer.alloc(24);
    header.writeUInt16LE(0xeb9f, 0);
    header[2] = 1;
    for (const [i, word] of [24, 0, types.length, types.length, strings.length].entries()) {
      header.writeUInt32LE(word, 4 + 4 * i);
    }
    return Buffer.concat([header, types, strings]);
  }
}

function example(): Buffer {
  const b = new BtfBuilder();
  b.type('int', 1, 0, 4, (1 << 24) | 32); // 1
  b.type('long', 1, 0, 8, (1 << 24) | 64); // 2
  b.type('pid_t', 8, 0, 1); // 3 typedef
  b.type('inner', 4, 1, 8, b.name('deep'), 2, 0); // 4 struct inner { long deep; }
  b.type('', 5, 2, 8, b.name('a'), 3, 0, b.name('b'), 4, 0); // 5 union { pid_t a; struct inner b; }
  b.type('task', 4, 3, 24, b.name('first'), 3, 0, 0, 5, 64, b.name('in'), 4, 128); // 6
  b.type('', 2, 0, 6); // 7 struct task *
  b.type('', 10, 0, 7); // 8 const
  b.type('', 13, 2, 0, b.name('__data'), 7, b.name('p'), 8); // 9 prototype
  b.type('__traceiter_waking', 12, 0, 9); // 10 function
  b.type('', 2, 0, 9); // 11
  b.type('btf_trace_waking', 8, 0, 11); // 12
  b.type('bits', (1 << 7) | 4, 1, 4, b.name('flag'), 1, (3 << 24) | 5); // 13, with a bit field
  b.type('', 3, 0, 0, 1, 2, 16); // 14 int[16]
  return b.build();
}

test('finds offsets, through unnamed unions and structures within', () => {
  const btf = new Btf(example());
  expect(btf.typeCount).toBe(15);
  expect(btf.offsetBytes('task', 'first')).toBe(0);
  expect(btf.offsetBytes('task', 'a')).toBe(8);
  expect(btf.offsetBytes('task', 'b', 'deep')).toBe(8);
  expect(btf.offsetBytes('task', 'in', 'deep')).toBe(16);
});

test('says what a type is behind typedefs and qualifiers', () => {
  const btf = new Btf(example());
  expect(btf.typeOf(3)).toEqual({ kind: 'integer', lengthBytes: 4, isSigned: true });
  expect(btf.typeOf(8)).toEqual({ kind: 'pointer', targetId: 6 });
  expect(btf.typeOf(14)).toEqual({ kind: 'array', elementId: 1, length: 16 });
  expect(btf.typeOf(0)).toEqual({ kind: 'other' });
  expect(btf.member(13, 'flag')).toMatchObject({ offsetBits: 5, widthBits: 3 });
});

test('tells the arguments of a tracepoint', () => {
  const btf = new Btf(example());
  expect(btf.tracepointArguments('waking')).toEqual([{ name: 'p', typeId: 8 }]);
  expect(btf.tracepointArguments('wakin')).toBeUndefined();
  expect(btf.find('typedef', 'btf_trace_waking')).toBe(12);
});

test.each([
  ['no magic', () => new Btf(Buffer.alloc(64)), 'no BTF types'],
  ['cut', () => new Btf(example().subarray(0, 100)), 'end before'],
  ['no member', () => new Btf(example()).offsetBytes('task', 'nope'), 'have no task.nope'],
  ['no structure', () => new Btf(example()).offsetBytes('none', 'x'), 'have no none.x'],
  ['no type', () => new Btf(example()).typeOf(99), 'no type 99'],
  ['no file', () => Btf.ofKernel('/nonexistent'), 'does not tell its types'],
])('refuses: %s', (_, action, message) => {
  expect(action).toThrow(message);
});

test('any truncation or flipped byte gives an error or an answer, and ends', () => {
  const whole = example();
  for (let i = 0; i < whole.length; i++) {
    for (const bytes of [whole.subarray(0, i), flip(whole, i)]) {
      try {
        const btf = new Btf(Buffer.from(bytes));
        btf.offsetBytes('task', 'b', 'deep');
        btf.tracepointArguments('waking');
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(bad-btf|no-member)$/) });
      }
    }
  }
});

function flip(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index]! ^= 0xff;
  return copy;
}
