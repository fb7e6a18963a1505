import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { Assembler, BpfProgram, type Native, SystemCallError } from '../src/index.ts';

const { EAGAIN } = constants.errno;

/** A kernel that does these things one after the other, then always the last of them. */
function kernelThat(...results: readonly [number, ...number[]]): { native: Native; calls: number } {
  const allocate = (lengthBytes: number) => {
    const bytes = new Uint8Array(lengthBytes);
    const view = new DataView(bytes.buffer);
    return { address: 0, bytes, view, free() {}, [Symbol.dispose]() {} };
  };
  const kernel = {
    calls: 0,
    native: {
      allocate,
      allocateFrom: ({ length }: Uint8Array) => allocate(length),
      call(_: string, what: string) {
        const result = results[kernel.calls++] ?? results.at(-1)!;
        if (result < 0) throw new SystemCallError(what, -result);
        return result;
      },
    } as unknown as Native,
  };
  return kernel;
}

const program = {
  type: 'raw-tracepoint',
  name: 'nothing',
  code: new Assembler().move('r0', 0).exit(),
} as const;

test('a signal that comes while the verifier works is no refusal', () => {
  const kernel = kernelThat(-EAGAIN, -EAGAIN, 9);
  expect(new BpfProgram(kernel.native, program).fd).toBe(9);
  expect(kernel.calls).toBe(3);
});

test('a kernel that is never ready is told of', () => {
  const kernel = kernelThat(-EAGAIN);
  expect(() => new BpfProgram(kernel.native, program)).toThrow('EAGAIN');
  expect(kernel.calls).toBeLessThan(100);
});
