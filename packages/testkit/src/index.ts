export * from './field-classes.ts';
export * from './kernel-trace.ts';
export * from './packets.ts';
export * from './trace-classes.ts';
