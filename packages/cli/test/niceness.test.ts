import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { beforeEach, expect, test, vi } from 'vitest';
import { atRecorderNiceness, atUsualNiceness } from '../src/niceness.ts';

vi.mock('node:fs');
vi.mock('node:os', () => ({ getPriority: vi.fn(() => 0), setPriority: vi.fn() }));

const settings = (): unknown[] => vi.mocked(setPriority).mock.calls;

beforeEach(() => vi.clearAllMocks());

test('all threads have it, and have their own again afterwards', async () => {
  vi.mocked(readdirSync).mockReturnValue(['7', '8'] as never);
  await expect(atRecorderNiceness(async () => settings().length)).resolves.toBe(2);
  expect(settings()).toEqual([
    [7, -15],
    [8, -15],
    [7, 0],
    [8, 0],
  ]);
});

test('threads that have ended, or may not, and systems without /proc stop nothing', async () => {
  vi.mocked(setPriority).mockImplementation(() => {
    throw new Error('ESRCH');
  });
  await expect(atRecorderNiceness(async () => 1)).resolves.toBe(1);
  vi.mocked(readdirSync).mockImplementation(() => {
    throw new Error('ENOENT');
  });
  await expect(atRecorderNiceness(async () => 2)).resolves.toBe(2);
  vi.mocked(setPriority).mockReset();
});

test('what is begun meanwhile has the usual one', () => {
  vi.mocked(getPriority).mockReturnValue(-15);
  expect(atUsualNiceness(() => settings().at(-1))).toEqual([0]);
  expect(settings()).toEqual([[0], [-15]]);
});
