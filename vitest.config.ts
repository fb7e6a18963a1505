import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** They trace the running kernel: one after another, and after all the others, so that nothing else is on the machine's mind. */
const kernelTests = ['tests/kernel/**/*.test.ts', 'packages/*/test/kernel/**/*.test.ts'];

const conditions = ['@sonde/source'];
const common = { ssr: { resolve: { conditions } }, resolve: { conditions } };

export default defineConfig({
  test: {
    projects: [
      {
        ...common,
        test: {
          name: 'anywhere',
          include: ['packages/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...kernelTests],
          testTimeout: 60_000,
          pool: 'threads',
          // Vitest keeps a processor for itself, and needs little of it.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...common,
        test: {
          name: 'kernel',
          include: kernelTests,
          testTimeout: 60_000,
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
