export { bytesReadFromTraces } from './ctf-fs/file-source.ts';
export { dataStreamFiles, findTraces } from './ctf-fs/find-traces.ts';
export {
  closeTraces,
  type LogicalTrace,
  openTraceDirectories,
  type TraceOptions,
  type TraceStream,
} from './ctf-fs/logical-trace.ts';
export { intersectionOf, type TraceRanges, traceInfos } from './ctf-fs/stream-intersection.ts';
export { encodeRecord } from './encode-record.ts';
export { type EventSelection, filterFilter, filterIterator } from './flt-filter.ts';
export { muxerFilter, muxIterators } from './flt-muxer.ts';
export { type TrimRange, trimIterator, trimmerFilter } from './flt-trimmer.ts';
export { type OpenedRecordings, openRawRecordings } from './ftrace-raw/raw-recordings.ts';
export { ftraceRawSource } from './ftrace-raw/src-ftrace-raw.ts';
export { makeFolders } from './make-folders.ts';
export {
  type Demand,
  type FieldRecord,
  OpenedTraces,
  type OpenTraceOptions,
  openTrace,
  type PlainEvent,
  runIterator,
} from './open-trace.ts';
export { counterSink } from './sink-counter.ts';
export { ctfFsSink } from './sink-ctf-fs.ts';
export { detailsSink } from './sink-details/sink-details.ts';
export { dummySink } from './sink-dummy.ts';
export { jsonLinesSink } from './sink-json/sink-json-lines.ts';
export { perfettoSink } from './sink-perfetto/sink-perfetto.ts';
export { prettySink } from './sink-pretty/sink-pretty.ts';
export { ctfFsSource } from './src-ctf-fs.ts';
export { parseTimeBound, parseTimeRange, resolveTimeBound, type TimeBound } from './time-bound.ts';
