/** Fails on a broken invariant: a defect of the program, never of its input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Defect: ${message}`);
}

/** Makes a forgotten member of a union an error of the type checker. */
export function assertNever(value: never): never {
  throw new Error(`Defect: unexpected value ${String(value)}`);
}
