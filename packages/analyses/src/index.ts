export * from './analysis.ts';
export { cputop } from './cputop.ts';
export * from './table.ts';
export { formatTextBlock, type TextBlock } from './text-block.ts';
