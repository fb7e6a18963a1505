export const kernelEventLines: readonly string[] = [];
