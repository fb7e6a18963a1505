/** Where alerts and results of `sonde latency` go. */
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '@sonde/base';
import type { OpenedTraces } from '@sonde/components';
import {
  type Alert,
  type AlertSource,
  AlertTrace,
  alertJson,
  alertLt,
  alertText,
  openMetrics,
  snapshotJson,
  summaryText,
  type Tracker,
  type TrackerSnapshot,
} from '@sonde/latency-tracker';
import type { CommandIo } from '../command-io.ts';
import { timeFormat } from '../time-format.ts';
import type { LatencyOptions } from './latency-options.ts';

/** Prints in the format that was asked for. */
export class AlertReporter {
  readonly #io: CommandIo;
  readonly #options: LatencyOptions;
  readonly #time: (ns: bigint) => string;
  /** Text over a trace: the longest, in order. */
  readonly #longest: Alert[] = [];
  readonly #printsAtOnce: boolean;
  readonly #recorder: AlertFolder | undefined;

  /**
   * @param isLive - Alerts are printed as they come.
   * @param source - For the trace of alerts.
   */
  constructor(
    io: CommandIo,
    options: LatencyOptions,
    trackers: readonly Tracker[],
    isLive: boolean,
    source: AlertSource,
  ) {
    this.#io = io;
    this.#options = options;
    this.#time = timeFormat(options.gmt, false).time;
    this.#printsAtOnce = isLive || options.format !== 'text';
    this.#recorder =
      options.recordAlerts === undefined
        ? undefined
        : new AlertFolder(options.recordAlerts, trackers, source);
  }

  alert(full: Alert): void {
    const alert = this.#withStacks(full);
    this.#recorder?.add(alert);
    if (this.#printsAtOnce) this.#print(alert);
    else this.#keepLongest(alert);
  }

  /** What was recorded so far can be read. */
  flush(): void {
    this.#recorder?.flush();
    this.#io.stdout.flush();
  }

  finish(snapshots: readonly TrackerSnapshot[], endNs: bigint): void {
    this.#recorder?.close();
    const { stdout } = this.#io;
    const { format, top } = this.#options;
    if (format === 'openmetrics') stdout.writeText(openMetrics(snapshots));
    else if (format === 'json') {
      for (const snapshot of snapshots) {
        stdout.writeText(`${JSON.stringify(snapshotJson(snapshot, String(endNs)))}\n`);
      }
    } else if (format === 'text') {
      stdout.writeText(snapshots.map((snapshot) => summaryText(snapshot, { top })).join('\n'));
      this.#printLongest();
    }
  }

  #printLongest(): void {
    if (this.#longest.length === 0) return;
    this.#io.stdout.writeText(`\nThe longest:\n`);
    for (const alert of this.#longest) {
      this.#io.stdout.writeText(alertText(alert, this.#time(alert.endNs)));
    }
  }

  #print(alert: Alert): void {
    const { stdout } = this.#io;
    switch (this.#options.format) {
      case 'json':
        stdout.writeText(`${JSON.stringify(alertJson(alert))}\n`);
        return;
      case 'lt':
        stdout.writeText(alertLt(alert));
        return;
      case 'text':
        stdout.writeText(alertText(alert, this.#time(alert.endNs)));
        return;
      case 'openmetrics':
    }
  }

  #keepLongest(alert: Alert): void {
    // Its end is told of, too: without a stack there is nothing more to tell.
    if (alert.kind === 'waiting' && alert.kernelStack === undefined) return;
    const { top } = this.#options;
    const longest = this.#longest;
    const isFull = top > 0 && longest.length >= top;
    if (isFull && alert.delayNs <= longest.at(-1)!.delayNs) return;
    if (isFull) longest.pop();
    let at = longest.length;
    while (at > 0 && longest[at - 1]!.delayNs < alert.delayNs) at--;
    longest.splice(at, 0, alert);
  }

  #withStacks(alert: Alert): Alert {
    const { stacks } = this.#options;
    if (stacks === 'both' || stacks === 'all') return alert;
    return {
      ...alert,
      kernelStack: stacks === 'kernel' ? alert.kernelStack : undefined,
      userStack: stacks === 'user' ? alert.userStack : undefined,
    };
  }
}

/** The folder of `--record-alerts`. */
class AlertFolder {
  readonly #trace: AlertTrace;
  readonly #descriptor: number;

  constructor(directory: string, trackers: readonly Tracker[], source: AlertSource) {
    try {
      makeFolder(directory);
      this.#descriptor = openSync(join(directory, 'alerts'), 'wx');
    } catch (cause) {
      throw new UsageError(
        'cannot-write',
        `The folder ${directory} can't be made, or has alerts already.`,
        {},
        { cause },
      );
    }
    this.#trace = new AlertTrace(trackers, source, (packet) => {
      let done = 0;
      while (done < packet.length) done += writeSync(this.#descriptor, packet, done);
    });
    writeFileSync(join(directory, 'metadata'), this.#trace.metadata);
  }

  add(alert: Alert): void {
    this.#trace.add(alert);
  }

  flush(): void {
    this.#trace.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }
}

/** With those above it. Node's own `recursive` never ends where the system makes none (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  mkdirSync(path);
}

/** Of alerts over these traces. */
export function alertSourceOf({ traces }: OpenedTraces): AlertSource {
  const hostnames = new Set(traces.map(({ environment }) => environment.get('hostname')));
  const [hostname] = hostnames;
  return {
    hostname: hostnames.size === 1 && hostname !== undefined ? String(hostname) : undefined,
    isFromUnixEpoch: traces.every(({ traceClass }) =>
      [...traceClass.dataStreamClasses.values()].every(
        ({ defaultClockClass }) => defaultClockClass?.origin === 'unix-epoch',
      ),
    ),
  };
}
