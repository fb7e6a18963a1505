/** The interactive screen: keys change what is shown, a timer draws it. */
import { UsageError } from '@sonde/base';
import { type Alert, durationNs, formatDuration, type Tracker } from '@sonde/latency-tracker';
import { columns } from './columns.ts';
import { type BucketRow, frameLines, rowsFor } from './frame.ts';
import type { HistState } from './hist-state.ts';
import { type Key, parseKeys } from './keys.ts';
import { Screen } from './screen.ts';

/** Where it is shown. */
export interface Terminal {
  write(text: string): void;
  readonly columnCount: number;
  readonly lineCount: number;
  readonly isUtf8: boolean;
  /** Raw input; the returned function ends it. */
  onInput(handle: (text: string) => void): () => void;
  onResize(handle: () => void): () => void;
}

export interface HistAppOptions {
  readonly title: () => string;
  readonly time: (ns: bigint) => string;
  readonly signal: AbortSignal;
  /** An alert with names for the addresses in its stacks. */
  readonly named: (alert: Alert) => Alert;
  /** Behind the columns, as they were begun. */
  readonly trackers: readonly Tracker[];
  /** Undefined: thresholds can't be changed any more. */
  readonly setThreshold: ((tracker: string, thresholdNs: number) => void) | undefined;
}

/** The row with these delays, or the one next to them. */
function rowOf(rows: readonly BucketRow[], exponent: number): number {
  const row = rows.findIndex(({ end }) => exponent < end);
  return row === -1 ? rows.length - 1 : row;
}

/** At most so often (ms). */
const drawIntervalMs = 100;

export class HistApp {
  readonly #state: HistState;
  readonly #terminal: Terminal;
  readonly #options: HistAppOptions;
  readonly #screen: Screen;
  /** By tracker. */
  readonly #thresholdsNs: Map<string, number>;
  #column = 0;
  /** Binary logarithm (ns) of the delays in the selected cell: rows become others with what comes, and with the size of the screen. */
  #exponent = 0;
  #showsAlerts = false;
  #isPaused = false;
  /** The text being typed; undefined: no prompt. */
  #typed: string | undefined;
  #message: string | undefined;
  #isDirty = true;
  #quit: () => void = () => {};

  constructor(state: HistState, terminal: Terminal, options: HistAppOptions) {
    this.#state = state;
    this.#terminal = terminal;
    this.#options = options;
    this.#screen = new Screen((text) => terminal.write(text));
    this.#thresholdsNs = new Map(
      options.trackers.map(({ name, alert }) => [name, alert.thresholdNs]),
    );
  }

  /** There is something new to show. */
  changed(): void {
    this.#isDirty = true;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Shows the screen until q or Ctrl-C. The terminal is left as it was. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    this.#screen.open();
    const timer = setInterval(() => this.#draw(), drawIntervalMs);
    const endInput = this.#terminal.onInput((text) => {
      for (const key of parseKeys(text)) this.#press(key);
      this.#draw();
    });
    const endResize = this.#terminal.onResize(() => {
      this.#screen.forget();
      this.#isDirty = true;
    });
    try {
      this.#draw();
      await new Promise<void>((resolve) => {
        this.#quit = resolve;
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      clearInterval(timer);
      endInput();
      endResize();
      this.#screen.close();
    }
  }

  #draw(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const { columnCount, lineCount, isUtf8 } = this.#terminal;
    this.#screen.draw(
      frameLines(this.#state, {
        columnCount,
        lineCount,
        isUtf8,
        title: this.#options.title(),
        isPaused: this.#isPaused,
        prompt: this.#prompt(),
        column: this.#column,
        row: rowOf(rowsFor(this.#state, lineCount), this.#exponent),
        showsAlerts: this.#showsAlerts,
        alertHint: this.#alertHint(),
        time: this.#options.time,
        named: this.#options.named,
      }),
    );
  }

  #alertHint(): string {
    const thresholdNs = this.#thresholdsNs.get(columns[this.#column]!.tracker);
    const how =
      this.#options.setThreshold === undefined
        ? 'start with a lower --threshold'
        : 't sets their threshold';
    return thresholdNs === undefined || thresholdNs === Number.POSITIVE_INFINITY
      ? how
      : `They are kept above ${formatDuration(thresholdNs)}: ${how}`;
  }

  #prompt(): string | undefined {
    if (this.#typed === undefined) return this.#message;
    const { tracker } = columns[this.#column]!;
    return `Threshold of ${tracker} (such as 500us): ${this.#typed}_`;
  }

  #press(key: Key): void {
    this.#isDirty = true;
    this.#message = undefined;
    if (key === 'interrupt') this.#quit();
    else if (this.#typed !== undefined) this.#type(key);
    else if (typeof key === 'object') this.#command(key.character);
    else this.#move(key);
  }

  #move(key: Exclude<Key, object>): void {
    if (key === 'up') this.#moveRows(-1);
    else if (key === 'down') this.#moveRows(1);
    else if (key === 'left') this.#column = Math.max(0, this.#column - 1);
    else if (key === 'right') this.#column = Math.min(columns.length - 1, this.#column + 1);
    else if (key === 'enter') this.#showsAlerts = !this.#showsAlerts;
    else if (key === 'escape') this.#showsAlerts = false;
  }

  #moveRows(count: number): void {
    const rows = rowsFor(this.#state, this.#terminal.lineCount);
    const row = rowOf(rows, this.#exponent) + count;
    this.#exponent = rows[Math.max(0, Math.min(row, rows.length - 1))]!.first;
  }

  #command(character: string): void {
    switch (character) {
      case 'q':
        this.#quit();
        return;
      case '1':
      case '5':
        this.#state.window = character === '1' ? 1 : 5;
        return;
      case 'f':
        this.#state.window = 15;
        return;
      case 'a':
        this.#state.window = 'all';
        return;
      case 'r':
        this.#state.reset();
        return;
      case 'p':
        this.#isPaused = !this.#isPaused;
        return;
      case 't':
        if (this.#options.setThreshold === undefined) {
          this.#message = 'The trace has been read: start again with --threshold.';
        } else this.#typed = '';
        return;
      default: {
        const moves = { h: 'left', j: 'down', k: 'up', l: 'right' } as const;
        const move = moves[character as keyof typeof moves];
        if (move !== undefined) this.#move(move);
      }
    }
  }

  #type(key: Key): void {
    if (key === 'escape') this.#typed = undefined;
    else if (key === 'backspace') this.#typed = this.#typed!.slice(0, -1);
    else if (typeof key === 'object') this.#typed += key.character;
    else if (key === 'enter') {
      const text = this.#typed!;
      this.#typed = undefined;
      this.#applyThreshold(text);
    }
  }

  #applyThreshold(text: string): void {
    const { tracker } = columns[this.#column]!;
    try {
      const thresholdNs = durationNs(text.trim());
      this.#options.setThreshold?.(tracker, thresholdNs);
      this.#thresholdsNs.set(tracker, thresholdNs);
      this.#message = `The threshold of ${tracker} is ${text.trim()}.`;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#message = error.message;
    }
  }
}
