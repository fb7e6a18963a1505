export { catalogue, findTracker } from './catalogue/catalogue.ts';
export * from './declaration.ts';
export { durationNs, formatDuration } from './duration.ts';
export { eventMatches, fieldNames, plainName, systemCallOf } from './event-names.ts';
export * from './expression.ts';
export { parseTracker } from './parse-tracker.ts';
