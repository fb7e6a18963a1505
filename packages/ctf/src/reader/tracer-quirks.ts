import type { TraceClass } from '@sonde/trace-model';

/** Known defects of tracers that the packet times of their traces show. */
export interface TracerQuirks {
  /** The last event of a packet may be later than the packet's end. */
  readonly eventAfterPacket: boolean;
  /** The first event of a packet may be earlier than its begin. */
  readonly eventBeforePacket: boolean;
  /** `lttng-crash` leaves the end of the packet that was being written at 0. */
  readonly zeroPacketEnd: boolean;
}

type Version = readonly [major: number, minor: number, patch: number];

function isBefore(version: Version, other: Version): boolean {
  for (let i = 0; i < 3; i++) if (version[i] !== other[i]) return version[i]! < other[i]!;
  return false;
}

/** From the tracer's name and version in the environment. */
export function quirksOf({ environment }: TraceClass): TracerQuirks {
  const name = String(environment.get('tracer_name') ?? '');
  const number = (key: string): number => Number(environment.get(key) ?? 0);
  const patch = number('tracer_patchlevel') || number('tracer_patch');
  const version: Version = [number('tracer_major'), number('tracer_minor'), patch];
  const isUst = name === 'lttng-ust' && isBefore(version, [2, 11, 0]);
  const isModules =
    name === 'lttng-modules' &&
    (isBefore(version, [2, 9, 13]) ||
      (!isBefore(version, [2, 10, 0]) && isBefore(version, [2, 10, 10])));
  return {
    eventAfterPacket: isUst || isModules,
    eventBeforePacket: name === 'barectf' && isBefore(version, [2, 3, 1]),
    zeroPacketEnd: name === 'lttng-ust' || name === 'lttng-modules',
  };
}
