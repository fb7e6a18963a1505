export { counterSink } from './sink-counter.ts';
export { detailsSink } from './sink-details/sink-details.ts';
export { dummySink } from './sink-dummy.ts';
