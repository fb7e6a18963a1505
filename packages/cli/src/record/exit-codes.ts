/** As shells have it: 127 not found, 126 found but not to be run. */
export function errnoExitStatus(error: Error): number {
  return 'code' in error && error.code === 'ENOENT' ? 127 : 126;
}
