/** Named choices of events, as patterns of ftrace's names (`system:event`, with stars). */
export const presets = {
  sched: [
    'sched:sched_switch',
    'sched:sched_wakeup',
    'sched:sched_wakeup_new',
    'sched:sched_waking',
    'sched:sched_migrate_task',
    'sched:sched_pi_setprio',
    'sched:sched_process_*',
    'task:task_newtask',
    'task:task_rename',
  ],
  syscalls: ['syscalls:*'],
  irq: ['irq:*'],
  block: ['block:*'],
  net: ['net:*', 'napi:*', 'skb:kfree_skb', 'tcp:*', 'udp:*', 'sock:inet_sock_set_state'],
  mem: ['kmem:mm_page_*', 'exceptions:page_fault_*', 'oom:*', 'vmscan:mm_vmscan_*'],
  power: ['power:*'],
  /** What the LTTng analyses ask for. */
  'lttng-analyses': [
    'sched:sched_switch',
    'sched:sched_wakeup',
    'sched:sched_wakeup_new',
    'sched:sched_waking',
    'sched:sched_migrate_task',
    'sched:sched_pi_setprio',
    'sched:sched_process_*',
    'task:task_newtask',
    'task:task_rename',
    'syscalls:*',
    'irq:irq_handler_*',
    'irq:softirq_*',
    'block:block_rq_*',
    'block:block_bio_queue',
    'block:block_bio_backmerge',
    'block:block_bio_frontmerge',
    'block:block_bio_remap',
    'net:net_dev_queue',
    'net:net_dev_xmit',
    'net:netif_receive_skb',
    'net:netif_rx',
    'kmem:mm_page_alloc',
    'kmem:mm_page_free',
    'writeback:writeback_pages_written',
    'timer:hrtimer_expire_*',
    'io_uring:io_uring_submit_req',
    'io_uring:io_uring_file_get',
    'io_uring:io_uring_complete',
  ],
  /**
   * Every event but those that tell about nothing else than tracing or locking itself (they would be most of the trace), and `raw_syscalls`,
   * which says again what `syscalls` says.
   */
  all: ['*:*'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as readonly PresetName[];

export const defaultPreset: PresetName = 'lttng-analyses';

/** Systems that `*:*` leaves out; they can be named. */
export const unaskedSystems: ReadonlySet<string> = new Set([
  'ftrace',
  'initcall',
  'lock',
  'preemptirq',
  'raw_syscalls',
  'rcu',
  'bpf_test_run',
  'bpf_trace',
]);
