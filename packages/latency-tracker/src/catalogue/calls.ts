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

const receive = 'net:netif_receive_skb';
const receiveEnds = ['skb:skb_copy_datagram_iovec', 'skb:consume_skb', 'skb:kfree_skb'];
/** Sent: forwarded, or the address is that of another packet by now. */
const send = 'net:net_dev_queue';

/**
 * No event tells the end of some packets: acknowledgements of TCP, what is joined to the packet before, small datagrams. So a begin may
 * stay, and its address become that of a packet which came through no device: the end of this one is not the end of that. Where arguments
 * can be seen, the packet says whether it was received; elsewhere one that is sent is told, one of a Unix socket is not.
 */
export const netRx: TrackerDeclaration = {
  name: 'net_rx',
  summary: 'received packets, from the device to user space (or to their end)',
  level: 'net',
  anyOf: [
    {
      via: 'arguments',
      begin: [{ event: receive, key: ['skb'], info: { iface: 'skb.dev.name', len: 'skb.len' } }],
      // Packets that did not come through a device (of Unix sockets, netlink, on their way out) have no interface.
      end: receiveEnds.map((event, outId) => ({
        event,
        key: ['skb'],
        when: 'skb.skb_iif != 0',
        outId,
        info: task,
      })),
      abort: [{ event: send, key: ['skb'] }],
    },
    {
      begin: [{ event: receive, key: ['skbaddr'], info: { iface: 'name', len: 'len' } }],
      end: receiveEnds.map((event, outId) => ({ event, key: ['skbaddr'], outId, info: task })),
      abort: [{ event: send, key: ['skbaddr'] }],
    },
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
