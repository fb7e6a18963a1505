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
import { PrintedAlerts } from './printed-alerts.ts';

const leastLongest = 10;

/** Prints in the format that was asked for. */
export class AlertReporter {
  readonly #io: CommandIo;
  readonly #options: LatencyOptions;
  readonly #time: (ns: bigint) => string;
  /** Text: the longest of those that are not printed at once, in order. */
  readonly #longest: Alert[] = [];
  /** 0: all. */
  readonly #longestCount: number;
  readonly #isLive: boolean;
  readonly #nowMs: () => number;
  /** Undefined: all are printed, or none while they come. */
  readonly #printed: PrintedAlerts | undefined;
  readonly #recorder: AlertFolder | undefined;

  /**
   * @param isLive - Alerts are printed as they come.
   * @param nowMs - Time of the terminal, not of the events: a trace that is followed may come all at once.
   */
  constructor(
    io: CommandIo,
    options: LatencyOptions,
    trackers: readonly Tracker[],
    isLive: boolean,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#io = io;
    this.#options = options;
    this.#time = timeFormat(options.gmt, false).time;
    this.#isLive = isLive;
    this.#nowMs = nowMs;
    const isLimited = isLive && options.format === 'text' && options.alerts !== 'all';
    this.#printed = isLimited ? new PrintedAlerts(Number(options.alerts)) : undefined;
    // Who asks for all rows does not ask for what goes on to be kept for ever.
    this.#longestCount = isLive && options.top === 0 ? leastLongest : options.top;
    this.#recorder =
      options.recordAlerts === undefined
        ? undefined
        : new AlertFolder(options.recordAlerts, trackers);
  }

  /** Before the first alert, when it is known where they come from. */
  begin(source: AlertSource): void {
    this.#recorder?.begin(source);
  }

  /** @param named - finds the names for its stacks, which takes a while: of those that are shown */
  alert(full: Alert, named: (alert: Alert) => Alert = (alert) => alert): void {
    const alert = this.#withStacks(full);
    this.#recorder?.add(named(alert));
    // People are told of what waited when it has ended above the threshold, with the same stack.
    if (alert.kind === 'waiting' && this.#options.format === 'text') return;
    const isPrinted = this.#printed === undefined ? this.#printsAll() : this.#takes(this.#printed);
    if (isPrinted) this.#print(alert, named);
    else this.#keepLongest(alert, named);
  }

  #printsAll(): boolean {
    return this.#isLive || this.#options.format !== 'text';
  }

  #takes(printed: PrintedAlerts): boolean {
    this.#tellLeftOut(printed, this.#nowMs());
    return printed.takes();
  }

  #tellLeftOut(printed: PrintedAlerts, nowMs: number): void {
    const leftOut = printed.endSecond(nowMs);
    if (leftOut > 0) this.#io.stdout.writeText(`… ${grouped(leftOut)} more in this second\n`);
  }

  /** What was recorded so far can be read. */
  flush(): void {
    if (this.#printed !== undefined) this.#tellLeftOut(this.#printed, this.#nowMs());
    this.#recorder?.flush();
    this.#io.stdout.flush();
  }

  finish(snapshots: readonly TrackerSnapshot[], endNs: bigint): void {
    this.#recorder?.close();
    if (this.#printed !== undefined) this.#tellLeftOut(this.#printed, Number.POSITIVE_INFINITY);
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
    const leftOut = this.#printed?.totalLeftOut ?? 0;
    if (leftOut === 0 && this.#longest.length === 0) return;
    const alerts = leftOut === 1 ? '1 alert was' : `${grouped(leftOut)} alerts were`;
    this.#io.stdout.writeText(
      leftOut === 0
        ? '\nThe longest:\n'
        : `\n${alerts} not printed (--alerts=all prints them). The longest of them:\n`,
    );
    for (const alert of this.#longest) {
      this.#io.stdout.writeText(alertText(alert, this.#time(alert.endNs)));
    }
  }

  #print(alert: Alert, named: (alert: Alert) => Alert): void {
    const { stdout } = this.#io;
    switch (this.#options.format) {
      case 'json':
        stdout.writeText(`${JSON.stringify(alertJson(named(alert)))}\n`);
        return;
      case 'lt':
        stdout.writeText(alertLt(named(alert)));
        return;
      case 'text':
        stdout.writeText(alertText(named(alert), this.#time(alert.endNs)));
        return;
      case 'openmetrics':
    }
  }

  #keepLongest(alert: Alert, named: (alert: Alert) => Alert): void {
    const top = this.#longestCount;
    const longest = this.#longest;
    const isFull = top > 0 && longest.length >= top;
    if (isFull && alert.delayNs <= longest.at(-1)!.delayNs) return;
    if (isFull) longest.pop();
    let at = longest.length;
    while (at > 0 && longest[at - 1]!.delayNs < alert.delayNs) at--;
    longest.splice(at, 0, named(alert));
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

const grouped = (count: number): string => count.toLocaleString('en');

/** The folder of `--record-alerts`. Whether it can be made is told at once; its metadata are written when it begins. */
class AlertFolder {
  readonly #directory: string;
  readonly #trackers: readonly Tracker[];
  readonly #descriptor: number;
  #trace: AlertTrace | undefined;

  constructor(directory: string, trackers: readonly Tracker[]) {
    this.#directory = directory;
    this.#trackers = trackers;
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
  }

  begin(source: AlertSource): void {
    this.#trace = new AlertTrace(this.#trackers, source, (packet) => {
      let done = 0;
      while (done < packet.length) done += writeSync(this.#descriptor, packet, done);
    });
    writeFileSync(join(this.#directory, 'metadata'), this.#trace.metadata);
  }

  add(alert: Alert): void {
    this.#trace!.add(alert);
  }

  flush(): void {
    this.#trace?.flush();
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
