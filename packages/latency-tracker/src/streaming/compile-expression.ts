/** Expressions as closures over a projected record: no text of a declaration ever becomes code. */

import { UsageError } from '@sonde/base';
import type { FieldDemand } from '@sonde/ctf';
import type { EventRecordClass } from '@sonde/trace-model';
import { computeBits } from '../compute.ts';
import {
  type BinaryOperator,
  type Builtin,
  type Expression,
  formatExpression,
} from '../expression.ts';
import type { EventContext } from './event-context.ts';
import {
  demandFor,
  type FoundField,
  fieldsOf,
  findContext,
  findField,
  findPayload,
} from './find-field.ts';

/** The demanded fields by slot. */
export interface SlotRecord {
  readonly [slot: string]: unknown;
}

/** NaN: the event has no such value. */
export type NumberOf = (record: SlotRecord) => number;
export type TextOf = (record: SlotRecord) => string;

export type CompiledValue =
  | { readonly kind: 'number'; readonly get: NumberOf }
  | { readonly kind: 'text'; readonly get: TextOf };

/** Names of contexts that LTTng has for a builtin. */
const contextNames: Readonly<Partial<Record<Builtin, readonly string[]>>> = {
  tid: ['tid', 'vtid'],
  tgid: ['pid', 'vpid'],
  comm: ['procname'],
  cgroup: ['cgroup_ns', 'cgroup'],
};

/** What block events of ftrace and perf say in letters, as LTTng's mask: bit 0 is write (include/linux/blktrace_api.h). */
function rwbsMask(letters: string): number {
  return /[WD]/.test(letters) ? 1 : 0;
}

/** Compiles the expressions of all points at one event record class, and collects the fields they need. */
export class ExpressionCompiler {
  readonly demands: FieldDemand[] = [];
  readonly #slots = new Map<string, string>();
  readonly #eventRecordClass: EventRecordClass;
  readonly #context: EventContext;

  constructor(eventRecordClass: EventRecordClass, context: EventContext) {
    this.#eventRecordClass = eventRecordClass;
    this.#context = context;
  }

  /** @throws UsageError `unknown-field` with the fields that there are */
  compile(expression: Expression): CompiledValue {
    switch (expression.type) {
      case 'integer': {
        const { value } = expression;
        return { kind: 'number', get: () => value };
      }
      case 'field':
        return this.#field(expression.path);
      case 'builtin':
        return this.#builtin(expression.name);
      case 'starts-with': {
        const text = this.#text(expression.operand);
        const { prefix } = expression;
        return { kind: 'number', get: (record) => Number(text(record).startsWith(prefix)) };
      }
      case 'binary': {
        const left = this.number(expression.left);
        const right = this.number(expression.right);
        return { kind: 'number', get: binary(expression.operator, left, right) };
      }
    }
  }

  number(expression: Expression): NumberOf {
    const value = this.compile(expression);
    if (value.kind === 'number') return value.get;
    if (expression.type === 'field' && expression.path.join('.') === 'rwbs') {
      return (record) => rwbsMask(value.get(record));
    }
    throw this.#error(`${formatExpression(expression)} is a text, where a number is needed`);
  }

  #text(expression: Expression): TextOf {
    const value = this.compile(expression);
    if (value.kind === 'text') return value.get;
    throw this.#error(`${formatExpression(expression)} is a number, where a text is needed`);
  }

  #field(path: readonly string[]): CompiledValue {
    const found = findField(this.#eventRecordClass, path);
    if (found !== undefined) return this.#read(found);
    const cgroup = /^((?:prev_|next_)?)cgroup$/.exec(path.join('.'));
    if (cgroup !== null) return this.#cgroup({ type: 'field', path: [`${cgroup[1]}pid`] });
    const known = fieldsOf(this.#eventRecordClass).join(', ');
    throw this.#error(`there is no field ${path.join('.')}; there are ${known}`);
  }

  #read(found: FoundField): CompiledValue {
    const key = `${found.scope}/${found.path.join('/')}`;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = `f${this.demands.length}`;
      this.#slots.set(key, slot);
      this.demands.push(demandFor(found, slot));
    }
    const name = slot;
    if (found.kind === 'text') return { kind: 'text', get: (record) => record[name] as string };
    return { kind: 'number', get: numberGetter(name) };
  }

  #builtin(name: Builtin): CompiledValue {
    const context = this.#context;
    if (name === 'cpu') return { kind: 'number', get: () => context.cpu.id };
    if (name === 'syscall') return this.#systemCall();
    const found = findContext(this.#eventRecordClass, contextNames[name] ?? []);
    if (found !== undefined) return this.#read(found);
    if (name === 'comm') return { kind: 'text', get: () => context.cpu.comm };
    if (name === 'cgroup') return this.#cgroup({ type: 'builtin', name: 'tid' });
    const payload = findPayload(this.#eventRecordClass, 'common_pid');
    if (payload !== undefined) return this.#read(payload);
    return { kind: 'number', get: () => context.cpu.tid };
  }

  #cgroup(thread: Expression): CompiledValue {
    const context = this.#context;
    if (!context.tellsCgroups) {
      throw this.#error(
        `the trace does not tell the control group of ${formatExpression(thread)}: it has neither the context cgroup_ns nor a state dump of them (lttng_statedump_process_cgroup_ns)`,
      );
    }
    const tid = this.number(thread);
    return { kind: 'text', get: (record) => context.host.cgroups.of(tid(record)) };
  }

  /** The name that the event has, else the number. */
  #systemCall(): CompiledValue {
    const found =
      findPayload(this.#eventRecordClass, 'id') ?? findPayload(this.#eventRecordClass, 'nr');
    const isGeneric = /(?:^|:)sys_(?:enter|exit)$/.test(this.#eventRecordClass.name ?? '');
    if (isGeneric && found !== undefined) return this.#read(found);
    const context = this.#context;
    return { kind: 'text', get: () => context.systemCall };
  }

  #error(problem: string): UsageError {
    const { name, id } = this.#eventRecordClass;
    return new UsageError('unknown-field', `${name ?? `event ${id}`}: ${problem}.`);
  }
}

/** One function each, so that each has one property to look up. */
function numberGetter(slot: string): NumberOf {
  switch (slot) {
    case 'f0':
      return (record) => record['f0'] as number;
    case 'f1':
      return (record) => record['f1'] as number;
    case 'f2':
      return (record) => record['f2'] as number;
    case 'f3':
      return (record) => record['f3'] as number;
    default:
      return (record) => record[slot] as number;
  }
}

function binary(operator: BinaryOperator, left: NumberOf, right: NumberOf): NumberOf {
  switch (operator) {
    case '+':
      return (record) => left(record) + right(record);
    case '-':
      return (record) => left(record) - right(record);
    case '<':
      return (record) => Number(left(record) < right(record));
    case '<=':
      return (record) => Number(left(record) <= right(record));
    case '>':
      return (record) => Number(left(record) > right(record));
    case '>=':
      return (record) => Number(left(record) >= right(record));
    case '==':
      return (record) => Number(left(record) === right(record));
    case '!=':
      return (record) => Number(left(record) !== right(record));
    default:
      return (record) => computeBits(operator, left(record), right(record));
  }
}
