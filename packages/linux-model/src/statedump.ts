/** What LTTng dumps of the state at the start of a session: threads, namespaces, descriptors. */
import { closeOnExecFlag, fileTypeOfPath, makeFile } from './files.ts';
import type { Host } from './host.ts';
import { setPidNamespace } from './processes.ts';
import {
  integer,
  optionalAddress,
  optionalInteger,
  optionalText,
  type Rule,
  rule,
  text,
} from './rule.ts';
import type { Process } from './threads.ts';

export const statedumpPidNamespace: Rule = rule(
  ['lttng_statedump_process_pid_ns'],
  {
    tid: integer('tid'),
    virtualTid: optionalInteger('vtid'),
    level: optionalInteger('ns_level'),
    inode: integer('ns_inum'),
  },
  (host) => {
    // One event per level: the innermost of nested namespaces is the container's own.
    const levels = new Map<number, number>();
    return ({ tid, level = 0, inode, virtualTid }) => {
      if (level < (levels.get(tid) ?? 0)) return;
      if (level > 0) levels.set(tid, level);
      const thread = host.threads.ensure(tid);
      setPidNamespace(thread, inode);
      if (virtualTid !== undefined && virtualTid !== tid) thread.virtualTid = virtualTid;
    };
  },
);

export const statedumpCgroupNamespace: Rule = rule(
  ['lttng_statedump_process_cgroup_ns'],
  { tid: integer('tid'), inode: integer('ns_inum') },
  (host) => (event) => {
    host.threads.ensure(event.tid).cgroupId = String(event.inode);
  },
);

/** Addresses of file tables mean nothing after the dump: tables are freed, their memory used again. */
export const statedumpEnd: Rule = rule(['lttng_statedump_end'], {}, (host) => () => {
  host.pidsByFileTable.clear();
});

export const statedumpProcess: Rule = rule(
  ['lttng_statedump_process_state'],
  {
    tid: integer('tid'),
    pid: optionalInteger('pid'),
    parentPid: optionalInteger('ppid'),
    name: optionalText('name'),
    priority: optionalInteger('prio'),
    fileTable: optionalAddress('file_table_address'),
  },
  (host) => (event, timeNs) => {
    const { threads } = host;
    const thread = threads.ensure(event.tid, event.name);
    const pid = event.pid ?? event.tid;
    threads.joinProcess(thread, pid);
    if (event.parentPid !== undefined) thread.process.parentPid = event.parentPid;
    if (pid !== event.tid) threads.joinProcess(threads.ensure(pid), pid);
    if (thread.priority === undefined && event.priority !== undefined) {
      thread.priority = event.priority;
    }
    if (event.fileTable !== undefined) {
      let pids = host.pidsByFileTable.get(event.fileTable);
      if (pids === undefined) host.pidsByFileTable.set(event.fileTable, (pids = new Set()));
      pids.add(pid);
    }
    const lives = host.channels['thread-life'];
    if (lives.isWanted) lives.emit({ host, timeNs, kind: 'state-dump', thread, parent: undefined });
  },
);

function dumpFile(
  host: Host,
  process: Process,
  fd: number,
  path: string,
  isCloseOnExec: boolean,
  timeNs: number,
): void {
  const channel = host.channels['file-life'];
  const known = process.files.get(fd);
  if (known !== undefined) {
    if (known.path === path) return;
    known.path = path;
    if (known.type === 'unknown') known.type = fileTypeOfPath(path);
    if (channel.isWanted) channel.emit({ host, timeNs, kind: 'rename', file: known });
    return;
  }
  const type = fileTypeOfPath(path);
  const file = makeFile({ fd, path, type, isCloseOnExec }, process, Number.NaN);
  process.files.set(file);
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'open', file });
}

export const statedumpFile: Rule = rule(
  ['lttng_statedump_file_descriptor'],
  {
    pid: optionalInteger('pid'),
    fileTable: optionalAddress('file_table_address'),
    fd: integer('fd'),
    filename: text('filename'),
    flags: optionalInteger('flags'),
  },
  (host) => (event, timeNs) => {
    const closes = ((event.flags ?? 0) & closeOnExecFlag) !== 0;
    const pids =
      event.pid !== undefined ? [event.pid] : host.pidsByFileTable.get(event.fileTable ?? -1);
    for (const pid of pids ?? []) {
      const process = host.threads.ensureProcess(pid);
      host.threads.joinProcess(host.threads.ensure(pid), pid);
      dumpFile(host, process, event.fd, event.filename, closes, timeNs);
    }
  },
);
