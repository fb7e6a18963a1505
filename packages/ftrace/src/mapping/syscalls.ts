export const syscallLines: readonly string[] = [];
