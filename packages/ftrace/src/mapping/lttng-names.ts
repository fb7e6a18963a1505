import { type EventRule, type FieldRule, parseEventRule, parseFieldRule } from './event-rule.ts';
import { kernelEventTable } from './kernel-events.ts';
import { syscallTable } from './syscalls.ts';

/** LTTng's kernel events that ftrace has too, by `system/name` of the latter. Parsed at the first use. */
let rules: Map<string, EventRule> | undefined;

function linesOf(table: string): string[] {
  return table.split('\n').filter((line) => line !== '');
}

function allRules(): Map<string, EventRule> {
  if (rules === undefined) {
    rules = new Map();
    for (const line of linesOf(kernelEventTable)) {
      const rule = parseEventRule(line);
      rules.set(`${rule.system}/${rule.sourceName}`, rule);
    }
  }
  return rules;
}

/** Undefined: LTTng has no such event, or the rule does not depend on a table (system calls). */
export function eventRuleOf(system: string, name: string): EventRule | undefined {
  return allRules().get(`${system}/${name}`);
}

/** Every event of LTTng's that ftrace can give. */
export function mappedEvents(): readonly EventRule[] {
  return [...allRules().values()];
}

/** What LTTng records of a system call: the arguments that go in, and those that come out. */
export interface SyscallRule {
  readonly entry: readonly FieldRule[];
  readonly exit: readonly FieldRule[];
}

let syscalls: Map<string, SyscallRule> | undefined;

/** Undefined: LTTng does not know the system call. */
export function syscallRuleOf(name: string): SyscallRule | undefined {
  if (syscalls === undefined) {
    syscalls = new Map();
    for (const line of linesOf(syscallTable)) {
      const [head = '', exit = 'ret:s64'] = line.split(' -> ');
      const [call = '', ...entry] = head.split(' ');
      const fields = (texts: readonly string[]) => texts.filter(Boolean).map(parseFieldRule);
      syscalls.set(call, { entry: fields(entry), exit: fields(exit.split(' ')) });
    }
  }
  return syscalls.get(name);
}

const syscallSource = /^sys_(enter|exit)_(\w+)$/;

/** The system call and direction of an event of ftrace's system `syscalls`. */
export function syscallOf(
  system: string,
  name: string,
): { call: string; isEntry: boolean } | undefined {
  const match = system === 'syscalls' ? syscallSource.exec(name) : null;
  return match === null ? undefined : { call: match[2]!, isEntry: match[1] === 'enter' };
}

/**
 * The name that an ftrace event has in our traces: LTTng's, where it has the event; else its own.
 */
export function lttngNameOf(system: string, name: string): string {
  const syscall = syscallOf(system, name);
  if (syscall !== undefined) return `syscall_${syscall.isEntry ? 'entry' : 'exit'}_${syscall.call}`;
  return eventRuleOf(system, name)?.name ?? name;
}
