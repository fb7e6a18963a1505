import { type Alert, Histogram, type TrackerSnapshot } from '@sonde/latency-tracker';
import { type Column, columnHistogram, columns } from './columns.ts';
import { RollingWindows } from './windows.ts';

/** `all`: since the start; else the last minutes. */
export type Window = 'all' | 1 | 5 | 15;

/** Of delays between two powers of two: what is rare and slow is not pushed out by what is frequent. */
const keptAlerts = 20;
const fineBits = 5;

/** What one column shows. */
export interface ColumnView {
  readonly column: Column;
  /** Undefined: it can't be measured here. */
  readonly histogram: Histogram | undefined;
  /** The same with a bucket per power of two; empty when it can't be measured. */
  readonly log2: Histogram;
  /** Per second, in the window. */
  readonly ratePerS: number;
  /** Pairs that can't be trusted and begins without room. */
  readonly troubles: number;
  /** Alerts over the rate limit. */
  readonly leftOut: number;
}

interface Measured {
  readonly column: Column;
  readonly windows: RollingWindows;
}

/** Everything behind the screen. Times come from the caller. */
export class HistState {
  window: Window = 'all';
  readonly #measured = new Map<Column, Measured>();
  /** The last ones, by column and binary logarithm of the delay. */
  readonly #alerts = new Map<Column, Map<number, Alert[]>>();
  /** By tracker. */
  readonly #troubles = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  #elapsedS = 0;

  /** A snapshot of what happened in the last `periodS` seconds. */
  tick(snapshots: readonly TrackerSnapshot[], periodS: number): void {
    this.#elapsedS += periodS;
    for (const column of columns) {
      const histogram = columnHistogram(column, snapshots);
      if (histogram === undefined) continue;
      let measured = this.#measured.get(column);
      if (measured === undefined) {
        measured = { column, windows: new RollingWindows(fineBits) };
        this.#measured.set(column, measured);
      }
      measured.windows.tick(histogram);
    }
    for (const { tracker, counters } of snapshots) {
      const { uncertain, full, ringLost, missed, limited } = counters;
      addTo(this.#troubles, tracker.name, uncertain + full + ringLost + missed);
      addTo(this.#leftOut, tracker.name, limited);
    }
  }

  alert(alert: Alert): void {
    if (alert.kind !== 'alert') return;
    const column = columns.find(
      (candidate) => candidate.tracker === alert.tracker && candidate.takes(alert.info),
    );
    if (column === undefined) return;
    const lists = this.#alerts.get(column) ?? new Map<number, Alert[]>();
    const exponent = Math.floor(Math.log2(Math.max(1, alert.delayNs)));
    const list = lists.get(exponent) ?? [];
    list.push(alert);
    if (list.length > keptAlerts) list.shift();
    lists.set(exponent, list);
    this.#alerts.set(column, lists);
  }

  reset(): void {
    for (const { windows } of this.#measured.values()) windows.reset();
    this.#alerts.clear();
    this.#troubles.clear();
    this.#leftOut.clear();
    this.#elapsedS = 0;
  }

  /** What can be measured is known. */
  get hasBegun(): boolean {
    return this.#measured.size > 0;
  }

  get elapsedS(): number {
    return this.#elapsedS;
  }

  view(): ColumnView[] {
    const windowS =
      this.window === 'all' ? this.#elapsedS : Math.min(this.#elapsedS, this.window * 60);
    return columns.map((column) => {
      const windows = this.#measured.get(column)?.windows;
      const histogram =
        windows === undefined || this.window === 'all' ? windows?.total : windows.last(this.window);
      const log2 = new Histogram(0);
      if (histogram !== undefined) log2.merge(histogram);
      return {
        column,
        histogram,
        log2,
        ratePerS: (histogram?.count ?? 0) / Math.max(windowS, 1e-9),
        troubles: this.#troubles.get(column.tracker) ?? 0,
        leftOut: this.#leftOut.get(column.tracker) ?? 0,
      };
    });
  }

  /** The last alerts of a column with delays in `[beginNs, endNs)`, the newest first. */
  alertsOf(column: Column, beginNs: number, endNs: number): readonly Alert[] {
    const lists = [...(this.#alerts.get(column)?.values() ?? [])];
    return lists
      .flat()
      .filter(({ delayNs }) => delayNs >= beginNs && delayNs < endNs)
      .sort((a, b) => (a.endNs < b.endNs ? 1 : -1));
  }
}

function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
