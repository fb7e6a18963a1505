import { BitWriter } from '@sonde/ctf';
import { uint } from '@sonde/testkit';
import { expect, test } from 'vitest';

test.each([0, 3, 8, 13])('what follows bit %i can be taken back', (offsetBits) => {
  const [straight, back] = [new BitWriter(), new BitWriter()];
  for (const out of [straight, back]) {
    for (let i = 0; i < offsetBits; i++) out.integer(1, uint(1));
  }
  back.align(8);
  for (let i = 0; i < 100; i++) back.integer(-1, uint(64));
  back.rewind(offsetBits);
  expect(back.bytes).toEqual(straight.bytes);
  for (const out of [straight, back]) {
    out.align(8);
    out.integer(0, uint(32));
    out.integer(5, uint(8));
  }
  expect(back.bytes).toEqual(straight.bytes);
});
