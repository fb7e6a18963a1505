/**
 * `node BUNDLE FOLDER PASSES CONTEXTS`: converts a raw recording several times in one process, files read anew each time, packets thrown
 * away. Prints one JSON line: CPU time (user + system, all threads) for each event and pass.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ContextName,
  CpuStreamConverter,
  KernelTraceLayout,
  ProcessTable,
  type RandomAccess,
  readRawFolder,
  TimeOrder,
} from '@sonde/ftrace';

const [, , folder = '', passText = '5', contextText = ''] = process.argv;

/** As in a recorder: nothing of a chunk is kept. */
function access(file: string): RandomAccess {
  const path = join(folder, file);
  let reused = new Uint8Array(256 * 1024);
  const lengthBytes = statSync(path).size;
  return {
    name: path,
    lengthBytes,
    read(offsetBytes, length) {
      const descriptor = openSync(path, 'r');
      if (reused.length < length) reused = new Uint8Array(length);
      const bytes = reused.subarray(0, length);
      const count = readSync(descriptor, bytes, 0, length, offsetBytes);
      closeSync(descriptor);
      return bytes.subarray(0, count);
    },
  };
}

const recording = readRawFolder(access);
const buffer = recording.buffers[0]!;
const layout = new KernelTraceLayout(recording.formats, {
  pageFormat: recording.pageFormat,
  contexts: contextText.split(',').filter(Boolean) as ContextName[],
  clock: buffer.clock,
  uuid: new Uint8Array(16),
});
const nsPerEvent: number[] = [];
let events = 0;
let packetBytes = 0;
for (let pass = 0; pass < Number(passText); pass++) {
  const processes = new ProcessTable();
  const before = process.cpuUsage();
  events = 0;
  packetBytes = 0;
  const { subBufferBytes } = buffer;
  const converters = buffer.cpus.map(
    ({ cpuId }) =>
      new CpuStreamConverter({
        layout,
        cpuId,
        processes,
        subBufferBytes,
        output: {
          writePacket(packet) {
            packetBytes += packet.length;
          },
        },
      }),
  );
  const chunks = buffer.cpus.map((cpu) => cpu.chunks()[Symbol.iterator]());
  new TimeOrder(converters, subBufferBytes).convertUntil(Number.POSITIVE_INFINITY, {
    isOverdue: false,
    next: (cpuIndex) => chunks[cpuIndex]?.next().value,
  });
  for (const converter of converters) {
    converter.flush();
    events += converter.counts.events;
  }
  const { user, system } = process.cpuUsage(before);
  nsPerEvent.push(((user + system) * 1000) / events);
}
console.log(
  JSON.stringify({
    events,
    bytesPerEvent: packetBytes / events,
    nsPerEvent,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }),
);
