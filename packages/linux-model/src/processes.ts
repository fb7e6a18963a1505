import type { Cpu } from './cpu.ts';
import { FileTable, makeFile } from './files.ts';
import type { Host } from './host.ts';
import { releaseThread } from './release-thread.ts';
import {
  contextText,
  integer,
  optionalField,
  optionalInteger,
  optionalText,
  type Rule,
  rule,
  text,
} from './rule.ts';
import { handOver } from './sched.ts';
import type { Process, Thread } from './threads.ts';

/** `TASK_COMM_LEN` without the terminator. */
const commLength = 15;

/** Gives a process a copy of other descriptors, as fork does. */
function inheritFiles(host: Host, from: FileTable, to: Process, timeNs: number): void {
  const channel = host.channels['file-life'];
  for (const file of from.values()) {
    const copy = makeFile(file, to, timeNs);
    to.files.set(copy);
    if (channel.isWanted) channel.emit({ host, timeNs, kind: 'open', file: copy });
  }
}

/** `CLONE_FILES`, `CLONE_THREAD` (include/uapi/linux/sched.h, v6.12). */
const cloneFilesFlag = 0x400;
const cloneThreadFlag = 0x1_0000;
/** Fork events follow at once: more are fork events that are missing. */
const maxNewTasks = 1024;

/** Comes just before the fork event, and alone says what is shared. */
export const newTask: Rule = rule(
  ['task_newtask'],
  { tid: integer('tid', 'pid'), flags: integer('clone_flags') },
  (host) => (event) => {
    if (host.cloneFlags.size >= maxNewTasks) host.cloneFlags.clear();
    host.cloneFlags.set(event.tid, event.flags);
  },
);

function takeCloneFlags(host: Host, tid: number): number | undefined {
  const flags = host.cloneFlags.get(tid);
  if (flags !== undefined) host.cloneFlags.delete(tid);
  return flags;
}

export function setPidNamespace(thread: Thread, inode: number | undefined): void {
  if (inode !== undefined && inode !== 0) thread.containerId = String(inode);
}

interface ForkEvent {
  readonly childTid: number;
  readonly childPid: number;
  readonly comm: string | undefined;
  readonly flags: number;
  readonly childNamespace: number | undefined;
  /** Ids in the child's namespaces, outermost first. */
  readonly virtualTids: unknown;
}

function fork(host: Host, parent: Thread, event: ForkEvent, timeNs: number): void {
  const { childTid, childPid, flags, virtualTids } = event;
  if (childTid <= 0) return;
  const sharesFiles = (flags & cloneFilesFlag) !== 0;
  const isProcess = childPid === childTid;
  const files = isProcess && sharesFiles ? parent.process.files : undefined;
  if (files !== undefined) files.isShared = true;
  const child = host.threads.create(childTid, childPid, event.comm ?? parent.comm, files);
  child.containerId = parent.containerId;
  child.cgroupId = parent.cgroupId;
  setPidNamespace(child, event.childNamespace);
  const own: unknown = Array.isArray(virtualTids) ? virtualTids.at(-1) : undefined;
  if (typeof own === 'number' && own !== childTid) child.virtualTid = own;
  if (isProcess) {
    child.process.parentPid = parent.pid;
    if (!sharesFiles) inheritFiles(host, parent.process.files, child.process, timeNs);
  }
  const lives = host.channels['thread-life'];
  if (lives.isWanted) lives.emit({ host, timeNs, kind: 'fork', thread: child, parent });
}

/** LTTng: tids, pids and namespaces. */
const lttngFork = {
  parentTid: integer('parent_tid'),
  parentPid: optionalInteger('parent_pid'),
  parentComm: optionalText('parent_comm'),
  parentNamespace: optionalInteger('parent_ns_inum'),
  childTid: integer('child_tid'),
  childPid: optionalInteger('child_pid'),
  childComm: optionalText('child_comm'),
  childNamespace: optionalInteger('child_ns_inum'),
  virtualTids: optionalField('vtids'),
};

export const processFork: Rule = rule(['sched_process_fork'], lttngFork, (host) => {
  const { threads } = host;
  return (event, timeNs) => {
    const { parentPid, childTid } = event;
    const parent = threads.ensure(event.parentTid, event.parentComm);
    if (parentPid !== undefined && parent.pid === -1) threads.joinProcess(parent, parentPid);
    setPidNamespace(parent, event.parentNamespace);
    const flags = takeCloneFlags(host, childTid) ?? 0;
    const childPid = event.childPid ?? childTid;
    fork(host, parent, { ...event, childPid, comm: event.childComm, flags }, timeNs);
  };
});

/** ftrace, perf: `parent_pid` and `child_pid` are what LTTng calls tids; `task_newtask` tells threads from processes. */
export const kernelFork: Rule = rule(
  ['sched_process_fork'],
  {
    parentTid: integer('parent_pid'),
    parentComm: optionalText('parent_comm'),
    childTid: integer('child_pid'),
    childComm: optionalText('child_comm'),
  },
  (host) => (event, timeNs) => {
    const { childTid, childComm: comm } = event;
    const parent = host.threads.ensure(event.parentTid, event.parentComm);
    const flags = takeCloneFlags(host, childTid) ?? 0;
    const isThread = (flags & cloneThreadFlag) !== 0;
    // Without other knowledge, a forking thread is the first of its process.
    if (isThread && parent.pid === -1) host.threads.joinProcess(parent, parent.tid);
    const childPid = isThread ? parent.pid : childTid;
    const none = { childNamespace: undefined, virtualTids: undefined };
    fork(host, parent, { childTid, childPid, comm, flags, ...none }, timeNs);
  },
);

/** exec gives the process a table of its own first: what it closes stays open in those that it shared with. */
function unshareFiles(host: Host, process: Process, timeNs: number): void {
  if (!process.files.isShared) return;
  const shared = process.files;
  process.files = new FileTable();
  inheritFiles(host, shared, process, timeNs);
}

function closeOnExec(host: Host, process: Process, timeNs: number): void {
  unshareFiles(host, process, timeNs);
  const channel = host.channels['file-life'];
  for (const file of [...process.files.values()]) {
    if (!file.isCloseOnExec) continue;
    file.closeNs = timeNs;
    process.files.delete(file.fd);
    if (channel.isWanted) channel.emit({ host, timeNs, kind: 'close', file });
  }
}

/** A thread that is not the first of its process gets the first one's tid when it calls execve. */
function becomeLeader(host: Host, cpu: Cpu, old: Thread, tid: number, timeNs: number): Thread {
  const known = host.threads.ensure(tid, old.comm);
  // It may still be there, on its last way out of its CPU, which is not ours.
  const leader = known.isExiting ? host.threads.replaceLeader(known, old) : known;
  if (old.pid !== -1) host.threads.joinProcess(leader, old.pid);
  leader.containerId ??= old.containerId;
  leader.cgroupId ??= old.cgroupId;
  leader.priority ??= old.priority;
  leader.systemCall = old.systemCall;
  old.systemCall = undefined;
  if (cpu.thread === old) handOver(host, cpu, leader, timeNs);
  host.threads.release(old);
  return leader;
}

export const processExec: Rule = rule(
  ['sched_process_exec'],
  {
    tid: integer('tid', 'pid'),
    oldTid: optionalInteger('old_tid', 'old_pid'),
    filename: optionalText('filename'),
    procname: contextText('procname'),
  },
  (host) => (event, timeNs, cpu) => {
    const { tid, oldTid } = event;
    const old = oldTid === undefined || oldTid === tid ? undefined : host.threads.get(oldTid);
    const thread =
      old === undefined ? host.threads.ensure(tid) : becomeLeader(host, cpu, old, tid, timeNs);
    const comm = event.procname ?? event.filename?.split('/').pop()?.slice(0, commLength);
    if (comm !== undefined && comm !== '') thread.comm = comm;
    closeOnExec(host, thread.process, timeNs);
    const lives = host.channels['thread-life'];
    if (lives.isWanted) lives.emit({ host, timeNs, kind: 'exec', thread, parent: undefined });
  },
);

export const processExit: Rule = rule(
  ['sched_process_exit'],
  { tid: integer('tid', 'pid') },
  (host) => (event, timeNs) => {
    const thread = host.threads.get(event.tid);
    if (thread === undefined || thread.tid === 0 || thread.isExiting) return;
    const lives = host.channels['thread-life'];
    if (lives.isWanted) lives.emit({ host, timeNs, kind: 'exit', thread, parent: undefined });
    // It runs on until its last switch-out.
    thread.isExiting = true;
    if (!host.hasSwitches) releaseThread(host, thread, timeNs);
  },
);

/** The kernel has dropped the task: its state can go. */
export const processFree: Rule = rule(
  ['sched_process_free'],
  { tid: integer('tid', 'pid') },
  (host) => (event, timeNs) => {
    const thread = host.threads.get(event.tid);
    // A newer thread may have the tid by now: the old one is freed late.
    if (thread === undefined || thread.runningOn !== -1) return;
    if (thread.isExiting || !host.hasExits) releaseThread(host, thread, timeNs);
  },
);

export const processRename: Rule = rule(
  ['task_rename'],
  { tid: integer('tid', 'pid'), newComm: text('newcomm') },
  (host) => (event) => {
    host.threads.ensure(event.tid, event.newComm);
  },
);
