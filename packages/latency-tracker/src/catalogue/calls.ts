import type { TrackerDeclaration } from '../declaration.ts';

const task = { tid: '$tid', comm: '$comm' };

export const syscall: TrackerDeclaration = {
  name: 'syscall',
  summary: 'system calls, from entry to exit',
  level: 'syscall',
  per: 'task',
  begin: [{ event: 'raw_syscalls:sys_enter', key: ['$tid'], labels: { call: '$syscall' } }],
  end: [{ event: 'raw_syscalls:sys_exit', key: ['$tid'], info: { ...task, ret: 'ret' } }],
  // A call that waits is switched in many times before it ends: there its stack says what for.
  peek: [{ event: 'sched:sched_switch', key: ['next_pid'] }],
  // `exit` never returns.
  abort: [{ event: 'sched:sched_process_exit', key: ['pid'] }],
  alert: { threshold: '1s', halfStack: true, stack: 'pending' },
};

export const netRx: TrackerDeclaration = {
  name: 'net_rx',
  summary: 'received packets, from the device to user space (or to their end)',
  level: 'net',
  begin: [
    { event: 'net:netif_receive_skb', key: ['skbaddr'], info: { iface: 'name', len: 'len' } },
  ],
  end: [
    { event: 'skb:skb_copy_datagram_iovec', key: ['skbaddr'], outId: 0, info: task },
    { event: 'skb:consume_skb', key: ['skbaddr'], outId: 1, info: task },
    { event: 'skb:kfree_skb', key: ['skbaddr'], outId: 2, info: task },
  ],
  gc: '10s',
  alert: { threshold: '5ms' },
};

const answers = ['write', 'writev', 'sendto', 'sendmsg'];

/** Time to first byte, as a server sees it. */
export const ttfb: TrackerDeclaration = {
  name: 'ttfb',
  summary: 'servers: from accept to the first write on the connection',
  level: 'net',
  begin: ['accept', 'accept4'].map((call) => ({
    event: `syscalls:sys_exit_${call}`,
    key: ['$tgid', 'ret'],
    when: 'ret >= 0',
  })),
  end: answers.map((call) => ({
    event: `syscalls:sys_enter_${call}`,
    key: ['$tgid', 'fd'],
    info: { ...task, fd: 'fd' },
  })),
  abort: ['close', 'shutdown'].map((call) => ({
    event: `syscalls:sys_enter_${call}`,
    key: ['$tgid', 'fd'],
  })),
  gc: '60s',
  alert: { threshold: '10ms' },
};
