import { UsageError } from '@sonde/base';
import type { ClockClass, DataStream } from '@sonde/trace-model';

/**
 * Whether the times of all streams can be compared: all count from the same known origin, or all have the same clock, or none has a
 * clock.
 * @throws UsageError `clocks-differ`, which names two streams
 */
export function checkClocks(streams: readonly DataStream[]): void {
  const [first, ...others] = streams;
  for (const other of others) {
    const a = first?.dataStreamClass.defaultClockClass;
    const b = other.dataStreamClass.defaultClockClass;
    if (first === undefined || areComparable(a, b)) continue;
    const isHopeless = a === undefined || b === undefined;
    const remedy = isHopeless
      ? 'They can only be read one by one.'
      : 'With --clock-force-correlate all clocks are taken to count from the Unix epoch.';
    throw new UsageError(
      'clocks-differ',
      `The times of ${first.name} and ${other.name} can't be compared: the first has ${describe(a)}, the second ${describe(b)}. ${remedy}`,
    );
  }
}

function describe(clock: ClockClass | undefined): string {
  if (clock === undefined) return 'no clock';
  const shown = `the clock "${clock.name ?? clock.id}"`;
  if (clock.origin === undefined) return `${shown} of unknown origin`;
  return clock.origin === 'unix-epoch'
    ? `${shown}, which counts from the Unix epoch`
    : `${shown}, which counts from "${clock.origin.name}" (${clock.origin.uid})`;
}

function areComparable(a: ClockClass | undefined, b: ClockClass | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (typeof a.origin === 'object' && typeof b.origin === 'object') {
    return isSameIdentity(a.origin, b.origin);
  }
  if (a.origin !== undefined || b.origin !== undefined) return a.origin === b.origin;
  return a.uid !== undefined && isSameIdentity(a, b);
}

interface Identity {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.uid === b.uid && a.name === b.name && a.namespace === b.namespace;
}
