/** Values for an alert, read from the whole event: slow, but only for what took too long. */
import { decodeScope, type FieldValue } from '@sonde/ctf';
import type { RecordCursor, Scope } from '@sonde/trace-model';
import { compute } from '../compute.ts';
import type { StackFrame } from '../declaration.ts';
import { fieldNames } from '../event-names.ts';
import type { Builtin, Expression } from '../expression.ts';
import type { EventContext } from './event-context.ts';

const scopes: readonly Scope[] = [
  'event-record-payload',
  'event-record-specific-context',
  'event-record-common-context',
];

/** The fields of one event, decoded when they are asked for. */
export class WholeEvent {
  readonly #cursor: RecordCursor;
  readonly #context: EventContext;
  readonly #decoded = new Map<Scope, FieldValue | undefined>();

  constructor(cursor: RecordCursor, context: EventContext) {
    this.#cursor = cursor;
    this.#context = context;
  }

  /** Undefined: the event has no such value, or it is no number and no text. */
  value(expression: Expression): number | string | undefined {
    switch (expression.type) {
      case 'integer':
        return expression.value;
      case 'field':
        return plain(this.#find(expression.path));
      case 'builtin':
        return this.#builtin(expression.name);
      case 'starts-with': {
        const text = this.value(expression.operand);
        return typeof text === 'string' ? Number(text.startsWith(expression.prefix)) : undefined;
      }
      case 'binary': {
        const left = this.value(expression.left);
        const right = this.value(expression.right);
        if (typeof left !== 'number' || typeof right !== 'number') return undefined;
        return compute(expression.operator, left, right);
      }
    }
  }

  /** A call stack that the tracer recorded with the event. */
  stack(which: 'kernel' | 'user'): readonly StackFrame[] | undefined {
    const frames = this.#find([`callstack_${which}`]);
    if (!Array.isArray(frames)) return undefined;
    return frames
      .filter((frame) => typeof frame === 'number' || typeof frame === 'bigint')
      .map((frame) => ({ address: BigInt.asUintN(64, BigInt(frame)) }));
  }

  #builtin(name: Builtin): number | string | undefined {
    const { cpu, systemCall } = this.#context;
    if (name === 'cpu') return cpu.id;
    if (name === 'syscall') return systemCall;
    const names = {
      tid: ['tid', 'vtid'],
      tgid: ['pid', 'vpid'],
      comm: ['procname'],
      cgroup: ['cgroup_ns'],
    }[name];
    for (const context of names) {
      const value = plain(this.#findIn(scopes.slice(1), [context]));
      if (value !== undefined) return value;
    }
    if (name === 'comm') return cpu.comm === '' ? undefined : cpu.comm;
    if (name === 'cgroup') return this.#cgroup();
    const ofEvent = plain(this.#findIn(scopes.slice(0, 1), ['common_pid']));
    return ofEvent ?? (Number.isNaN(cpu.tid) ? undefined : cpu.tid);
  }

  #cgroup(): string | undefined {
    const tid = this.#builtin('tid');
    if (!this.#context.tellsCgroups || typeof tid !== 'number') return undefined;
    return this.#context.host.cgroups.of(tid);
  }

  #find([first, ...rest]: readonly string[]): unknown {
    for (const name of fieldNames(first ?? '')) {
      const found = this.#findIn(scopes, [name, ...rest]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findIn(where: readonly Scope[], path: readonly string[]): unknown {
    for (const scope of where) {
      let at: unknown = this.#scope(scope);
      for (const name of path) {
        at =
          typeof at === 'object' && at !== null && Object.hasOwn(at, name)
            ? (at as { readonly [name: string]: unknown })[name]
            : undefined;
      }
      if (at !== undefined) return at;
    }
    return undefined;
  }

  #scope(scope: Scope): unknown {
    if (!this.#decoded.has(scope)) this.#decoded.set(scope, decodeScope(this.#cursor, scope));
    return this.#decoded.get(scope);
  }
}

/** Addresses and other great numbers in hexadecimal. */
function plain(value: unknown): number | string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'bigint') return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : `0x${BigInt.asUintN(64, value).toString(16)}`;
}
