export { collectMessages, type DecodeScope, MessageCollector } from './collect-messages.ts';
export * from './component.ts';
export { type ConnectionRule, parseConnectionRule } from './connection-rule.ts';
export type { EncodedRecord, EncodeRecord } from './event-delivery.ts';
export { Graph, type GraphOptions } from './graph.ts';
export * from './message.ts';
export { type MessageSourceOptions, sourceFromMessages } from './message-source.ts';
export { OutputClosedError } from './output-closed.ts';
export { ParameterReader } from './parameter-reader.ts';
export * from './parameters.ts';
export { mergeParameters, parseParameters, parseParameterValue } from './parse-parameters.ts';
export { checkPlugin, type ImportModule, loadPlugin, type Plugin } from './plugin.ts';
export {
  type ComponentClassName,
  type ComponentKind,
  ComponentRegistry,
  formatComponentClassName,
  parseComponentClassName,
  parseComponentSpec,
} from './registry.ts';
export type { LoopEnvironment, RunOutcome } from './run-loop.ts';
