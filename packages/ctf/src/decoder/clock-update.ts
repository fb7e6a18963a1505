/**
 * The value of a clock (unsigned 64 bits) after a timestamp field of `lengthBits` bits with value `field` (CTF 1.8.3 §8;
 * CTF2-SPEC-2.0, "Clock value update procedure"): the low bits are replaced, and a smaller value means one wrap. Equality is
 * not a wrap.
 */
export function updateClock(cycles: bigint, field: bigint, lengthBits: number): bigint {
  if (lengthBits >= 64) return field;
  const wrap = 1n << BigInt(lengthBits);
  const low = cycles & (wrap - 1n);
  const next = cycles - low + field + (field < low ? wrap : 0n);
  return BigInt.asUintN(64, next);
}
