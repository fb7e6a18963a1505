import { fileTypeOfPath } from './files.ts';
import type { Host } from './host.ts';
import {
  contextText,
  integer,
  optionalInteger,
  optionalText,
  type Rule,
  rule,
  text,
} from './rule.ts';
import type { Process } from './threads.ts';

/** `O_CLOEXEC` (include/uapi/asm-generic/fcntl.h, v6.12). */
export const closeOnExecFlag = 0o2000000;
/** `TASK_COMM_LEN` without the terminator. */
const commLength = 15;

/** Gives a process a copy of another one's descriptors, as fork does. */
function inheritFiles(host: Host, from: Process, to: Process, timeNs: number): void {
  const channel = host.channels['file-life'];
  for (const file of from.files.values()) {
    const copy = { ...file, process: to, openNs: timeNs };
    to.files.set(copy);
    if (channel.isWanted) channel.emit({ host, timeNs, kind: 'open', file: copy });
  }
}

export const processFork: Rule = rule(
  ['sched_process_fork'],
  {
    parentTid: optionalInteger('parent_tid', 'parent_pid'),
    parentPid: optionalInteger('parent_pid'),
    parentComm: optionalText('parent_comm'),
    childTid: integer('child_tid', 'child_pid'),
    childPid: optionalInteger('child_pid'),
    childComm: optionalText('child_comm'),
  },
  (host) => (event, timeNs) => {
    const { threads } = host;
    const parent = threads.ensure(event.parentTid ?? event.parentPid ?? 0, event.parentComm);
    if (event.parentPid !== undefined && parent.process.pid === -1) {
      threads.joinProcess(parent, event.parentPid);
    }
    const childPid = event.childPid ?? event.childTid;
    const child = threads.create(event.childTid, childPid, event.childComm ?? parent.comm);
    child.containerId = parent.containerId;
    child.cgroupId = parent.cgroupId;
    if (childPid === event.childTid) {
      child.process.parentPid = parent.process.pid;
      inheritFiles(host, parent.process, child.process, timeNs);
    }
    const lives = host.channels['thread-life'];
    if (lives.isWanted) lives.emit({ host, timeNs, kind: 'fork', thread: child, parent });
  },
);

export const processExec: Rule = rule(
  ['sched_process_exec'],
  {
    tid: integer('tid', 'pid'),
    filename: optionalText('filename'),
    procname: contextText('procname'),
  },
  (host) => (event, timeNs) => {
    const thread = host.threads.ensure(event.tid);
    const comm = event.procname ?? event.filename?.split('/').pop()?.slice(0, commLength);
    if (comm !== undefined && comm !== '') thread.comm = comm;
    const channel = host.channels['file-life'];
    for (const file of [...thread.process.files.values()]) {
      if (!file.isCloseOnExec) continue;
      file.closeNs = timeNs;
      thread.process.files.delete(file.fd);
      if (channel.isWanted) channel.emit({ host, timeNs, kind: 'close', file });
    }
    const lives = host.channels['thread-life'];
    if (lives.isWanted) lives.emit({ host, timeNs, kind: 'exec', thread, parent: undefined });
  },
);

export const processExit: Rule = rule(
  ['sched_process_exit'],
  { tid: integer('tid', 'pid') },
  (host) => (event, timeNs) => {
    const thread = host.threads.get(event.tid);
    const lives = host.channels['thread-life'];
    if (thread !== undefined && lives.isWanted) {
      lives.emit({ host, timeNs, kind: 'exit', thread, parent: undefined });
    }
  },
);

/** The kernel has dropped the task: its state can go. */
export const processFree: Rule = rule(
  ['sched_process_free'],
  { tid: integer('tid', 'pid') },
  (host) => (event) => {
    const thread = host.threads.get(event.tid);
    if (thread !== undefined && thread.runningOn === -1) host.threads.release(event.tid);
  },
);

export const processRename: Rule = rule(
  ['task_rename'],
  { tid: integer('tid', 'pid'), newComm: text('newcomm') },
  (host) => (event) => {
    host.threads.ensure(event.tid, event.newComm);
  },
);

export const statedumpNamespace: Rule = rule(
  ['lttng_statedump_process_pid_ns', 'lttng_statedump_process_cgroup_ns'],
  { tid: integer('tid'), namespace: integer('ns_inum'), level: optionalInteger('ns_level') },
  (host, eventName) => {
    const isPid = eventName.includes('pid_ns');
    // The innermost of nested namespaces is the container's own.
    const levels = new Map<number, number>();
    return (event) => {
      const thread = host.threads.ensure(event.tid);
      if (!isPid) {
        thread.cgroupId = String(event.namespace);
        return;
      }
      const level = event.level ?? 0;
      if (level < (levels.get(event.tid) ?? 0)) return;
      levels.set(event.tid, level);
      thread.containerId = String(event.namespace);
    };
  },
);

export const statedumpProcess: Rule = rule(
  ['lttng_statedump_process_state'],
  {
    tid: integer('tid'),
    pid: optionalInteger('pid'),
    parentPid: optionalInteger('ppid'),
    name: optionalText('name'),
    priority: optionalInteger('prio'),
    fileTable: optionalInteger('file_table_address'),
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
  const file = {
    fd,
    process,
    path,
    type,
    isCloseOnExec,
    openNs: Number.NaN,
    closeNs: Number.NaN,
  };
  process.files.set(file);
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'open', file });
}

export const statedumpFile: Rule = rule(
  ['lttng_statedump_file_descriptor'],
  {
    pid: optionalInteger('pid'),
    fileTable: optionalInteger('file_table_address'),
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
