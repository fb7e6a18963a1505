import { expect, test } from 'vitest';
import { idlePauseMs } from '../src/recorder.ts';

const mib = 1024 * 1024;

test.each([
  ['of the default size', 16 * mib, 41],
  ['that are small: the reader would do nothing else', mib, 20],
  ['that are huge: live readers wait', 1024 * mib, 200],
])('looks at buffers %s', (_title, bufferBytes, expectedMs) => {
  expect(Math.floor(idlePauseMs(bufferBytes))).toBe(expectedMs);
});
