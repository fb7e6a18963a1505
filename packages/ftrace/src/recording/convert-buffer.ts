import type { DecodeError } from '@sonde/base';
import { CpuStreamConverter, type CpuStreamCounts } from '../convert/cpu-stream-converter.ts';
import type { PacketOutput } from '../convert/packet-writer.ts';
import { type SubBufferSource, TimeOrder } from '../convert/time-order.ts';
import type { ContextName } from '../layout/contexts.ts';
import { KernelTraceLayout } from '../layout/kernel-trace-layout.ts';
import { ProcessTable } from '../process/process-table.ts';
import { ThreadSelection } from '../process/thread-selection.ts';
import { StateDumpWriter } from '../state-dump/state-dump-writer.ts';
import type { RawBuffer, RawRecording } from './recording.ts';
import { type BufferFacts, scanBuffer } from './scan-buffer.ts';

export interface ConvertBufferOptions {
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  readonly environment: ReadonlyMap<string, string | bigint>;
  /** Told about sub-buffers that can't be read. Absent: the first one is thrown. */
  readonly onFault?: (error: DecodeError) => void;
}

/** Where the trace goes: called before the first packet, and for each data stream. */
export interface TraceTarget {
  begin(layout: KernelTraceLayout): void;
  /** @param name - `channel0_3` for CPU 3, `statedump_0`. */
  openStream(name: string): PacketOutput;
}

export interface ConvertedCpu extends CpuStreamCounts {
  readonly cpuId: number;
}

/**
 * Converts the buffer of a raw recording. Records of all CPUs are taken in the order of time, so that what one CPU tells of threads
 * is known when another one needs it; memory does not depend on the recording's length.
 * @throws DecodeError without `onFault`
 */
export function convertBuffer(
  recording: RawRecording,
  buffer: RawBuffer,
  target: TraceTarget,
  options: ConvertBufferOptions,
): ConvertedCpu[] {
  const facts = scanBuffer(recording, buffer);
  const layout = layoutOf(recording, buffer, facts, options);
  target.begin(layout);
  const processes = new ProcessTable((tid) => facts.threads.get(tid));
  for (const { tid, ...thread } of recording.threads) processes.set(tid, thread);
  const { subBufferBytes, beginCycles } = buffer;
  const dump = writeStateDump(recording, layout, target, beginCycles);
  const { onFault } = options;
  const { chosen, formats } = recording;
  const selection = chosen && new ThreadSelection(chosen, formats, layout);
  const converters = buffer.cpus.map(
    (cpu) =>
      new CpuStreamConverter({
        layout,
        cpuId: cpu.cpuId,
        processes,
        subBufferBytes,
        selection,
        output: target.openStream(`channel0_${cpu.cpuId}`),
        ...(onFault !== undefined && { onFault }),
        ...(beginCycles !== undefined && { beginCycles }),
      }),
  );
  const chunks = buffer.cpus.map((cpu) => cpu.chunks()[Symbol.iterator]());
  const source: SubBufferSource = {
    isOverdue: false,
    next(cpuIndex) {
      const { value, done } = chunks[cpuIndex]!.next();
      return done === true ? undefined : value;
    },
  };
  new TimeOrder(converters, subBufferBytes).convertUntil(Number.POSITIVE_INFINITY, source);
  let end = buffer.endCycles ?? 0n;
  for (const { lastCycles } of converters) if (lastCycles > end) end = lastCycles;
  dump?.flush(end);
  return buffer.cpus.map((cpu, index) => {
    const converter = converters[index]!;
    const { cpuId } = cpu;
    converter.setDroppedEvents(cpu.droppedEvents);
    converter.setOverrunEvents(cpu.overrunEvents);
    if (cpu.isOnline === true || converter.counts.subBuffers > 0) converter.flush(end);
    else converter.flush();
    return { cpuId, ...converter.counts };
  });
}

/** All of it is known beforehand. Its stream ends with the recording. */
function writeStateDump(
  { stateDump }: RawRecording,
  layout: KernelTraceLayout,
  target: TraceTarget,
  beginCycles: bigint | undefined,
): StateDumpWriter | undefined {
  if (stateDump === undefined) return undefined;
  const dump = new StateDumpWriter(layout, target.openStream('statedump_0'), beginCycles);
  for (const { name, timeCycles, values } of stateDump()) dump.write(name, timeCycles, values);
  return dump;
}

function layoutOf(
  recording: RawRecording,
  buffer: RawBuffer,
  { types }: BufferFacts,
  { uuid, environment }: ConvertBufferOptions,
): KernelTraceLayout {
  const { formats, pageFormat, events } = recording;
  return new KernelTraceLayout(formats, {
    pageFormat,
    isRecorded: ({ id, system, name }) =>
      types.has(id) && (events === undefined || events.has(`${system}/${name}`)),
    contexts: recording.contexts ?? contextsOf(recording, types),
    clock: buffer.clock,
    uuid,
    environment,
  });
}

/** Threads and their names are in every recording, processes are not; call stacks where there are some. */
function contextsOf({ formats }: RawRecording, types: ReadonlySet<number>): ContextName[] {
  const has = (name: string): boolean => {
    const format = formats.byName('ftrace', name);
    return format !== undefined && types.has(format.id);
  };
  return [
    'procname',
    'tid',
    ...(has('kernel_stack') ? ['callstack-kernel' as const] : []),
    ...(has('user_stack') ? ['callstack-user' as const] : []),
  ];
}
