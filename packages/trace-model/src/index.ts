export { EventDownstream } from './event-downstream.ts';
export * from './field-class.ts';
export * from './message.ts';
export * from './trace-class.ts';
