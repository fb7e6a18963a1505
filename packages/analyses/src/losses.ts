import type { Gap } from '@sonde/linux-model';

/** What tracers discarded in a stretch of time, as far as they say. */
export interface Losses {
  readonly events: number;
  readonly packets: number;
  /** CPUs with gaps, ascending. */
  readonly cpuIds: readonly number[];
}

/** Adds up the gaps of a period. */
export class LossCounter {
  #events = 0;
  #packets = 0;
  readonly #cpuIds = new Set<number>();

  add({ what, count = 0, cpu }: Gap): void {
    if (what === 'events') this.#events += count;
    else this.#packets += count;
    this.#cpuIds.add(cpu.id);
  }

  get losses(): Losses {
    return {
      events: this.#events,
      packets: this.#packets,
      cpuIds: [...this.#cpuIds].sort((a, b) => a - b),
    };
  }
}

/** `53055 events and 2 packets on CPUs 0, 1`; undefined: nothing was discarded. */
export function describeLosses(losses: Losses | undefined): string | undefined {
  if (losses === undefined || losses.cpuIds.length === 0) return undefined;
  const { events, packets, cpuIds } = losses;
  const parts = [
    ...(events > 0 ? [`${events} ${events === 1 ? 'event' : 'events'}`] : []),
    ...(packets > 0 ? [`${packets} ${packets === 1 ? 'packet' : 'packets'}`] : []),
  ];
  const what = parts.length > 0 ? parts.join(' and ') : 'an unknown number of events';
  return `${what} on ${cpuIds.length === 1 ? 'CPU' : 'CPUs'} ${cpuIds.join(', ')}`;
}

/** What stands behind a row of text that a gap touches. */
export const doubtMark = ' ~';
export const doubt = (isUncertain: boolean): string => (isUncertain ? doubtMark : '');
