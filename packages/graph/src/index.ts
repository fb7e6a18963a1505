export * from './component.ts';
export * from './parameters.ts';
