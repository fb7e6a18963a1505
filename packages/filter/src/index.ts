export * from './ast.ts';
export { demandsOf, FilterCheck, type UnknownField } from './check-filter.ts';
export { type CompiledFilter, compileFilter, type TypeMismatch } from './compile-filter.ts';
export type { FilterRecord } from './condition.ts';
export { type FilterLimits, filterError } from './filter-error.ts';
export { parseFilter } from './parse-filter.ts';
export type { FilterTarget } from './resolve-field.ts';
export type { FilterDemand } from './slots.ts';
