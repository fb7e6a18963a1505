export * from './field-classes.ts';
export * from './trace-classes.ts';
