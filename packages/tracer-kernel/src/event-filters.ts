import { UsageError } from '@sonde/base';
import type { FilterExpression } from '@sonde/filter';
import { type EventFormat, type KernelTraceLayout, parseEventFormat } from '@sonde/ftrace';
import type { RecordingPlan } from './recording-plan.ts';
import type { TracefsFolder } from './tracefs.ts';
import { compileTracefsFilter } from './tracefs-filter.ts';

/** Stands for: no record of the event can pass, it stays off. */
export const neverFilter = '';

export interface EventFilters {
  /** By `system/name`: what `events/…/filter` gets. Events without one have no filter. */
  readonly texts: ReadonlyMap<string, string>;
  /** For people: which part runs where. */
  readonly notes: readonly string[];
}

export interface FilterChoice {
  readonly filter?: FilterExpression;
  /** Only threads with this name, with stars. */
  readonly comm?: string;
}

/**
 * The kernel's filters for the events of a plan.
 * @throws UsageError `filter-beyond-kernel` where a part of the filter can't be said there; `bad-comm`
 */
export function eventFilters(
  layoutOf: () => KernelTraceLayout,
  formats: ReadonlyMap<string, string>,
  plan: RecordingPlan,
  { filter, comm }: FilterChoice,
): EventFilters {
  const texts = new Map<string, string>();
  const notes: string[] = [];
  if (filter === undefined && comm === undefined) return { texts, notes };
  const layout = layoutOf();
  const commText = comm === undefined ? undefined : commFilter(comm);
  for (const event of plan.events) {
    const format = formatOf(formats, event);
    const plan = layout.actions[format.id]?.event?.plan;
    if (plan === undefined) continue;
    const compiled = filter === undefined ? undefined : compileTracefsFilter(filter, plan, format);
    if (compiled?.outcome === 'never') {
      texts.set(event, neverFilter);
      notes.push(`${plan.name}: no record can pass the filter, the event stays off`);
      continue;
    }
    if (compiled?.hasRest === true) throw beyondKernel(plan.name, filter);
    const parts = [commText, compiled?.text].filter((part) => part !== undefined);
    if (parts.length === 0) continue;
    const text = parts.length === 1 ? parts[0]! : parts.map((part) => `(${part})`).join(' && ');
    texts.set(event, text);
    notes.push(`${plan.name}: the kernel filters by \`${text}\``);
  }
  return { texts, notes };
}

function formatOf(formats: ReadonlyMap<string, string>, event: string): EventFormat {
  const system = event.slice(0, event.indexOf('/'));
  return parseEventFormat(system, formats.get(event) ?? '');
}

function commFilter(comm: string): string {
  if (/["\\?[\]\n\0]/.test(comm)) {
    throw new UsageError('bad-comm', `The kernel can't look for the name ${JSON.stringify(comm)}.`);
  }
  return `COMM ${comm.includes('*') ? '~' : '=='} "${comm}"`;
}

function beyondKernel(name: string, filter: FilterExpression | undefined): UsageError {
  return new UsageError(
    'filter-beyond-kernel',
    `The kernel can't do all of the filter \`${filter?.text ?? ''}\` for ${name}: it compares fields, \`$ctx.procname\`, \`$ctx.tid\` and \`$ctx.cpu_id\` with constants. Record without it, and filter with \`sonde read --filter\`.`,
  );
}

/** @throws UsageError `bad-filter`, with the kernel's own words */
export function writeFilter(folder: TracefsFolder, event: string, text: string): void {
  if (text === neverFilter) return;
  try {
    folder.write(`events/${event}/filter`, `${text}\n`);
  } catch (cause) {
    const told = folder.has('error_log') ? folder.read('error_log').trimEnd() : '';
    const last = told.slice(told.lastIndexOf('\n[') + 1);
    throw new UsageError(
      'bad-filter',
      `The kernel refuses the filter \`${text}\` for ${event}.${last === '' ? '' : `\n${last}`}`,
      {},
      { cause },
    );
  }
}
