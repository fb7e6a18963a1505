import { expect, test } from 'vitest';
import { mutate, seededRandom } from './mutate.ts';
import { readInput } from './read-input.ts';

const metadata = new TextEncoder().encode(`/* CTF 1.8 */
trace { major = 1; minor = 8; byte_order = le; };
stream { packet.context := struct { integer { size = 16; } packet_size; integer { size = 16; } content_size; };
  event.header := struct { integer { size = 8; } id; }; };
event { name = a; id = 0; fields := struct { integer { size = 8; } n; integer { size = 3; } s[n]; string t; }; };
event { name = b; id = 1; fields := struct { enum : integer { size = 8; } { X, Y } e; variant <e> { string X; integer { size = 64; signed = true; } Y; } v; }; };
`);
const stream = Uint8Array.from([120, 0, 112, 0, 0, 2, 0x3f, 0x61, 0, 1, 0, 0x62, 0, 0, 0]);

test('mutated traces give our own errors only, the same however they are read', () => {
  const random = seededRandom(7);
  for (let i = 0; i < 500; i++) {
    const input =
      i % 2 === 0
        ? { metadata: mutate(metadata, random), stream }
        : { metadata, stream: mutate(stream, random) };
    expect(readInput(input).defect).toBeUndefined();
  }
});
