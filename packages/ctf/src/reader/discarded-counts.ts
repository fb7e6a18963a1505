import type { Packet } from '@sonde/trace-model';

/** What a tracer could not record between two packets. */
export interface DiscardedCounts {
  readonly events: bigint;
  readonly packets: bigint;
}

/**
 * From the counters of neighbouring packets (CTF 1.8.3 §5.2; CTF2-SPEC-2.0, "Packet context"). Nothing is known before the first
 * packet, nor of what has no counters. A counter that decreases wrapped, if that makes a credible number; else it is
 * another tracer's, and nothing is said.
 * @param counterBits - Width of the discarded event counter.
 */
export function countDiscarded(
  previous: Packet | undefined,
  packet: Packet | undefined,
  counterBits: number,
): DiscardedCounts {
  let events = increase(previous?.discardedEventCounter, packet?.discardedEventCounter);
  if (events < 0n && counterBits < 64) {
    const wrapped = events + (1n << BigInt(counterBits));
    events = wrapped < 1n << BigInt(counterBits - 1) ? wrapped : 0n;
  }
  const packets = increase(previous?.sequenceNumber, packet?.sequenceNumber) - 1n;
  return { events: atLeast0(events), packets: atLeast0(packets) };
}

function increase(before: bigint | undefined, now: bigint | undefined): bigint {
  return before === undefined || now === undefined ? 0n : now - before;
}

function atLeast0(count: bigint): bigint {
  return count > 0n ? count : 0n;
}
