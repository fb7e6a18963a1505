import { UsageError } from '@sonde/base';
import { compileFilter, FilterCheck, type FilterExpression } from '@sonde/filter';
import {
  type ContextName,
  contextNames,
  type EventFormat,
  type KernelEvent,
  type KernelTraceLayout,
  observedEvents,
  parseEventFormat,
} from '@sonde/ftrace';
import type { DataStream } from '@sonde/trace-model';
import { nearestNames } from './nearest-names.ts';
import { eventRecordClassOf, type FilterRest, kernelStreamOf } from './recorder-filter.ts';
import type { RecordingPlan } from './recording-plan.ts';
import type { TracefsFolder } from './tracefs.ts';
import { compileTracefsFilter, conjuncts, contextFields } from './tracefs-filter.ts';

/** Stands for: no record of the event can pass, it stays off. */
export const neverFilter = '';

export interface EventFilters {
  /** By `system/name`: what `events/…/filter` gets. Events without one have no filter. */
  readonly texts: ReadonlyMap<string, string>;
  /** What the kernel leaves to the recorder. Events without one are written whenever the kernel hands them out. */
  readonly rests: ReadonlyMap<KernelEvent, FilterRest>;
  /** For people: which part runs where. */
  readonly notes: readonly string[];
}

export interface FilterChoice {
  readonly filter?: FilterExpression | undefined;
  /** Only threads with this name, with stars. */
  readonly comm?: string | undefined;
  /** Nobody looks into events while they are recorded. */
  readonly isRaw?: boolean | undefined;
}

/**
 * Who filters what of the events of a plan: the kernel as much as it can, the recorder the rest.
 * @param supporting - Events that are on whatever the filter says: the table of threads lives on them.
 * @throws UsageError `filter-beyond-kernel` where the recorder would have to filter a raw recording; `bad-comm`; `unknown-field`, and
 * what is wrong with the types of a filter
 */
export function eventFilters(
  layoutOf: () => KernelTraceLayout,
  formats: ReadonlyMap<string, string>,
  plan: Pick<RecordingPlan, 'events' | 'contexts'>,
  choice: FilterChoice,
  supporting: readonly string[],
): EventFilters {
  const { filter, comm } = choice;
  const parts = { texts: new Map(), rests: new Map(), notes: [] };
  if (filter === undefined && comm === undefined) return parts;
  const layout = layoutOf();
  const stream = kernelStreamOf(layout);
  if (filter !== undefined) checkFields(filter, layout, plan.contexts);
  const commText = comm === undefined ? undefined : commFilter(comm);
  for (const name of plan.events) {
    const format = formatOf(formats, name);
    const event = layout.actions[format.id]?.event;
    if (event === undefined) continue;
    const target = { name, event, format, stream, isSupporting: supporting.includes(name) };
    addFilter(parts, target, choice, commText);
  }
  if (
    plan.events.length > 0 &&
    plan.events.every((name) => parts.texts.get(name) === neverFilter)
  ) {
    throw new UsageError(
      'filter-never',
      `No record of the chosen events can pass the filter \`${filter?.text ?? ''}\`: none of them has all the fields it asks for.`,
    );
  }
  return parts;
}

interface FilterParts {
  readonly texts: Map<string, string>;
  readonly rests: Map<KernelEvent, FilterRest>;
  readonly notes: string[];
}

interface FilteredEvent {
  /** `system/name` */
  readonly name: string;
  readonly event: KernelEvent;
  readonly format: EventFormat;
  readonly stream: DataStream;
  readonly isSupporting: boolean;
}

function addFilter(
  { texts, rests, notes }: FilterParts,
  target: FilteredEvent,
  { filter, isRaw = false }: FilterChoice,
  commText: string | undefined,
): void {
  const { name, event, isSupporting } = target;
  const shown = event.plan.name;
  const part = filter === undefined ? undefined : partsFor(filter, target, isRaw);
  if (part === 'never') {
    // The others stay off. Raw recordings do without what these tell.
    if (isSupporting && !isRaw) rests.set(event, 'never');
    else texts.set(name, neverFilter);
    notes.push(`${shown}: no record can pass the filter, the event stays off`);
    return;
  }
  const kernelParts = [commText, part?.text].filter((text) => text !== undefined);
  if (kernelParts.length > 0) {
    const text =
      kernelParts.length === 1
        ? kernelParts[0]!
        : kernelParts.map((kernelPart) => `(${kernelPart})`).join(' && ');
    texts.set(name, text);
    notes.push(`${shown}: the kernel filters by \`${text}\``);
  }
  if (part?.rest === undefined) return;
  if (isRaw) throw beyondKernel(shown, part.rest);
  rests.set(event, part.rest);
  notes.push(`${shown}: the recorder filters by \`${formatFilter(part.rest)}\``);
}

/** What the kernel does, and what is left. */
function partsFor(
  filter: FilterExpression,
  { name, event, format, stream }: FilteredEvent,
  isRaw: boolean,
): 'never' | { readonly text: string | undefined; readonly rest: FilterExpression | undefined } {
  const eventRecordClass = eventRecordClassOf(stream, event);
  const outcomeOf = (part: FilterExpression) =>
    compileFilter(part, { eventRecordClass, stream }).outcome;
  // These must reach the recorder, which keeps its table of threads from them.
  if (isObserved(name) && !isRaw) {
    const outcome = outcomeOf(filter);
    return outcome === 'never'
      ? outcome
      : { text: undefined, rest: outcome === 'always' ? undefined : filter };
  }
  const { outcome, text, rest } = compileTracefsFilter(filter, event.plan, format);
  if (outcome === 'never') return outcome;
  const restOutcome = rest === undefined ? 'always' : outcomeOf(rest);
  if (restOutcome === 'never') return restOutcome;
  return { text, rest: restOutcome === 'always' ? undefined : rest };
}

const observed = new Set(observedEvents.map(({ system, name }) => `${system}/${name}`));

function isObserved(event: string): boolean {
  return observed.has(event);
}

/** What nobody records would only show as a trace without events. */
function checkFields(
  filter: FilterExpression,
  layout: KernelTraceLayout,
  contexts: readonly ContextName[],
): void {
  const check = new FilterCheck(filter);
  check.addStream(kernelStreamOf(layout));
  if (check.typeError !== undefined) throw check.typeError;
  for (const { name, isContext } of check.unknownFields) {
    const context = name.startsWith('$ctx.') ? name.slice('$ctx.'.length) : '';
    if (Object.hasOwn(contextFields, context)) continue;
    const missing = contextNames.find((candidate) => candidate === context);
    const remedy =
      missing !== undefined
        ? ` Record it: --context ${[...contexts, missing].join(',')}.`
        : isContext
          ? ` There is a context $ctx.${name}.`
          : nearFields(name, layout);
    throw new UsageError('unknown-field', `None of the chosen events has ${name}.${remedy}`);
  }
}

function nearFields(name: string, { events }: KernelTraceLayout): string {
  const near = nearestNames(
    name,
    events.flatMap(({ plan }) => plan.fields.map((field) => field.name)),
  );
  if (near.length > 0) return ` Near are: ${near.join(', ')}.`;
  return /^\w+$/.test(name) ? ` Texts stand in quotes: "${name}".` : '';
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

function beyondKernel(name: string, rest: FilterExpression): UsageError {
  return new UsageError(
    'filter-beyond-kernel',
    `The kernel can't filter ${name} by \`${formatFilter(rest)}\`: it compares fields, \`$ctx.procname\`, \`$ctx.tid\` and \`$ctx.cpu_id\` with constants. The recorder could, but a raw recording is not looked into: leave out --raw, or filter with \`sonde read --filter\`.`,
  );
}

/** Conjuncts as they were written. */
function formatFilter({ text, root }: FilterExpression): string {
  const parts = conjuncts(root);
  const shown = parts.map((node) => {
    const part = text.slice(node.begin, node.end);
    const isLoose = node.type === 'binary' && node.operator === '||' && parts.length > 1;
    return isLoose ? `(${part})` : part;
  });
  return shown.join(' && ');
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
