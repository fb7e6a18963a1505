/**
 * What an event means on a timeline, by its name. LTTng's names, and those of perf and ftrace where they differ.
 * - `switch`: another thread runs on the CPU; - `begin`/`end`: a slice on the thread's or the CPU's interrupt track;
 * - `process`: names a process; - `exit`: the thread ends; - `instant`: everything else.
 */
export type EventRule =
  | { readonly kind: 'switch' | 'process' | 'exit' | 'instant' }
  | {
      readonly kind: 'begin' | 'end';
      readonly track: 'thread' | 'interrupts';
      /** Of the slice; a payload field can say more. */
      readonly name: string;
      readonly category: string;
      /** Payload field that completes the name. */
      readonly nameField?: string;
    };

const instant: EventRule = { kind: 'instant' };

const interrupts: readonly (readonly [entry: RegExp, exit: RegExp, name: string, field: string])[] =
  [
    [/^irq_handler_entry$/, /^irq_handler_exit$/, 'irq', 'irq'],
    [/^(irq_)?softirq_entry$/, /^(irq_)?softirq_exit$/, 'softirq', 'vec'],
    [/^(timer_)?hrtimer_expire_entry$/, /^(timer_)?hrtimer_expire_exit$/, 'hrtimer', ''],
  ];

/** @param name - With perf's `system:` in front or without. */
export function ruleOf(name: string): EventRule {
  const plain = name.replace(/^(sched|irq|timer|syscalls|raw_syscalls):/, '');
  switch (plain) {
    case 'sched_switch':
      return { kind: 'switch' };
    case 'lttng_statedump_process_state':
    case 'sched_process_fork':
      return { kind: 'process' };
    case 'sched_process_exit':
      return { kind: 'exit' };
    case 'lttng_ust_cyg_profile:func_entry':
    case 'lttng_ust_cyg_profile_fast:func_entry':
      return slice('begin', 'thread', 'function', 'function', 'addr');
    case 'lttng_ust_cyg_profile:func_exit':
    case 'lttng_ust_cyg_profile_fast:func_exit':
      return slice('end', 'thread', 'function', 'function');
    case 'exit_syscall':
      return slice('end', 'thread', '', 'syscall');
  }
  return syscallRule(plain) ?? interruptRule(plain) ?? instant;
}

function syscallRule(name: string): EventRule | undefined {
  const entry = /^(?:compat_)?(?:syscall_entry|sys_enter)(?:_(.+))?$/.exec(name);
  if (entry !== null) {
    return slice('begin', 'thread', entry[1] ?? 'syscall', 'syscall', entry[1] ? undefined : 'id');
  }
  const exit = /^(?:compat_)?(?:syscall_exit|sys_exit)(?:_(.+))?$/.exec(name);
  return exit === null ? undefined : slice('end', 'thread', exit[1] ?? '', 'syscall');
}

function interruptRule(name: string): EventRule | undefined {
  for (const [entry, exit, label, field] of interrupts) {
    if (entry.test(name)) return slice('begin', 'interrupts', label, 'interrupt', field);
    if (exit.test(name)) return slice('end', 'interrupts', label, 'interrupt');
  }
  return undefined;
}

function slice(
  kind: 'begin' | 'end',
  track: 'thread' | 'interrupts',
  name: string,
  category: string,
  nameField = '',
): EventRule {
  return { kind, track, name, category, ...(nameField !== '' && { nameField }) };
}
