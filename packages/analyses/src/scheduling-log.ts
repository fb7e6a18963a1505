/** The rows of schedlog and schedtop: wakeups, and the switches that ended them. */
import type { Thread, WakeupLatency } from '@sonde/linux-model';
import type { ReducerContext } from './analysis.ts';
import { IntegerColumn, NumberColumn, ObjectColumn } from './columns.ts';
import { type ItemList, type ListText, listBlock, TextCells } from './list-text.ts';
import { doubtMark } from './losses.ts';
import { formatRow } from './number-format.ts';
import { makeRows } from './rows.ts';
import { type Cell, durationCell, numberCell, type ReportParts, type TableClass } from './table.ts';

/** A thread under the name that it had. */
interface NamedThread {
  readonly thread: Thread;
  readonly comm: string;
}

/** One object for all rows of a thread, as long as it keeps its name. */
class ThreadNames {
  readonly #last = new Map<Thread, NamedThread>();

  of(thread: Thread): NamedThread {
    const known = this.#last.get(thread);
    if (known !== undefined && known.comm === thread.comm) return known;
    const named = { thread, comm: thread.comm };
    this.#last.set(thread, named);
    return named;
  }
}

export interface SchedulingEvent {
  readonly wakeupNs: number;
  readonly switchNs: number;
  readonly priority: number;
  readonly cpuId: number;
  readonly wakee: NamedThread;
  readonly waker: NamedThread | undefined;
  readonly isCertain: boolean;
}

/** Latencies are reused: what is kept is a copy. */
export function copyOf(latency: WakeupLatency): SchedulingEvent {
  const { thread, waker } = latency;
  return {
    wakeupNs: latency.beginNs,
    switchNs: latency.endNs,
    priority: latency.priority ?? 0,
    cpuId: latency.cpu.id,
    wakee: { thread, comm: thread.comm },
    waker: waker && { thread: waker, comm: waker.comm },
    isCertain: latency.isCertain,
  };
}

/** Holds one row after the other. */
class SchedulingRow implements SchedulingEvent {
  wakeupNs = Number.NaN;
  switchNs = Number.NaN;
  priority = Number.NaN;
  cpuId = -1;
  wakee!: NamedThread;
  waker: NamedThread | undefined;
  isCertain = false;
}

/** Many latencies, in the order of their ends. */
export class SchedulingLog implements ItemList<SchedulingEvent> {
  readonly #names = new ThreadNames();
  readonly #wakeupsNs = new NumberColumn();
  readonly #switchesNs = new NumberColumn();
  readonly #priorities = new NumberColumn();
  readonly #cpuIds = new IntegerColumn();
  readonly #wakees = new ObjectColumn<NamedThread>();
  readonly #wakers = new ObjectColumn<NamedThread | undefined>();
  readonly #uncertainRows = new Set<number>();
  readonly #row = new SchedulingRow();

  add(latency: WakeupLatency): void {
    const { waker } = latency;
    if (!latency.isCertain) this.#uncertainRows.add(this.count);
    this.#wakeupsNs.push(latency.beginNs);
    this.#switchesNs.push(latency.endNs);
    this.#priorities.push(latency.priority ?? 0);
    this.#cpuIds.push(latency.cpu.id);
    this.#wakees.push(this.#names.of(latency.thread));
    this.#wakers.push(waker && this.#names.of(waker));
  }

  get count(): number {
    return this.#wakees.count;
  }

  at(index: number): SchedulingEvent {
    const row = this.#row;
    row.wakeupNs = this.#wakeupsNs.at(index);
    row.switchNs = this.#switchesNs.at(index);
    row.priority = this.#priorities.at(index);
    row.cpuId = this.#cpuIds.at(index);
    row.wakee = this.#wakees.at(index);
    row.waker = this.#wakers.at(index);
    row.isCertain = !this.#uncertainRows.has(index);
    return row;
  }
}

/** Adds a table of events, and their text. */
export function addEvents(
  parts: ReportParts,
  context: ReducerContext,
  tableClass: TableClass,
  events: ItemList<SchedulingEvent>,
): void {
  const rows = makeRows(events.count, (i) => cellsOf(events.at(i), context));
  parts.tables.push({ tableClass, rows });
  const head = ['', tableClass.title, header()];
  parts.text.push(listBlock(context, head, events, eventWriter()));
}

function cellsOf(event: SchedulingEvent, { toAbsoluteNs }: ReducerContext): Cell[] {
  return [
    { class: 'timestamp', value: toAbsoluteNs(event.wakeupNs) },
    { class: 'timestamp', value: toAbsoluteNs(event.switchNs) },
    durationCell(event.switchNs - event.wakeupNs),
    numberCell(event.priority),
    { class: 'cpu', id: event.cpuId },
    processCell(event.wakee),
    event.waker === undefined ? null : processCell(event.waker),
    numberCell(event.isCertain ? 0 : 1),
  ];
}

function processCell({ thread, comm }: NamedThread): Cell {
  const { pid, tid } = thread;
  return { class: 'process', name: comm, ...(pid >= 0 ? { pid } : {}), tid };
}

function header(): string {
  const range = formatRow(['Wakeup', 'Switch'], [20, 19]);
  const numbers = formatRow([range, 'Latency (us)', 'Priority'], [0, -15, -10]);
  return `${numbers}  CPU   ${formatRow(['Wakee', 'Waker'], [25, 25], '  ')}`;
}

function writeThread(named: NamedThread | undefined, text: ListText): void {
  const end = text.column + 25;
  if (named === undefined) {
    text.text('Unknown (N/A)');
  } else {
    text.text(named.comm);
    text.text(' (');
    text.integer(named.thread.tid);
    text.text(')');
  }
  text.fillTo(end);
}

function eventWriter(): (event: SchedulingEvent, text: ListText) => void {
  const threads = new TextCells<NamedThread | undefined>(writeThread);
  return (event, text) => {
    text.timeRange(event.wakeupNs, event.switchNs, 18);
    text.text(' ');
    text.us(event.switchNs - event.wakeupNs, 15);
    text.text(' ');
    text.integer(event.priority, 10);
    text.text('  ');
    text.integer(event.cpuId, 3);
    text.text('   ');
    text.cell(threads, event.wakee);
    text.text('  ');
    text.cell(threads, event.waker);
    if (!event.isCertain) text.text(doubtMark);
  };
}
