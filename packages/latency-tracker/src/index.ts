export { type Dimension, dimensions, labelledBy } from './by-label.ts';
export { catalogue, findTracker } from './catalogue/catalogue.ts';
export { formatTroubles } from './counters.ts';
export * from './declaration.ts';
export { durationNs, formatDuration } from './duration.ts';
export { eventMatches, fieldNames, plainName, systemCallOf } from './event-names.ts';
export * from './expression.ts';
export { bucketBegin, bucketCount, bucketOf, Histogram, quantileOf } from './histogram.ts';
export {
  type KernelOptions,
  KernelSession,
  openKernelSession,
  type ProgramCost,
} from './kernel/kernel-session.ts';
export { openTracefsSession, TracefsSession } from './live/tracefs-session.ts';
export { alertJson, alertLt, alertText, alertWho, frameText } from './output/alert-output.ts';
export { type AlertSource, AlertTrace } from './output/alert-trace.ts';
export { openMetrics } from './output/open-metrics.ts';
export { snapshotJson, summaryText, table, totalHistogram } from './output/summary-output.ts';
export { deviceText, printable, valueText } from './output/value-text.ts';
export { parseTracker } from './parse-tracker.ts';
export { createLatencyTracker, LatencyTracker } from './program/latency-tracker.ts';
export * from './program/options.ts';
export { type StreamingOptions, StreamingSession } from './streaming/streaming-session.ts';
export { withWakerStacks } from './waker-stacks.ts';
