import type { MessageIterator } from '@sonde/trace-model';

/** Pause where an iterator does not say when it may go on (ms). */
const retryMs = 100;

/** Resolves when one of the iterators may go on after `again`. */
export async function anyReady(iterators: readonly MessageIterator[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const retry = () =>
    new Promise<void>((resolve) => {
      timer ??= setTimeout(resolve, retryMs);
    });
  try {
    await Promise.race(iterators.map((iterator) => iterator.ready?.() ?? retry()));
  } finally {
    clearTimeout(timer);
  }
}
