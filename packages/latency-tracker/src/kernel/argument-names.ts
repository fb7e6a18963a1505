/**
 * Declarations name the fields of events as tracefs formats do; typed programs see the arguments that these fields are made from. Here is
 * how to get from one to the other, for the events where that is known to be the same value. `*` follows a pointer to a number.
 */
type Fields = Readonly<Record<string, string>>;

/** Beside what formats have, the process and the control group of a task (as `bpf_get_current_cgroup_id` counts them). */
const task = (argument: string, prefix = ''): Fields => ({
  [`${prefix}tgid`]: `${argument}.tgid`,
  [`${prefix}cgroup`]: `${argument}.cgroups.dfl_cgrp.kn.id`,
  [`${prefix}pid`]: `${argument}.pid`,
  [`${prefix}comm`]: `${argument}.comm`,
  [`${prefix}prio`]: `${argument}.prio`,
});

const wakeup: Fields = { ...task('p'), target_cpu: 'p.thread_info.cpu' };
const socketBuffer: Fields = { skbaddr: 'skb', len: 'skb.len', name: 'skb.dev.name' };

const fieldsOfEvents: Readonly<Record<string, Fields>> = {
  // The state is the raw one: a preempted task has 0, as in declarations after `& 0xff`.
  'sched:sched_switch': {
    ...task('prev', 'prev_'),
    ...task('next', 'next_'),
    prev_state: 'prev_state',
  },
  'sched:sched_waking': wakeup,
  'sched:sched_wakeup': wakeup,
  'sched:sched_wakeup_new': wakeup,
  'sched:sched_process_exit': task('p'),
  'sched:sched_process_free': task('p'),
  'raw_syscalls:sys_enter': { id: 'id' },
  'raw_syscalls:sys_exit': { ret: 'ret' },
  'irq:irq_handler_entry': { irq: 'irq', name: 'action.name' },
  'irq:irq_handler_exit': { irq: 'irq', ret: 'ret' },
  'irq:softirq_raise': { vec: 'vec_nr' },
  'irq:softirq_entry': { vec: 'vec_nr' },
  'irq:softirq_exit': { vec: 'vec_nr' },
  'timer:hrtimer_start': {
    hrtimer: 'hrtimer',
    function: 'hrtimer.function',
    expires: 'hrtimer.node.expires',
    softexpires: 'hrtimer._softexpires',
    mode: 'mode',
  },
  'timer:hrtimer_expire_entry': {
    hrtimer: 'hrtimer',
    now: 'now.*',
    function: 'hrtimer.function',
  },
  'timer:hrtimer_cancel': { hrtimer: 'hrtimer' },
  'net:netif_receive_skb': socketBuffer,
  'net:netif_rx': socketBuffer,
  'net:net_dev_queue': socketBuffer,
  'skb:consume_skb': { skbaddr: 'skb' },
  'skb:kfree_skb': { skbaddr: 'skb' },
  'skb:skb_copy_datagram_iovec': { skbaddr: 'skb', len: 'len' },
  'lock:contention_begin': { lock_addr: 'lock', flags: 'flags' },
  'lock:contention_end': { lock_addr: 'lock', ret: 'ret' },
};

/** Path to the value of a field from the event's arguments; undefined: not known. */
export function argumentPath(event: string, field: string): readonly string[] | undefined {
  const fields = fieldsOfEvents[event];
  if (fields === undefined || !Object.hasOwn(fields, field)) return undefined;
  return fields[field]!.split('.');
}

/** Members of `pt_regs` that hold the number and the arguments of a system call. */
export const systemCallRegisters: Readonly<
  Record<string, { readonly number: string; readonly arguments: readonly string[] }>
> = {
  x64: { number: 'orig_ax', arguments: ['di', 'si', 'dx', 'r10', 'r8', 'r9'] },
};
