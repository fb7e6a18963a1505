import type { TraceStream } from './logical-trace.ts';

/** The earliest begin of a packet (ns from the clocks' origin): what times of a run count from. Undefined: no stream has a clock. */
export function earliestBegin(streams: readonly TraceStream[]): bigint | undefined {
  let earliest: bigint | undefined;
  for (const { packets, clock } of streams) {
    const ns = clock?.nsFromOrigin(packets.at(0)?.beginCycles ?? 0n);
    if (ns !== undefined && (earliest === undefined || ns < earliest)) earliest = ns;
  }
  return earliest;
}
