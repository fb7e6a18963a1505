/**
 * Declarations say events and fields as the kernel does (`irq:softirq_entry`, `prev_pid`). Here is what other tracers call them.
 */

/** LTTng's names, where they are more than the kernel's without the subsystem (lttng-modules 2.13 instrumentation). */
const lttngEvents: Readonly<Record<string, string>> = {
  'irq:softirq_raise': 'irq_softirq_raise',
  'irq:softirq_entry': 'irq_softirq_entry',
  'irq:softirq_exit': 'irq_softirq_exit',
  'timer:hrtimer_start': 'timer_hrtimer_start',
  'timer:hrtimer_cancel': 'timer_hrtimer_cancel',
  'timer:hrtimer_expire_entry': 'timer_hrtimer_expire_entry',
  'timer:hrtimer_expire_exit': 'timer_hrtimer_expire_exit',
  'net:netif_receive_skb': 'net_if_receive_skb',
  'net:netif_rx': 'net_if_rx',
  'skb:consume_skb': 'skb_consume',
  'skb:kfree_skb': 'skb_kfree',
  'lock:contention_begin': 'lock_contention_begin',
  'lock:contention_end': 'lock_contention_end',
};

/** Fields: what the kernel's formats call `pid` is a thread id, and LTTng says so. */
const fieldGroups: readonly (readonly string[])[] = [
  ['pid', 'tid'],
  ['prev_pid', 'prev_tid'],
  ['next_pid', 'next_tid'],
  ['child_pid', 'child_tid'],
  ['parent_pid', 'parent_tid'],
];

/** Event names with one of these belong to one system call. */
const callPrefixes = {
  enter: ['syscall_entry_', 'compat_syscall_entry_', 'sys_enter_'],
  exit: ['syscall_exit_', 'compat_syscall_exit_', 'sys_exit_', 'exit_syscall'],
} as const;

/** Without perf's and the kernel's subsystem: `sched:sched_switch` → `sched_switch`. */
export function plainName(event: string): string {
  const colon = event.indexOf(':');
  return colon > 0 && /^[a-z_0-9]+$/.test(event.slice(0, colon)) ? event.slice(colon + 1) : event;
}

/** The system call of an event of one: `syscall_entry_openat`, `syscalls:sys_exit_openat` → `openat`. Undefined: no such event. */
export function systemCallOf(event: string): string | undefined {
  const plain = plainName(event);
  for (const prefix of [...callPrefixes.enter, ...callPrefixes.exit]) {
    if (plain.startsWith(prefix) && plain.length > prefix.length) return plain.slice(prefix.length);
  }
  return undefined;
}

/** Whether an event of a trace is the one that a declaration means. */
export function eventMatches(declared: string, inTrace: string): boolean {
  if (declared === inTrace) return true;
  const plain = plainName(inTrace);
  const wanted = plainName(declared);
  if (wanted === 'sys_enter' || wanted === 'sys_exit') {
    if (plain === wanted) return true;
    const prefixes = wanted === 'sys_enter' ? callPrefixes.enter : callPrefixes.exit;
    return prefixes.some((prefix) => plain.startsWith(prefix));
  }
  if (wanted === plain) return !isOtherSubsystem(declared, inTrace);
  if (lttngEvents[declared] === plain) return true;
  const call = /^sys_(enter|exit)_(.+)$/.exec(wanted);
  if (call === null) return false;
  return callPrefixes[call[1] as 'enter' | 'exit'].some(
    (prefix) => plain === `${prefix}${call[2]}`,
  );
}

/** `a:x` and `b:x` are two events; `x` alone may be either. */
function isOtherSubsystem(declared: string, inTrace: string): boolean {
  return declared.includes(':') && inTrace.includes(':') && declared !== inTrace;
}

/** What a field of a declaration may be called in a trace; the first that is there counts. */
export function fieldNames(declared: string): readonly string[] {
  const group = fieldGroups.find((names) => names.includes(declared));
  return group === undefined ? [declared] : [declared, ...group.filter((n) => n !== declared)];
}
