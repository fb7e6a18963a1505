/** What happens with an alert beside printing it. No text of a trace ever reaches a command line. */
import { spawn } from 'node:child_process';
import { type Alert, alertJson } from '@sonde/latency-tracker';
import { atUsualNiceness } from '../niceness.ts';
import type { AlertAction } from './latency-options.ts';

/** Alerts may come in thousands; what they start may not. */
const minIntervalMs = 1000;
const stderrDescriptor = 2;

export class AlertActions {
  readonly #action: AlertAction;
  readonly #snapshot: () => string | undefined;
  readonly #warn: (message: string) => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  /** Alerts without an action, for one was running or just had been. */
  skipped = 0;
  started = 0;

  /** @param snapshot - Takes a snapshot of the flight recorder; returns what went wrong. */
  constructor(
    action: AlertAction,
    snapshot: () => string | undefined,
    warn: (message: string) => void,
  ) {
    this.#action = action;
    this.#snapshot = snapshot;
    this.#warn = warn;
  }

  /** Snapshots need not know what the alert is: each moment overwrites some of what led to it. */
  get onUrgent(): (() => void) | undefined {
    return this.#action.kind === 'snapshot' ? () => this.#takeSnapshot() : undefined;
  }

  #takeSnapshot(): void {
    if (!this.#mayStart()) return;
    const problem = this.#snapshot();
    if (problem !== undefined) this.#warn(problem);
  }

  /** @param named - finds the names for the stacks of an alert that needs them */
  alert(alert: Alert, named: (alert: Alert) => Alert = (alert) => alert): void {
    if (this.#action.kind === 'exec' && alert.kind !== 'waiting' && this.#mayStart()) {
      this.#exec(named(alert));
    }
  }

  #mayStart(): boolean {
    const nowMs = performance.now();
    const may = !this.#isRunning && nowMs - this.#lastMs >= minIntervalMs;
    if (may) {
      this.#lastMs = nowMs;
      this.started++;
    } else this.skipped++;
    return may;
  }

  /** The program gets the alert as a line of JSON on its standard input, and its main numbers in its environment. */
  #exec(alert: Alert): void {
    const [program, ...args] = this.#action.command;
    this.#isRunning = true;
    const child = atUsualNiceness(() =>
      spawn(program!, args, {
        // What it prints goes to standard error: between our lines of JSON it would be no JSON.
        stdio: ['pipe', stderrDescriptor, stderrDescriptor],
        shell: false,
        env: {
          ...process.env,
          SONDE_TRACKER: alert.tracker,
          SONDE_DELAY_NS: String(Math.round(alert.delayNs)),
          SONDE_TID: String(alert.tid ?? ''),
        },
      }),
    );
    child.on('error', (error) => {
      this.#isRunning = false;
      this.#warn(`--on-alert: ${error.message}`);
    });
    child.on('close', () => {
      this.#isRunning = false;
    });
    // It need not read it.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(alertJson(alert))}\n`);
  }
}
