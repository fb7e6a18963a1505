export * from './byte-source.ts';
export { BodyWalk } from './decoder/body-walk.ts';
export * from './decoder/code-sink.ts';
export {
  type Consume,
  compileConsumer,
  compileProjection,
  type ProjectedRecord,
  type ProjectionOptions,
} from './decoder/compile-projection.ts';
export { compileView, type EventView, type ScopeView } from './decoder/compile-view.ts';
export {
  backEndFor,
  compileLength,
  compileVisit,
  compileWalk,
  defaultBackEnd,
} from './decoder/compile-walk.ts';
export * from './decoder/contract.ts';
export { decodeScope, decodeStructure } from './decoder/decode-scope.ts';
export { type DecodeSource, maxEmptyElements } from './decoder/decode-state.ts';
export {
  allFieldsOf,
  type DecoderPart,
  type ExplainOptions,
  explainDecoder,
} from './decoder/explain-decoder.ts';
export * from './decoder/field-visitor.ts';
export * from './decoder/packet-head.ts';
export { decodeText } from './decoder/text.ts';
export type { FieldValue } from './decoder/value-collector.ts';
export { silentVisitor, visitScope } from './decoder/visit-scope.ts';
export { JsonMetadata } from './json/json-metadata.ts';
export { parseJsonMetadata } from './json/parse-json-metadata.ts';
export * from './metadata-options.ts';
export * from './metadata-stream.ts';
export * from './reader/clock-converter.ts';
export * from './reader/data-stream-reader.ts';
export { type FileIndex, type IndexOptions, indexFile } from './reader/index-file.ts';
export { readLttngIndex } from './reader/lttng-index.ts';
export { mergePackets } from './reader/merge-packets.ts';
export { PacketCursor, type PacketCursorOptions } from './reader/packet-cursor.ts';
export { type PacketEntry, PacketIndex, PacketIndexBuilder } from './reader/packet-index.ts';
export { explainRecordLoop } from './reader/record-loop.ts';
export { streamTimeRange, type TimeRangeNs } from './reader/stream-time-range.ts';
export { quirksOf, type TracerQuirks } from './reader/tracer-quirks.ts';
export { parseTsdl, TsdlMetadata } from './tsdl/parse-tsdl.ts';
export { BitWriter } from './writer/bit-writer.ts';
export { DataStreamWriter, type PacketEnd } from './writer/data-stream-writer.ts';
export { type ClassMap, encodeValue, type PlainValue } from './writer/field-encoder.ts';
export { writeJsonMetadata } from './writer/json-writer.ts';
export { outputTraceClass, pairTraceClasses } from './writer/output-classes.ts';
export { type Ctf1Change, type Ctf1Options, toCtf1 } from './writer/to-ctf1.ts';
export { writeTsdl } from './writer/tsdl-writer.ts';
