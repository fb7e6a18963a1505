import type { FileIndex } from './index-file.ts';
import { type PacketIndex, PacketIndexBuilder } from './packet-index.ts';
import { quirksOf } from './tracer-quirks.ts';

/**
 * Joins the packets of the files of one data stream: in the order of their begin times, those that several files hold (snapshots
 * that overlap) once, end times corrected where the tracer is known to write wrong ones. What can't be read comes last.
 * @param files - At least one; the index of an only one is taken over.
 */
export function mergePackets(files: readonly FileIndex[]): PacketIndex {
  const packets = files.length === 1 ? files[0]!.packets : joined(files);
  const { eventAfterPacket, zeroPacketEnd } = quirksOf(files[0]!.dataStreamClass.traceClass);
  const last = packets.at(-1);
  const lastIsCut = zeroPacketEnd && last?.endCycles === 0n && last.beginCycles !== 0n;
  if (eventAfterPacket || zeroPacketEnd) {
    packets.correctEnds((begin, end, next) => {
      if (eventAfterPacket) return next ?? end;
      return zeroPacketEnd && end === 0n ? (next ?? begin) : end;
    }, eventAfterPacket || lastIsCut);
  }
  return packets;
}

function joined(files: readonly FileIndex[]): PacketIndex {
  const builder = new PacketIndexBuilder();
  for (const { packets } of files) for (const packet of packets) builder.add(packet);
  const all = builder.finish();
  const order = Uint32Array.from({ length: all.length }, (_, i) => i);
  order.sort((i, j) => all.compare(i, j) || i - j);
  const merged = new PacketIndexBuilder();
  let previous = -1;
  for (const i of order) {
    if (previous < 0 || all.compare(previous, i) !== 0) merged.add(all.at(i)!);
    previous = i;
  }
  return merged.finish();
}
