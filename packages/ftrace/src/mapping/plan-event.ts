import type { EventFormat } from '../format/event-format.ts';
import type { EventField } from '../format/field-declaration.ts';
import type { IntegerShape } from '../layout/field-classes.ts';
import type { OutputField, RecordPlan } from '../layout/record-plan.ts';
import { eventRuleOf, lttngNameOf, syscallOf, syscallRuleOf } from './lttng-names.ts';
import { passThroughField } from './pass-through.ts';
import {
  fieldByRule,
  isNumber,
  minimumBytesOf,
  numberSourceOf,
  planAsIs,
  planByRule,
} from './resolve-plan.ts';
import { socketAddressField } from './socket-addresses.ts';

export interface PlanOptions {
  /** Texts of system calls are read by somebody: without, their addresses are recorded beside empty texts. */
  readonly hasUserStrings: boolean;
}

/** What becomes of an event in the trace. */
export function planEvent(format: EventFormat, options: PlanOptions): RecordPlan {
  const { system, name } = format;
  const syscall = syscallOf(system, name);
  if (syscall !== undefined) return planSyscall(format, syscall, options);
  const rule = eventRuleOf(system, name);
  return rule === undefined ? planAsIs(name, format) : planByRule(rule, format);
}

function planSyscall(
  format: EventFormat,
  { call, isEntry }: { call: string; isEntry: boolean },
  { hasUserStrings }: PlanOptions,
): RecordPlan {
  const rule = syscallRuleOf(call);
  const fields: OutputField[] = [];
  const addresses: OutputField[] = [];
  if (rule === undefined) {
    for (const field of format.fields) {
      if (field.name !== syscallNumber) fields.push(argumentField(field, format));
    }
  }
  for (const fieldRule of (isEntry ? rule?.entry : rule?.exit) ?? []) {
    const source = format.fields.find(({ name }) => fieldRule.sources.includes(name));
    const field = fieldByRule(fieldRule, source, format);
    if (field === undefined) continue;
    fields.push(field);
    if (field.kind === 'user-string' && !hasUserStrings && source !== undefined) {
      addresses.push(argumentField(source, format, `${field.name}_address`));
    }
  }
  const socketAddress = hasUserStrings ? socketAddressField(call, isEntry, format) : undefined;
  if (socketAddress !== undefined) fields.push(socketAddress);
  return {
    name: lttngNameOf(format.system, format.name),
    fields: [...fields, ...addresses],
    minimumBytes: minimumBytesOf(format),
  };
}

const syscallNumber = '__syscall_nr';

/** C types of 32 bits or less that arguments have. They lie in slots of a register's length. */
const narrowTypes: Readonly<Record<string, IntegerShape>> = {
  int: { lengthBits: 32, isSigned: true, base: 10 },
  pid_t: { lengthBits: 32, isSigned: true, base: 10 },
  mqd_t: { lengthBits: 32, isSigned: true, base: 10 },
  timer_t: { lengthBits: 32, isSigned: true, base: 10 },
  key_serial_t: { lengthBits: 32, isSigned: true, base: 10 },
  clockid_t: { lengthBits: 32, isSigned: true, base: 10 },
  'const clockid_t': { lengthBits: 32, isSigned: true, base: 10 },
  __s32: { lengthBits: 32, isSigned: true, base: 10 },
  unsigned: { lengthBits: 32, isSigned: false, base: 10 },
  'unsigned int': { lengthBits: 32, isSigned: false, base: 10 },
  uint32_t: { lengthBits: 32, isSigned: false, base: 10 },
  u32: { lengthBits: 32, isSigned: false, base: 10 },
  __u32: { lengthBits: 32, isSigned: false, base: 10 },
  uid_t: { lengthBits: 32, isSigned: false, base: 10 },
  gid_t: { lengthBits: 32, isSigned: false, base: 10 },
  qid_t: { lengthBits: 32, isSigned: false, base: 10 },
  key_t: { lengthBits: 32, isSigned: true, base: 10 },
  rwf_t: { lengthBits: 32, isSigned: true, base: 10 },
  umode_t: { lengthBits: 16, isSigned: false, base: 8 },
};

/** An argument of a system call that LTTng's table does not tell of. */
function argumentField(field: EventField, format: EventFormat, name = field.name): OutputField {
  const narrow = Object.hasOwn(narrowTypes, field.type) ? narrowTypes[field.type] : undefined;
  if (narrow === undefined || !isNumber(field) || field.lengthBytes * 8 < narrow.lengthBits) {
    return passThroughField(field, format, name);
  }
  return { kind: 'integer', name, shape: narrow, source: numberSourceOf(field), addend: 0 };
}
