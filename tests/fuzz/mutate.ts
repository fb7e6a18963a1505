/** Small seeded pseudo-random numbers (mulberry32), so that a failing input can be made again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Changes a copy of `bytes` in one to four ways: bits, bytes, lengths, cuts, repeats, big numbers. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let out: Uint8Array = new Uint8Array(bytes);
  const count = 1 + Math.floor(random() * 4);
  for (let i = 0; i < count; i++) out = mutateOnce(out, random);
  return out;
}

function mutateOnce(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  const pick = Math.floor(random() * 7);
  if (bytes.length === 0 || pick === 0) return bytes.slice(0, at);
  if (pick === 1) {
    bytes[at]! ^= 1 << Math.floor(random() * 8);
    return bytes;
  }
  if (pick === 2) {
    bytes[at] = Math.floor(random() * 256);
    return bytes;
  }
  if (pick === 3) {
    bytes.fill(random() < 0.5 ? 0xff : 0, at, at + 1 + Math.floor(random() * 8));
    return bytes;
  }
  const length = 1 + Math.floor(random() * 32);
  const piece = bytes.slice(at, at + length);
  const rest = bytes.slice(pick === 4 ? at + length : at);
  const middle = pick === 5 ? new Uint8Array([...piece, ...piece]) : pick === 6 ? piece : [];
  return new Uint8Array([...bytes.subarray(0, at), ...middle, ...rest]);
}
