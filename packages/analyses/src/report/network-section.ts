/** Network interfaces: packets and bytes. */
import type { NetworkPacket } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { counted, formatBytes } from '../printers/human-text.ts';
import { type Cell, numberCell, sizeCell } from '../table.ts';
import { sum } from './names.ts';
import {
  rowLimit,
  type Section,
  type SectionReducer,
  type SectionResult,
  sectionTable,
} from './section.ts';
import { seriesChart, TimeSeries } from './time-series.ts';
import { greatest } from './top-list.ts';

interface InterfaceUse {
  readonly name: string;
  readonly bytes: TimeSeries;
  sentPackets: number;
  sentBytes: number;
  receivedPackets: number;
  receivedBytes: number;
}

class Network implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #interfaces = new Map<string, InterfaceUse>();

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'network-packet': (packet) => this.#add(packet),
  };

  #add({ interfaceName, direction, sizeBytes, timeNs }: NetworkPacket): void {
    let use = this.#interfaces.get(interfaceName);
    if (use === undefined) {
      use = {
        name: interfaceName,
        bytes: new TimeSeries(this.#context.periodBeginNs),
        sentPackets: 0,
        sentBytes: 0,
        receivedPackets: 0,
        receivedBytes: 0,
      };
      this.#interfaces.set(interfaceName, use);
    }
    use.bytes.add(timeNs, sizeBytes);
    if (direction === 'sent') {
      use.sentPackets++;
      use.sentBytes += sizeBytes;
    } else {
      use.receivedPackets++;
      use.receivedBytes += sizeBytes;
    }
  }

  report({ beginNs, endNs }: Period): SectionResult {
    const all = [...this.#interfaces.values()];
    if (all.length === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const seconds = Math.max(1e-9, (endNs - beginNs) / 1e9);
    const bytesOf = (use: InterfaceUse): number => use.sentBytes + use.receivedBytes;
    const shown = greatest(all, rowLimit, bytesOf);
    const packets = sum(all, (use) => use.sentPackets + use.receivedPackets);
    return {
      headline: `${counted(packets, 'packet')}; sent ${formatBytes(sum(all, (use) => use.sentBytes))}, received ${formatBytes(sum(all, (use) => use.receivedBytes))}`,
      tables: [
        sectionTable(
          'interfaces',
          'Interfaces',
          [
            { title: 'Interface', class: 'netif' },
            { title: 'Packets sent', class: 'number' },
            { title: 'Sent', class: 'size' },
            { title: 'Sent per second', class: 'size' },
            { title: 'Packets received', class: 'number' },
            { title: 'Received', class: 'size' },
            { title: 'Received per second', class: 'size' },
          ],
          shown.map((use): Cell[] => [
            { class: 'netif', name: use.name },
            numberCell(use.sentPackets),
            sizeCell(use.sentBytes),
            sizeCell(use.sentBytes / seconds),
            numberCell(use.receivedPackets),
            sizeCell(use.receivedBytes),
            sizeCell(use.receivedBytes / seconds),
          ]),
          'iousagetop',
        ),
      ],
      charts: [
        seriesChart(
          'Bytes sent and received over time',
          'size',
          shown.slice(0, 4).map((use) => ({ name: use.name, series: use.bytes })),
          endNs,
          'sum',
        ),
      ],
      findings: [],
    };
  }
}

export const networkSection: Section = {
  id: 'network',
  title: 'Network interfaces',
  kinds: ['network-packet'],
  start: (context) => new Network(context),
};
