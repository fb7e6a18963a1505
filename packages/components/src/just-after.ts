const bits = new DataView(new ArrayBuffer(8));

/**
 * The limit that a run needs to deliver what happens at `timeNs` too, and nothing later: times are whole nanoseconds. Never equal
 * to `timeNs`, however great that is, so that a run always comes forward.
 */
export function justAfter(timeNs: number): number {
  if (timeNs === Number.POSITIVE_INFINITY) return timeNs;
  if (timeNs === Number.NEGATIVE_INFINITY) return -Number.MAX_VALUE;
  if (Math.abs(timeNs) < 2 ** 51) return timeNs + 0.5;
  bits.setFloat64(0, timeNs);
  bits.setBigInt64(0, bits.getBigInt64(0) + (timeNs > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}
