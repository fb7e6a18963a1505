/** Where tracefs is mounted; older systems have it below debugfs. */
export const tracefsPath = '/sys/kernel/tracing';
