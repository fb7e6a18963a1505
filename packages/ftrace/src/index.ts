export {
  CpuStreamConverter,
  type CpuStreamCounts,
  type CpuStreamOptions,
  type EventFilter,
  type EventSelection,
} from './convert/cpu-stream-converter.ts';
export type { PacketIndexEntry, PacketOutput } from './convert/packet-writer.ts';
export { type SubBufferSource, TimeOrder } from './convert/time-order.ts';
export { type EventFormat, parseEventFormat } from './format/event-format.ts';
export { EventFormats } from './format/event-formats.ts';
export type { ArrayKind, EventField } from './format/field-declaration.ts';
export { defaultPageFormat, type PageFormat, parsePageFormat } from './format/page-format.ts';
export { type ContextName, contextNames, identityNames } from './layout/contexts.ts';
export {
  type KernelEvent,
  KernelTraceLayout,
  kernelStreamId,
  type LayoutOptions,
  lttngEnvironment,
  type TraceClock,
} from './layout/kernel-trace-layout.ts';
export type { RecordState, UserStrings } from './layout/record-state.ts';
export { lttngNameOf, mappedEvents } from './mapping/lttng-names.ts';
export { observedEvents } from './process/observers.ts';
export { ProcessTable, type ThreadFacts, type ThreadInfo } from './process/process-table.ts';
export { type ChosenThreads, ThreadSelection } from './process/thread-selection.ts';
export { SubBufferReader } from './raw/sub-buffer-reader.ts';
export {
  type ConvertBufferOptions,
  type ConvertedCpu,
  convertBuffer,
  type TraceTarget,
} from './recording/convert-buffer.ts';
export {
  formatRawDescription,
  formatStateDumpLine,
  type RawDescription,
  type RawThread,
  rawDescriptionFile,
  readRawFolder,
} from './recording/raw-folder.ts';
export type {
  RandomAccess,
  RawBuffer,
  RawCpu,
  RawRecording,
  StateDumpEvent,
} from './recording/recording.ts';
export type { StateDumpEventName } from './state-dump/state-dump-events.ts';
export { type StateDumpValues, StateDumpWriter } from './state-dump/state-dump-writer.ts';
export type { Decompress } from './trace-dat/head.ts';
export { isTraceDat, readTraceDat } from './trace-dat/read-trace-dat.ts';
