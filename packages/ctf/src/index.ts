export * from './byte-source.ts';
export * from './decoder/code-sink.ts';
export * from './decoder/contract.ts';
export { type DecodeSource, maxEmptyElements } from './decoder/decode-state.ts';
export * from './decoder/field-visitor.ts';
export * from './decoder/packet-head.ts';
export { silentVisitor, visitScope } from './decoder/visit-scope.ts';
export * from './reader/clock-converter.ts';
export { PacketCursor, type PacketCursorOptions } from './reader/packet-cursor.ts';
