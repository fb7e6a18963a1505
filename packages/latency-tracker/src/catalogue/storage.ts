import type { PointDeclaration, PointSetDeclaration, TrackerDeclaration } from '../declaration.ts';

/** Requests by their address: (device, sector) is not unique, and a request may complete in parts. */
function requestSet(
  begin: readonly string[],
  end: readonly string[],
  abort: readonly string[] = [],
): PointSetDeclaration {
  return {
    via: 'arguments',
    begin: begin.map((event) => ({
      event,
      key: ['rq'],
      when: 'rq.__data_len != 0',
      labels: { op: 'rq.cmd_flags & 1' },
      info: { sector: 'rq.__sector' },
    })),
    end: end.map((event) => ({ event, key: ['rq'] })),
    abort: abort.map((event) => ({ event, key: ['rq'] })),
  };
}

const requestKey = ['dev', 'sector'];
const request = { dev: 'dev', sector: 'sector', nr_sector: 'nr_sector' };

/** The same in traces, which have no address. */
function sectorSet(
  begin: readonly string[],
  end: readonly string[],
  abort: readonly string[] = [],
): PointSetDeclaration {
  const withSectors = (event: string): PointDeclaration => ({
    event,
    key: requestKey,
    when: 'nr_sector != 0',
  });
  return {
    begin: begin.map((event) => ({
      ...withSectors(event),
      isFirst: event === insert,
      labels: { op: 'rwbs & 1' },
    })),
    end: end.map((event) => ({ ...withSectors(event), info: request })),
    abort: abort.map((event) => withSectors(event)),
  };
}

const insert = 'block:block_rq_insert';
const issue = 'block:block_rq_issue';
const complete = 'block:block_rq_complete';
const merge = 'block:block_rq_merge';
const requeue = 'block:block_rq_requeue';

export const block: TrackerDeclaration = {
  name: 'block',
  summary: 'block requests at the device, from issue to completion',
  level: 'block',
  anyOf: [requestSet([issue], [complete], [requeue]), sectorSet([issue], [complete], [requeue])],
  alert: { threshold: '50ms' },
};

export const iosched: TrackerDeclaration = {
  name: 'iosched',
  summary: 'block requests in the I/O scheduler, from insertion to issue',
  level: 'iosched',
  anyOf: [requestSet([insert], [issue], [merge]), sectorSet([insert], [issue], [merge])],
  alert: { threshold: '50ms' },
};

export const blockTotal: TrackerDeclaration = {
  name: 'block_total',
  summary: 'block requests, from insertion (or issue) to completion',
  level: 'block',
  keep: 'first',
  anyOf: [
    requestSet([insert, issue], [complete], [merge]),
    sectorSet([insert, issue], [complete], [merge]),
  ],
  alert: { threshold: '100ms' },
};

const task = { tid: '$tid', comm: '$comm' };

/** Functions of one kind in every file system. Those that are not in the kernel are left out. */
const functionSet = (functions: readonly string[]): PointSetDeclaration => ({
  via: 'function',
  begin: functions.map((event) => ({ event, key: ['$tid'] })),
  end: functions.map((event) => ({ event, key: ['$tid'], info: task })),
});

/** What remains where functions can't be hooked: the system calls, sockets and pipes among them. */
const callSet = (calls: readonly string[]): PointSetDeclaration => ({
  begin: calls.map((call) => ({
    event: `syscalls:sys_enter_${call}`,
    key: ['$tid'],
    labels: { call: '$syscall' },
  })),
  end: calls.map((call) => ({ event: `syscalls:sys_exit_${call}`, key: ['$tid'], info: task })),
});

const fileSystems = ['ext4', 'xfs', 'btrfs', 'f2fs', 'fuse', 'nfs'];

export const fsRead: TrackerDeclaration = {
  name: 'fs_read',
  summary: 'reads in the file system; without function hooks, the system calls',
  level: 'fs',
  per: 'task',
  anyOf: [
    functionSet(fileSystems.map((name) => `${name}_file_read_iter`)),
    functionSet(['vfs_read']),
    callSet(['read', 'pread64', 'readv', 'preadv', 'preadv2']),
  ],
  alert: { threshold: '50ms', stack: 'end' },
};

export const fsWrite: TrackerDeclaration = {
  name: 'fs_write',
  summary: 'writes in the file system; without function hooks, the system calls',
  level: 'fs',
  per: 'task',
  anyOf: [
    functionSet(fileSystems.map((name) => `${name}_file_write_iter`)),
    functionSet(['vfs_write']),
    callSet(['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2']),
  ],
  alert: { threshold: '50ms', stack: 'end' },
};

export const fsSync: TrackerDeclaration = {
  name: 'fs_sync',
  summary: 'making a file durable: ext4, any file system, or the system calls',
  level: 'fs',
  per: 'task',
  anyOf: [
    {
      begin: [{ event: 'ext4:ext4_sync_file_enter', key: ['$tid'] }],
      end: [{ event: 'ext4:ext4_sync_file_exit', key: ['$tid'], info: task }],
    },
    functionSet(['vfs_fsync_range']),
    callSet(['fsync', 'fdatasync', 'sync_file_range', 'sync', 'syncfs']),
  ],
  alert: { threshold: '100ms', stack: 'end' },
};
