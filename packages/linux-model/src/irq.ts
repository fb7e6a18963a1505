import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import { integer, optionalInteger, optionalText, type Rule, rule } from './rule.ts';

export interface PendingHardIrq {
  readonly irq: number;
  readonly name: string;
  readonly beginNs: number;
}

/** Times are NaN where nothing is pending. */
export interface PendingSoftIrq {
  /** First raise that no handler has answered yet. */
  raiseNs: number;
  /** Begin of the running handler, and the raise it answers. */
  beginNs: number;
  beginRaiseNs: number;
}

/** Deeper nesting is lost exits. */
const maxNesting = 16;
/** Linux has 10 soft interrupts; a bit mask of an `unsigned long` could hold so many. */
const maxVectors = 64;

export const irqEntry: Rule = rule(
  ['irq_handler_entry'],
  { irq: integer('irq'), name: optionalText('name') },
  () => (event, timeNs, cpu) => {
    if (cpu.hardIrqs.length >= maxNesting) cpu.hardIrqs.length = 0;
    cpu.hardIrqs.push({ irq: event.irq, name: event.name ?? '', beginNs: timeNs });
  },
);

/** Takes the innermost handler of `irq`, and those within it: their exits are missing. Undefined: its entry is. */
function takeHardIrq(cpu: Cpu, irq: number): PendingHardIrq | undefined {
  const stack = cpu.hardIrqs;
  for (let i = stack.length - 1; i >= 0; i--) {
    const pending = stack[i]!;
    if (pending.irq !== irq) continue;
    stack.length = i;
    return pending;
  }
  return undefined;
}

export const irqExit: Rule = rule(
  ['irq_handler_exit'],
  { irq: integer('irq'), result: optionalInteger('ret') },
  (host) => {
    const channel = host.channels['hard-irq'];
    const { hardIrq } = host.buffers;
    return (event, timeNs, cpu) => {
      const pending = takeHardIrq(cpu, event.irq);
      if (pending === undefined || !channel.isWanted) return;
      hardIrq.cpu = cpu;
      hardIrq.irq = pending.irq;
      hardIrq.name = pending.name;
      hardIrq.isHandled = event.result !== 0;
      hardIrq.beginNs = pending.beginNs;
      hardIrq.endNs = timeNs;
      hardIrq.isCertain = pending.beginNs >= cpu.lastGapEndNs;
      channel.emit(hardIrq);
    };
  },
);

function softIrq(cpu: Cpu, vector: number): PendingSoftIrq | undefined {
  if (!(vector >= 0 && vector < maxVectors)) return undefined;
  let pending = cpu.softIrqs[vector];
  if (pending === undefined) {
    while (cpu.softIrqs.length < vector) cpu.softIrqs.push(undefined);
    pending = { raiseNs: Number.NaN, beginNs: Number.NaN, beginRaiseNs: Number.NaN };
    cpu.softIrqs[vector] = pending;
  }
  return pending;
}

/** A soft interrupt is a bit: raised again before it is handled, it stays raised since the first time. */
export const softIrqRaise: Rule = rule(
  ['irq_softirq_raise', 'softirq_raise'],
  { vector: integer('vec', 'vec_nr') },
  () => (event, timeNs, cpu) => {
    const pending = softIrq(cpu, event.vector);
    if (pending !== undefined && Number.isNaN(pending.raiseNs)) pending.raiseNs = timeNs;
  },
);

export const softIrqEntry: Rule = rule(
  ['irq_softirq_entry', 'softirq_entry'],
  { vector: integer('vec', 'vec_nr') },
  () => (event, timeNs, cpu) => {
    const pending = softIrq(cpu, event.vector);
    if (pending === undefined) return;
    if (Number.isNaN(pending.beginNs)) cpu.softIrqDepth++;
    pending.beginNs = timeNs;
    pending.beginRaiseNs = pending.raiseNs;
    pending.raiseNs = Number.NaN;
  },
);

export const softIrqExit: Rule = rule(
  ['irq_softirq_exit', 'softirq_exit'],
  { vector: integer('vec', 'vec_nr') },
  (host) => {
    const channel = host.channels['soft-irq'];
    const { softIrq: run } = host.buffers;
    return (event, timeNs, cpu) => {
      const pending = softIrq(cpu, event.vector);
      if (pending === undefined) return;
      if (Number.isNaN(pending.beginNs)) {
        // Its entry is missing. The raise was for this one, or came while it ran: the next entry can't tell.
        pending.raiseNs = Number.NaN;
        return;
      }
      const { beginNs, beginRaiseNs } = pending;
      pending.beginNs = Number.NaN;
      cpu.softIrqDepth--;
      if (!channel.isWanted) return;
      run.cpu = cpu;
      run.vector = event.vector;
      run.raiseNs = beginRaiseNs;
      run.beginNs = beginNs;
      run.endNs = timeNs;
      run.isCertain = beginNs >= cpu.lastGapEndNs;
      channel.emit(run);
    };
  },
);

/** After a gap nothing is known about handlers on that CPU. */
export function forgetInterrupts(_host: Host, cpu: Cpu): void {
  cpu.hardIrqs.length = 0;
  cpu.softIrqs.length = 0;
  cpu.softIrqDepth = 0;
}
