import { UsageError } from '@sonde/base';

/** Greatest sizes of a filter, so that no text can exhaust the stack or the memory. */
export interface FilterLimits {
  /** Length of the text (UTF-16 code units). */
  readonly textLength: number;
  /** Parentheses, unary operators and indexes inside one another. */
  readonly nesting: number;
  /** Literals, fields and operators together. */
  readonly nodes: number;
}

export const defaultFilterLimits: FilterLimits = { textLength: 65_536, nesting: 64, nodes: 2048 };

/** UsageError `bad-filter` at the line and column of `offset` (UTF-16 code units) in `text`. */
export function filterError(text: string, offset: number, message: string): UsageError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - (before.lastIndexOf('\n') + 1) + 1;
  return new UsageError('bad-filter', `Filter: ${message}.`, { line, column });
}
