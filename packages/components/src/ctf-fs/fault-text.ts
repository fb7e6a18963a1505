import { formatError } from '@sonde/base';

/** What is said about a fault that reading goes on after. */
export function formatFault(error: unknown): string {
  return `${formatError(error)} Reading goes on with what follows.`;
}
