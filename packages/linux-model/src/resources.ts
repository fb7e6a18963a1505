/** Memory, network and power: events that are facts by themselves. */
import type { Cpu } from './cpu.ts';
import { integer, optionalAddress, optionalInteger, type Rule, rule, text } from './rule.ts';
import type { Thread } from './threads.ts';

/** More than any kernel's `MAX_PAGE_ORDER`: what is above is no order. */
const maxOrder = 31;

const pageRule = (kind: 'allocate' | 'free', names: string[]): Rule =>
  rule(names, { order: optionalInteger('order') }, (host) => {
    const channel = host.channels['page-operation'];
    const { pageOperation: pages } = host.buffers;
    return (event, timeNs, cpu) => {
      if (!channel.isWanted) return;
      const said = event.order ?? 0;
      const order = said >= 0 && said <= maxOrder ? said : 0;
      pages.timeNs = timeNs;
      pages.kind = kind;
      pages.order = order;
      pages.cpu = cpu;
      pages.thread = cpu.busyThread;
      channel.emit(pages);
    };
  });

export const pageAllocate: Rule = pageRule('allocate', ['kmem_mm_page_alloc', 'mm_page_alloc']);
export const pageFree: Rule = pageRule('free', ['kmem_mm_page_free', 'mm_page_free']);

/** What a write sends makes its unknown descriptor a likely socket. */
function suspectSocket(cpu: Cpu): void {
  const file = cpu.busyThread?.fileCall?.file;
  if (file?.type === 'unknown') file.type = 'maybe-network';
}

const packetFields = { name: text('name'), lengthBytes: integer('len') };
const sentFields = { ...packetFields, result: optionalInteger('rc') };
/** `NETDEV_TX_BUSY` (include/linux/netdevice.h, v6.12): the driver did not take the packet, and gets it again. */
const driverIsBusy = 0x10;

export const packetSent: Rule = rule(['net_dev_xmit'], sentFields, (host) => {
  const channel = host.channels['network-packet'];
  return (event, timeNs, cpu) => {
    suspectSocket(cpu);
    if (!channel.isWanted || event.result === driverIsBusy) return;
    const { name: interfaceName } = event;
    const sizeBytes = Math.max(0, event.lengthBytes);
    channel.emit({ host, timeNs, direction: 'sent', interfaceName, sizeBytes, cpu });
  };
});

export const packetReceived: Rule = rule(
  ['net_if_receive_skb', 'netif_receive_skb'],
  packetFields,
  (host) => {
    const channel = host.channels['network-packet'];
    return (event, timeNs, cpu) => {
      if (!channel.isWanted) return;
      const { name: interfaceName } = event;
      const sizeBytes = Math.max(0, event.lengthBytes);
      channel.emit({ host, timeNs, direction: 'received', interfaceName, sizeBytes, cpu });
    };
  },
);

/** A packet between queueing and transmission. */
export interface PendingTransmission {
  readonly beginNs: number;
  readonly thread: Thread | undefined;
}

/** Packets that a queue drops would pile up. */
const maxTransmissions = 16_384;

export const packetQueued: Rule = rule(
  ['net_dev_queue'],
  { buffer: optionalAddress('skbaddr') },
  (host) => (event, timeNs, cpu) => {
    if (event.buffer === undefined) return;
    if (host.transmissions.size >= maxTransmissions) host.transmissions.clear();
    host.transmissions.set(event.buffer, { beginNs: timeNs, thread: cpu.busyThread });
  },
);

/** `packetSent` for those who want transmissions too: they need the buffer's address, exact and so not for free. */
export const packetTransmitted: Rule = rule(
  packetSent.names,
  { ...sentFields, buffer: optionalAddress('skbaddr') },
  (host, binding) => {
    const send = packetSent.bind(host, binding);
    const channel = host.channels['network-transmission'];
    return (event, timeNs, cpu) => {
      send(event, timeNs, cpu);
      const { name: interfaceName, buffer } = event;
      const sizeBytes = Math.max(0, event.lengthBytes);
      const queued = buffer === undefined ? undefined : host.transmissions.get(buffer);
      if (queued === undefined || event.result === driverIsBusy) return;
      host.transmissions.delete(buffer!);
      const { beginNs, thread } = queued;
      const isCertain = beginNs >= host.lastGapEndNs;
      channel.emit({
        host,
        cpu,
        thread,
        interfaceName,
        sizeBytes,
        beginNs,
        endNs: timeNs,
        isCertain,
      });
    };
  },
);

const powerRule = (kind: 'idle' | 'frequency', names: string[]): Rule =>
  rule(names, { state: integer('state'), cpuId: optionalInteger('cpu_id') }, (host) => {
    const channel = host.channels['cpu-power'];
    return (event, timeNs, cpu) => {
      if (!channel.isWanted) return;
      const target = event.cpuId === undefined ? cpu : host.cpu(event.cpuId);
      channel.emit({ host, timeNs, kind, cpu: target, value: event.state | 0 });
    };
  });

export const cpuIdle: Rule = powerRule('idle', ['power_cpu_idle', 'cpu_idle']);
export const cpuFrequency: Rule = powerRule('frequency', ['power_cpu_frequency', 'cpu_frequency']);
