export * from './byte-source.ts';
export * from './decoder/code-sink.ts';
export * from './decoder/contract.ts';
export * from './decoder/field-visitor.ts';
