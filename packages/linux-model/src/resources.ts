/** Memory, network and power: events that are facts by themselves. */
import { integer, optionalInteger, type Rule, rule, text } from './rule.ts';

const pageRule = (kind: 'allocate' | 'free', names: string[]): Rule =>
  rule(names, { order: optionalInteger('order') }, (host) => {
    const channel = host.channels['page-operation'];
    return (event, timeNs, cpu) => {
      if (!channel.isWanted) return;
      channel.emit({ host, timeNs, kind, order: event.order ?? 0, cpu, thread: cpu.busyThread });
    };
  });

export const pageAllocate: Rule = pageRule('allocate', ['kmem_mm_page_alloc', 'mm_page_alloc']);
export const pageFree: Rule = pageRule('free', ['kmem_mm_page_free', 'mm_page_free']);

const packetRule = (direction: 'sent' | 'received', names: string[]): Rule =>
  rule(names, { name: text('name'), lengthBytes: integer('len') }, (host) => {
    const channel = host.channels['network-packet'];
    return (event, timeNs, cpu) => {
      // What a write sends makes its unknown descriptor a likely socket.
      const file = direction === 'sent' ? cpu.busyThread?.fileCall?.file : undefined;
      if (file?.type === 'unknown') file.type = 'maybe-network';
      if (!channel.isWanted) return;
      channel.emit({
        host,
        timeNs,
        direction,
        interfaceName: event.name,
        sizeBytes: event.lengthBytes,
        cpu,
      });
    };
  });

export const packetSent: Rule = packetRule('sent', ['net_dev_xmit']);
export const packetReceived: Rule = packetRule('received', [
  'net_if_receive_skb',
  'netif_receive_skb',
]);

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
