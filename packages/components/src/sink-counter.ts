import { UsageError } from '@sonde/base';
import { type ComponentContext, ParameterReader, type Sink, type SinkClass } from '@sonde/graph';
import type { Downstream } from '@sonde/trace-model';
import { TextBuffer } from './sink-text/text-buffer.ts';

/** `sink.utils.counter`: counts messages by kind (spec §6.3). Records are stepped over, not decoded. */
export const counterSink: SinkClass = {
  kind: 'sink',
  plugin: 'utils',
  className: 'counter',
  description: 'Count messages and print the results',
  parameterHelp: {
    step: 'Print the counts after about this many messages (1000); 0: at the end only',
    'hide-zero': 'Leave out counts of zero (no)',
  },
  create: (context) => new CounterSink(context),
};

const kinds = [
  'Event',
  'Stream beginning',
  'Stream end',
  'Packet beginning',
  'Packet end',
  'Discarded event',
  'Discarded packet',
  'Message iterator inactivity',
] as const;

class CounterSink implements Sink, Downstream {
  readonly #output: TextBuffer;
  readonly #step: number;
  readonly #hidesZero: boolean;
  readonly #counts = new Float64Array(kinds.length);
  #total = 0;
  #printedTotal = -1;
  #nextPrint: number;

  constructor(context: ComponentContext) {
    const reader = new ParameterReader(context.parameters, context.name);
    const step = reader.integer('step', 1000n);
    this.#hidesZero = reader.boolean('hide-zero', false);
    reader.rejectOthers();
    if (step < 0n) {
      throw new UsageError('bad-parameter', `${context.name} wants a step of 0 or more.`);
    }
    this.#step = Number(step);
    this.#nextPrint = this.#step === 0 ? Number.POSITIVE_INFINITY : this.#step;
    this.#output = new TextBuffer(context.output);
  }

  start(): Downstream {
    return this;
  }

  finish(): void {
    if (this.#total !== this.#printedTotal) this.#print();
    this.#output.flush();
  }

  eventHandler(): null {
    return null;
  }

  skippedEvents(count: number): void {
    this.#add(0, count);
  }

  streamBeginning(): void {
    this.#add(1, 1);
  }

  streamEnd(): void {
    this.#add(2, 1);
  }

  packetBeginning(): void {
    this.#add(3, 1);
  }

  packetEnd(): void {
    this.#add(4, 1);
  }

  discardedEvents(): void {
    this.#add(5, 1);
  }

  discardedPackets(): void {
    this.#add(6, 1);
  }

  inactivity(): void {
    this.#add(7, 1);
  }

  #add(kind: number, count: number): void {
    this.#counts[kind]! += count;
    this.#total += count;
    if (this.#total < this.#nextPrint) return;
    this.#nextPrint = (Math.floor(this.#total / this.#step) + 1) * this.#step;
    this.#print();
  }

  #print(): void {
    // An empty line between two blocks.
    if (this.#printedTotal >= 0) this.#output.text('\n');
    for (const [index, kind] of kinds.entries()) {
      const count = this.#counts[index]!;
      if (count > 0 || !this.#hidesZero) this.#line(count, `${kind} message`);
    }
    this.#line(this.#total, 'message', ' (TOTAL)');
    this.#printedTotal = this.#total;
    this.#output.flush();
  }

  #line(count: number, noun: string, after = ''): void {
    this.#output.text(`${String(count).padStart(15)} ${noun}${count === 1 ? '' : 's'}${after}\n`);
  }
}
