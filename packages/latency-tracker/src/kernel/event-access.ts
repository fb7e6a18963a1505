/** How a program attached to an event gets at its values. */
import { UsageError } from '@sonde/base';
import {
  type Btf,
  type BtfType,
  type FormatField,
  type ProgramType,
  readFormat,
  type TracepointFormat,
} from '@sonde/ebpf';
import { systemCallOfNumber } from '@sonde/linux-model';
import { type Expression, formatExpression } from '../expression.ts';
import { argumentPath, systemCallRegisters } from './argument-names.ts';
import { isKnownTracepoint, knownArgument } from './known-arguments.ts';

/**
 * A value in the kernel's memory: from the program's context, each step but the last is the offset (bytes) of a pointer to follow.
 * - `number`: at the last offset
 * - `array`: text at the last offset; `pointer`: the last offset holds a pointer to text
 * - `dynamic`: text whose place within the record is in the low 16 bits of the number there
 */
export interface Source {
  readonly kind: 'number' | 'array' | 'pointer' | 'dynamic';
  readonly steps: readonly number[];
  readonly lengthBytes: number;
  readonly isSigned: boolean;
  /** The last offset is behind a pointer that the verifier does not know: it is read by a helper. */
  readonly isProbed?: boolean;
  /** The verifier knows none of the pointers on the way: all are followed by a helper. */
  readonly isUntyped?: boolean;
  /** Of `task.pid`: the steps to the task. */
  readonly taskSteps?: readonly number[];
}

/** What a program is attached to. Points with the same `id` share one program. */
export interface Target {
  readonly id: string;
  readonly programType: ProgramType;
  /** Kernel's name of the tracepoint or function. */
  readonly name: string;
  readonly btfId: number;
  /** For programs of type `tracepoint`. */
  readonly eventId: number;
}

export interface EventAccess {
  readonly target: Target;
  /** Must be true beside the point's own conditions. */
  readonly guard: Expression | undefined;
  /** @throws UsageError `unknown-field` */
  field(path: readonly string[]): Source;
  /** Where a task has its name (bytes), for programs that may look into tasks. */
  readonly commOffset?: number;
  /** Number of the system call, at events of one. */
  readonly systemCall: Source | undefined;
}

/**
 * How programs see events, the best first:
 * - `typed`: tracepoints with the kernel's types (tp_btf)
 * - `raw`: raw tracepoints, whose arguments are numbers to the verifier; without types only those that are the same in every kernel
 * - `recorded`: the fields that a perf event records, for all that the others do not know
 */
export const accessKinds = ['typed', 'raw', 'recorded'] as const;
export type AccessKind = (typeof accessKinds)[number];

export interface KernelTypes {
  /** Undefined: the kernel does not tell its types. */
  readonly btf: Btf | undefined;
  /** The best that may be used. */
  readonly access: AccessKind;
  /** Programs may exchange words in memory. */
  readonly hasExchange: boolean;
}

/**
 * The best way to see an event with these expressions: arguments where all values are known there, else the recorded fields.
 * @throws UsageError `no-event`, `unknown-field`
 */
export function accessEvent(
  event: string,
  via: 'event' | 'arguments' | 'function',
  reads: readonly Expression[],
  types: KernelTypes,
): EventAccess {
  if (via === 'function') return functionAccess(event, types.btf);
  const access = types.access === 'recorded' ? undefined : argumentAccess(event, via, types);
  if (access !== undefined) {
    if (via === 'arguments' || reads.every((read) => knows(access, read))) return access;
  }
  if (via === 'arguments') {
    const why = types.btf ? 'there is no such event' : 'the kernel does not tell its types';
    throw new UsageError('no-event', `No typed arguments of ${event}: ${why}.`);
  }
  return recordAccess(event);
}

function knows(access: EventAccess, read: Expression): boolean {
  if (read.type !== 'field') return true;
  try {
    access.field(read.path);
    return true;
  } catch {
    return false;
  }
}

/** `syscalls:sys_enter_read` → enter, read. */
const callEvent = /^syscalls:sys_(enter|exit)_(\w+)$/;

/** Undefined: there is no such tracepoint, or nothing is known of it. */
function argumentAccess(
  event: string,
  via: 'event' | 'arguments',
  types: KernelTypes,
): EventAccess | undefined {
  const call = callEvent.exec(event);
  if (call !== null) return callAccess(event, call[1] as 'enter' | 'exit', call[2]!, types);
  const name = event.replace(/^\w+:/, '');
  const { btf } = types;
  const isTyped = btf !== undefined && types.access === 'typed';
  const btfId = btf?.find('typedef', `btf_trace_${name}`);
  if (btf === undefined ? !isKnownTracepoint(name) : btfId === undefined) return undefined;
  return {
    target: {
      id: `${isTyped ? 'typed' : 'raw'} ${name}`,
      programType: isTyped ? 'typed-tracepoint' : 'raw-tracepoint',
      name,
      btfId: isTyped ? btfId! : 0,
      eventId: 0,
    },
    guard: undefined,
    field(path) {
      const known = via === 'arguments' ? path : path.length === 1 && argumentPath(event, path[0]!);
      if (known) return argument(types, event, name, known);
      throw unknownField(event, path, []);
    },
    systemCall:
      name === 'sys_enter' || name === 'sys_exit' ? systemCallNumber(types, name) : undefined,
    ...(isTyped && { commOffset: btf.offsetBytes('task_struct', 'comm') }),
  };
}

/** @throws UsageError `unknown-field` */
function argument(
  { btf, access }: KernelTypes,
  event: string,
  tracepoint: string,
  path: readonly string[],
): Source {
  if (btf === undefined) {
    const known = knownArgument(tracepoint, path);
    if (known !== undefined) return known;
    throw unknownField(event, path, []);
  }
  const source = resolveArgument(btf, event, tracepoint, path);
  if (access === 'typed') return source;
  // Such a task is a number to the verifier: it has no storage.
  const { taskSteps: _, ...raw } = source;
  return { ...raw, isUntyped: source.steps.length > 1 || source.kind !== 'number' };
}

function systemCallNumber(types: KernelTypes, name: 'sys_enter' | 'sys_exit'): Source | undefined {
  if (name === 'sys_enter') return argument(types, name, name, ['id']);
  const registers = systemCallRegisters[process.arch];
  return registers && argument(types, name, name, ['regs', registers.number]);
}

const callNumbers = new Map<string, number>();

function numberOfCall(name: string): number | undefined {
  if (process.arch !== 'x64') return undefined;
  if (callNumbers.size === 0) {
    for (let number = 0; number < 512; number++) {
      const call = systemCallOfNumber(number);
      if (call !== undefined) callNumbers.set(call, number);
    }
  }
  return callNumbers.get(name);
}

/** The events of one system call: those of all, where the number is that. */
function callAccess(
  event: string,
  side: 'enter' | 'exit',
  call: string,
  types: KernelTypes,
): EventAccess | undefined {
  const number = numberOfCall(call);
  const access = argumentAccess(`raw_syscalls:sys_${side}`, 'event', types);
  if (number === undefined || access === undefined) return undefined;
  const guard: Expression = {
    type: 'binary',
    operator: '==',
    left: { type: 'builtin', name: 'syscall' },
    right: { type: 'integer', value: number },
  };
  const [system, name] = event.split(':');
  let format: TracepointFormat | undefined;
  return {
    ...access,
    guard,
    field(path) {
      if (side === 'exit') return access.field(path);
      format ??= readFormat(system!, name!);
      const field = format?.fields.find((candidate) => candidate.name === path[0]);
      // Behind the common fields and the number, 8 bytes for each argument.
      const index = field === undefined ? -1 : field.offsetBytes / 8 - 2;
      const register = systemCallRegisters[process.arch]?.arguments[index];
      if (path.length !== 1 || register === undefined) throw unknownField(event, path, []);
      const source = argument(types, event, 'sys_enter', ['regs', register]);
      return /^(unsigned )?int$/.test(field!.type) ? { ...source, lengthBytes: 4 } : source;
    },
  };
}

/** @throws UsageError `unknown-field` */
function resolveArgument(
  btf: Btf,
  event: string,
  tracepoint: string,
  path: readonly string[],
): Source {
  const args = btf.tracepointArguments(tracepoint) ?? [];
  const index = args.findIndex(({ name }) => name === path[0]);
  if (index === -1)
    throw unknownField(
      event,
      path,
      args.map(({ name }) => name),
    );
  const steps = [index * 8];
  let type = btf.typeOf(args[index]!.typeId);
  let taskSteps: readonly number[] | undefined;
  let isProbed = false;
  for (const name of path.slice(1)) {
    const isPointer = type.kind === 'pointer';
    const inner = type.kind === 'pointer' ? btf.typeOf(type.targetId) : type;
    if (name === '*' && isPointer) {
      steps.push(0);
      isProbed = inner.kind !== 'struct';
      type = inner;
      continue;
    }
    const member = inner.kind === 'struct' ? btf.member(inner.id, name) : undefined;
    if (member === undefined || member.widthBits !== 0) throw unknownField(event, path, []);
    const isTask =
      isPointer && inner.kind === 'struct' && inner.id === btf.find('struct', 'task_struct');
    taskSteps = isTask && name === 'pid' ? [...steps] : undefined;
    if (isPointer) steps.push(0);
    steps[steps.length - 1]! += member.offsetBits >>> 3;
    type = btf.typeOf(member.typeId);
  }
  return { ...sourceOf(btf, type, event, path), steps, isProbed, ...(taskSteps && { taskSteps }) };
}

function sourceOf(
  btf: Btf,
  type: BtfType,
  event: string,
  path: readonly string[],
): Omit<Source, 'steps'> {
  const isText = (id: number): boolean => {
    const target = btf.typeOf(id);
    return target.kind === 'integer' && target.lengthBytes === 1;
  };
  switch (type.kind) {
    case 'integer':
      return { kind: 'number', lengthBytes: type.lengthBytes, isSigned: type.isSigned };
    case 'pointer':
      return {
        kind: isText(type.targetId) ? 'pointer' : 'number',
        lengthBytes: 8,
        isSigned: false,
      };
    case 'array':
      if (isText(type.elementId))
        return { kind: 'array', lengthBytes: type.length, isSigned: false };
      break;
    default:
  }
  throw new UsageError('unknown-field', `${path.join('.')} of ${event} is no number and no text.`);
}

function unknownField(
  event: string,
  path: readonly string[],
  names: readonly string[],
): UsageError {
  const known = names.length === 0 ? '' : `; it has ${names.join(', ')}`;
  return new UsageError('unknown-field', `${event} has no ${path.join('.')}${known}.`);
}

/** The recorded fields, as tracefs describes them. */
function recordAccess(event: string): EventAccess {
  const [system, name] = event.split(':');
  if (name === undefined) {
    throw new UsageError(
      'no-event',
      `Events of the kernel are named with their subsystem, as in sched:sched_switch; ${event} is not.`,
    );
  }
  const format = readFormat(system!, name);
  if (format === undefined) {
    throw new UsageError('no-event', `This kernel has no event ${event}; see "perf list".`);
  }
  // The common fields (`common_pid` is `$tid`) are not shown to programs.
  const fields = format.fields.filter(({ name: field }) => !field.startsWith('common_'));
  const sourceOfField = (path: readonly string[]): Source => {
    const field = fields.find((candidate) => candidate.name === path[0]);
    if (field !== undefined && path.length === 1) return fieldSource(event, field);
    throw unknownField(
      event,
      path,
      fields.map((candidate) => candidate.name),
    );
  };
  const numberField = system === 'raw_syscalls' ? 'id' : '__syscall_nr';
  const systemCall = fields.some((field) => field.name === numberField)
    ? sourceOfField([numberField])
    : undefined;
  return {
    target: {
      id: `record ${event}`,
      programType: 'tracepoint',
      name: name!,
      btfId: 0,
      eventId: format.id,
    },
    guard: undefined,
    field: sourceOfField,
    systemCall,
  };
}

function fieldSource(event: string, field: FormatField): Source {
  const { lengthBytes, isSigned } = field;
  const place = { steps: [field.offsetBytes], lengthBytes, isSigned };
  if (field.isArray && field.type.includes('char')) {
    return { ...place, kind: field.isDynamic ? 'dynamic' : 'array' };
  }
  if (!field.isArray && [1, 2, 4, 8].includes(lengthBytes)) return { ...place, kind: 'number' };
  throw new UsageError('unknown-field', `${field.name} of ${event} is no number and no text.`);
}

/** Entry (begin) and return (end) of a function; which of them is decided by the point's role. */
function functionAccess(name: string, btf: Btf | undefined): EventAccess {
  const btfId = btf?.find('function', name);
  if (btfId === undefined) {
    throw new UsageError('no-event', `This kernel has no function ${name} to hook.`);
  }
  return {
    target: { id: `function ${name}`, programType: 'function-entry', name, btfId, eventId: 0 },
    guard: undefined,
    field(path) {
      throw unknownField(name, path, ['$tid']);
    },
    systemCall: undefined,
  };
}

/** A task that an expression names by its thread id: who runs, or one of the event's. Undefined: no such thing. */
export function taskOf(
  access: EventAccess,
  expression: Expression,
): 'current' | readonly number[] | undefined {
  if (expression.type === 'builtin') return expression.name === 'tid' ? 'current' : undefined;
  if (expression.type !== 'field') return undefined;
  return access.field(expression.path).taskSteps;
}

/** Numbers are a word, texts two. */
export function kindOf(access: EventAccess, expression: Expression): 'number' | 'text' {
  if (expression.type === 'builtin') return expression.name === 'comm' ? 'text' : 'number';
  if (expression.type !== 'field') return 'number';
  return access.field(expression.path).kind === 'number' ? 'number' : 'text';
}

/** Whether all 64 bits are magnitude: addresses, mostly. */
export function isUnsigned(access: EventAccess, expression: Expression): boolean {
  if (expression.type !== 'field') return false;
  const { kind, lengthBytes, isSigned } = access.field(expression.path);
  return kind === 'number' && lengthBytes === 8 && !isSigned;
}

/** For errors: the expression with its event. */
export const describeRead = (event: string, expression: Expression): string =>
  `${formatExpression(expression)} of ${event}`;
