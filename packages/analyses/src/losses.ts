import type { Gap } from '@sonde/linux-model';

/** What is missing in a stretch of time, as far as it can be told. */
export interface Losses {
  /** Discarded, as tracers say. */
  readonly events: number;
  readonly packets: number;
  /** CPUs with such gaps, ascending. */
  readonly cpuIds: readonly number[];
  /** Switches that nobody recorded, and nobody counted: at least so many, for another thread ran than the last switch said. */
  readonly switches: number;
  readonly switchCpuIds: readonly number[];
}

const ascending = (ids: Iterable<number>): number[] => [...new Set(ids)].sort((a, b) => a - b);

/** Adds up the gaps of a period. */
export class LossCounter {
  #events = 0;
  #packets = 0;
  #switches = 0;
  readonly #cpuIds = new Set<number>();
  readonly #switchCpuIds = new Set<number>();

  add({ what, count = 0, cpu }: Pick<Gap, 'what' | 'count' | 'cpu'>): void {
    if (what === 'switches') {
      this.#switches += count;
      this.#switchCpuIds.add(cpu.id);
      return;
    }
    if (what === 'events') this.#events += count;
    else this.#packets += count;
    this.#cpuIds.add(cpu.id);
  }

  get losses(): Losses {
    return {
      events: this.#events,
      packets: this.#packets,
      cpuIds: ascending(this.#cpuIds),
      switches: this.#switches,
      switchCpuIds: ascending(this.#switchCpuIds),
    };
  }
}

export const isLossy = ({ cpuIds, switchCpuIds }: Losses): boolean =>
  cpuIds.length + switchCpuIds.length > 0;

/** Several reports' in one; undefined: nothing is missing. */
export function addLosses(all: readonly (Losses | undefined)[]): Losses | undefined {
  const some = all.filter((losses) => losses !== undefined);
  if (some.length === 0) return undefined;
  const sum = (key: 'events' | 'packets' | 'switches'): number =>
    some.reduce((total, losses) => total + losses[key], 0);
  return {
    events: sum('events'),
    packets: sum('packets'),
    cpuIds: ascending(some.flatMap(({ cpuIds }) => cpuIds)),
    switches: sum('switches'),
    switchCpuIds: ascending(some.flatMap(({ switchCpuIds }) => switchCpuIds)),
  };
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;
const onCpus = (ids: readonly number[]): string =>
  `on ${ids.length === 1 ? 'CPU' : 'CPUs'} ${ids.join(', ')}`;

/** `53055 events and 2 packets on CPUs 0, 1`; undefined: nothing was discarded. */
export function describeDiscarded(losses: Losses | undefined): string | undefined {
  if (losses === undefined || losses.cpuIds.length === 0) return undefined;
  const { events, packets, cpuIds } = losses;
  const parts = [
    ...(events > 0 ? [counted(events, 'event')] : []),
    ...(packets > 0 ? [counted(packets, 'packet')] : []),
  ];
  const what = parts.length > 0 ? parts.join(' and ') : 'an unknown number of events';
  return `${what} ${onCpus(cpuIds)}`;
}

/** `at least 3 switches on CPU 0`; undefined: none is known to be missing. */
export function describeUnrecorded(losses: Losses | undefined): string | undefined {
  if (losses === undefined || losses.switchCpuIds.length === 0) return undefined;
  const what = losses.switches === 1 ? '1 switch' : `${losses.switches} switches`;
  return `at least ${what} ${onCpus(losses.switchCpuIds)}`;
}

interface Side {
  readonly losses?: Losses;
}

/** For above a table, without a full stop: `Discarded: …`, `Not recorded: …`; of a comparison, for each side. */
export function lossNotices({ losses, other }: Side & { readonly other?: Side }): string[] {
  if (other === undefined) return noticesOf(losses, '');
  return [...noticesOf(losses, ' in A'), ...noticesOf(other.losses, ' in B')];
}

function noticesOf(losses: Losses | undefined, where: string): string[] {
  const [discarded, unrecorded] = [describeDiscarded(losses), describeUnrecorded(losses)];
  return [
    ...(discarded === undefined ? [] : [`Discarded${where}: ${discarded}`]),
    ...(unrecorded === undefined ? [] : [`Not recorded${where}: ${unrecorded}`]),
  ];
}

/** For standard error. */
export function lossWarnings(losses: Losses | undefined): string[] {
  const [discarded, unrecorded] = [describeDiscarded(losses), describeUnrecorded(losses)];
  return [
    ...(discarded === undefined
      ? []
      : [`the tracer discarded ${discarded}; what they would have changed is uncertain`]),
    ...(unrecorded === undefined
      ? []
      : [
          `${unrecorded} ${losses!.switches === 1 ? 'was' : 'were'} not recorded, nor counted as discarded; who ran then is unknown`,
        ]),
  ];
}

/** What stands behind a row of text that a gap touches. */
export const doubtMark = ' ~';
export const doubt = (isUncertain: boolean): string => (isUncertain ? doubtMark : '');
