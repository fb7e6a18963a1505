/** System calls on files: what their arguments mean, and what a success does to the descriptors of the process. */
import type { FileType, OpenFile } from './files.ts';
import type { Host } from './host.ts';
import { closeOnExecFlag } from './processes.ts';
import { type FieldSpecs, optionalField, optionalInteger, optionalText } from './rule.ts';
import type { FileOperationKind } from './segments.ts';
import type { Thread } from './threads.ts';

/** What a call does. `make-…`: new descriptors without an operation to time (pipes, eventfd, …). */
type FileCallAction =
  | 'open'
  | 'socket'
  | 'accept'
  | 'duplicate'
  | 'close'
  | 'read'
  | 'write'
  | 'transfer'
  | 'sync'
  | 'connect'
  | 'make-one'
  | 'make-pair';

export interface FileCall {
  readonly name: string;
  readonly action: FileCallAction;
  /** Path shown for what has no path. */
  readonly label?: string;
}

const calls = new Map<string, FileCall>();
function declare(action: FileCallAction, names: string, label?: string): void {
  for (const name of names.split(' ')) {
    calls.set(name, label === undefined ? { name, action } : { name, action, label });
  }
}
declare('open', 'open openat openat2 creat open_by_handle_at');
declare('socket', 'socket', 'socket');
declare('accept', 'accept accept4', 'socket');
declare('duplicate', 'dup dup2 dup3 fcntl fcntl64');
declare('close', 'close');
declare('read', 'read readv pread pread64 preadv preadv2 recvmsg recvfrom recv recvmmsg');
declare('write', 'write writev pwrite pwrite64 pwritev pwritev2 sendmsg sendto send sendmmsg');
declare('transfer', 'splice sendfile sendfile64 tee copy_file_range');
declare('sync', 'sync syncfs fsync fdatasync sync_file_range sync_file_range2 msync');
declare('connect', 'connect');
declare('make-pair', 'pipe pipe2', 'pipe');
declare('make-pair', 'socketpair', 'socket');
declare('make-one', 'eventfd eventfd2', 'anon_inode:[eventfd]');
declare('make-one', 'epoll_create epoll_create1', 'anon_inode:[eventpoll]');
declare('make-one', 'timerfd_create', 'anon_inode:[timerfd]');
declare('make-one', 'signalfd signalfd4', 'anon_inode:[signalfd]');
declare('make-one', 'inotify_init inotify_init1', 'anon_inode:inotify');
declare('make-one', 'io_uring_setup', 'anon_inode:[io_uring]');
declare('make-one', 'perf_event_open', 'anon_inode:[perf_event]');
declare('make-one', 'memfd_create', 'memfd');

/** Undefined: the call has nothing to do with descriptors. */
export function fileCallOf(name: string): FileCall | undefined {
  return calls.get(name);
}

/** Arguments as the rules deliver them; each call has some of them. */
export interface FileCallArguments {
  readonly fd: number | undefined;
  readonly targetFd: number | undefined;
  readonly path: string | undefined;
  readonly flags: number | undefined;
  readonly command: number | undefined;
  readonly family: number | undefined;
  readonly address4: unknown;
  readonly port: number | undefined;
}

/** Same fields in the same order for all calls: one record shape. */
export function fileCallFields(call: FileCall): FieldSpecs {
  const isTransfer = call.action === 'transfer';
  return {
    fd: isTransfer
      ? optionalInteger('fd_in', 'in_fd', 'fdin')
      : optionalInteger('fd', 'fildes', 'oldfd', 'ufd'),
    targetFd: isTransfer ? optionalInteger('fd_out', 'out_fd', 'fdout') : optionalInteger('newfd'),
    path: optionalText('filename', 'pathname', 'uname'),
    flags: optionalInteger('flags'),
    command: optionalInteger('cmd'),
    family: optionalInteger('family'),
    address4: optionalField('v4addr'),
    port: optionalInteger('dport'),
  };
}

/** A file call in progress; one object per thread, reused. */
export interface PendingFileCall {
  call: FileCall;
  fd: number;
  targetFd: number;
  path: string;
  isCloseOnExec: boolean;
  /** What `fd` was at the entry. */
  file: OpenFile | undefined;
}

/** `AF_INET`, `F_DUPFD`, `F_DUPFD_CLOEXEC`, `EPOLL_CLOEXEC` = `O_CLOEXEC` (include/uapi, v6.12). */
const addressFamilyInet = 2;
const duplicateFd = 0;
const duplicateFdCloseOnExec = 1030;

/** `10.0.0.1:80`, from four bytes in network order or one big-endian number. */
function formatAddress4(address: unknown, port: number | undefined): string | undefined {
  const suffix = port === undefined ? '' : `:${port}`;
  if (Array.isArray(address) && address.length === 4) return `${address.join('.')}${suffix}`;
  if (typeof address === 'number') {
    const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
    return `${bytes.join('.')}${suffix}`;
  }
  return undefined;
}

function nameSocket(host: Host, thread: Thread, event: FileCallArguments, timeNs: number): void {
  const file = thread.process.files.get(event.fd ?? -1);
  const path = formatAddress4(event.address4, event.port);
  if (file === undefined || path === undefined || event.family !== addressFamilyInet) return;
  file.path = path;
  file.type = 'network';
  const channel = host.channels['file-life'];
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'rename', file });
}

/** Keeps what the exit will need. */
export function beginFileCall(
  host: Host,
  thread: Thread,
  call: FileCall,
  event: FileCallArguments,
  timeNs: number,
): void {
  thread.fileCall = undefined;
  if (call.action === 'connect') {
    nameSocket(host, thread, event, timeNs);
    return;
  }
  let closes = ((event.flags ?? 0) & closeOnExecFlag) !== 0;
  if (call.name.startsWith('fcntl')) {
    if (event.command !== duplicateFd && event.command !== duplicateFdCloseOnExec) return;
    closes = event.command === duplicateFdCloseOnExec;
  }
  const fd = event.fd ?? -1;
  const pending = (thread.fileCallBuffer ??= {} as PendingFileCall);
  pending.call = call;
  pending.fd = fd;
  pending.targetFd = event.targetFd ?? -1;
  pending.path = event.path ?? call.label ?? '';
  pending.isCloseOnExec = closes;
  pending.file = fd >= 0 ? thread.process.files.get(fd) : undefined;
  thread.fileCall = pending;
}

function openFile(
  host: Host,
  thread: Thread,
  fd: number,
  path: string,
  type: FileType,
  isCloseOnExec: boolean,
  timeNs: number,
): OpenFile {
  closeFile(host, thread, fd, timeNs);
  const { process } = thread;
  const file: OpenFile = {
    fd,
    process,
    path,
    type,
    isCloseOnExec,
    openNs: timeNs,
    closeNs: Number.NaN,
  };
  process.files.set(file);
  const channel = host.channels['file-life'];
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'open', file });
  return file;
}

function closeFile(host: Host, thread: Thread, fd: number, timeNs: number): void {
  const file = thread.process.files.get(fd);
  if (file === undefined) return;
  file.closeNs = timeNs;
  thread.process.files.delete(fd);
  const channel = host.channels['file-life'];
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'close', file });
}

/** A descriptor that is used but was never seen to be opened. */
function unknownFile(host: Host, thread: Thread, fd: number, timeNs: number): OpenFile {
  return openFile(host, thread, fd, 'unknown', 'unknown', false, timeNs);
}

const operationKinds: Readonly<Partial<Record<FileCallAction, FileOperationKind>>> = {
  open: 'open',
  socket: 'open',
  accept: 'open',
  duplicate: 'open',
  close: 'close',
  read: 'read',
  write: 'write',
  transfer: 'read-write',
  sync: 'sync',
};

/** The new descriptor of a successful open, socket, accept or duplicate. */
function openedFile(
  host: Host,
  thread: Thread,
  pending: PendingFileCall,
  fd: number,
  timeNs: number,
): OpenFile | undefined {
  const { call, isCloseOnExec, file } = pending;
  switch (call.action) {
    case 'open':
      return openFile(host, thread, fd, pending.path, 'disk', isCloseOnExec, timeNs);
    case 'socket':
    case 'accept':
      return openFile(host, thread, fd, pending.path, 'network', isCloseOnExec, timeNs);
    case 'duplicate': {
      // dup2 of a descriptor onto itself does nothing.
      if (file !== undefined && file.fd === fd) return file;
      const path = file?.path ?? 'unknown';
      return openFile(host, thread, fd, path, file?.type ?? 'unknown', isCloseOnExec, timeNs);
    }
    case 'make-one': {
      const type = 'unknown';
      return openFile(host, thread, fd, pending.path, type, isCloseOnExec, timeNs);
    }
    default:
      return undefined;
  }
}

function openPair(
  host: Host,
  thread: Thread,
  call: PendingFileCall,
  pair: unknown,
  timeNs: number,
) {
  if (!Array.isArray(pair) || pair.length !== 2) return;
  const type: FileType = call.call.label === 'socket' ? 'network' : 'unknown';
  for (const fd of pair) {
    if (typeof fd !== 'number') continue;
    openFile(host, thread, fd, call.path, type, call.isCloseOnExec, timeNs);
  }
}

/** Applies a finished call to the descriptors and reports the operation. */
export function endFileCall(
  host: Host,
  thread: Thread,
  result: number | undefined,
  pair: unknown,
  beginNs: number,
  endNs: number,
): void {
  const pending = thread.fileCall!;
  thread.fileCall = undefined;
  const { action } = pending.call;
  const succeeded = result === undefined || result >= 0;
  let { file, fd } = pending;
  let targetFile: OpenFile | undefined;
  if (action === 'make-pair') {
    if (succeeded) openPair(host, thread, pending, pair, endNs);
    return;
  }
  const opens = operationKinds[action] === 'open' || action === 'make-one';
  if (opens) {
    fd = succeeded && result !== undefined ? result : -1;
    file = fd >= 0 ? openedFile(host, thread, pending, fd, endNs) : undefined;
    if (action === 'make-one') return;
  } else if (succeeded) {
    if (fd >= 0) file ??= unknownFile(host, thread, fd, endNs);
    if (pending.targetFd >= 0) {
      targetFile = thread.process.files.get(pending.targetFd);
      targetFile ??= unknownFile(host, thread, pending.targetFd, endNs);
    }
  }
  reportOperation(host, thread, pending, { file, targetFile, fd, result }, beginNs, endNs);
  if (action === 'close' && result === 0) closeFile(host, thread, fd, endNs);
}

interface Outcome {
  readonly file: OpenFile | undefined;
  readonly targetFile: OpenFile | undefined;
  readonly fd: number;
  readonly result: number | undefined;
}

function reportOperation(
  host: Host,
  thread: Thread,
  pending: PendingFileCall,
  outcome: Outcome,
  beginNs: number,
  endNs: number,
): void {
  const channel = host.channels['file-operation'];
  if (!channel.isWanted) return;
  const kind = operationKinds[pending.call.action]!;
  const { result } = outcome;
  const moves = kind === 'read' || kind === 'write' || kind === 'read-write';
  channel.emit({
    host,
    kind,
    thread,
    name: pending.call.name,
    fd: outcome.fd,
    file: outcome.file,
    targetFile: outcome.targetFile,
    sizeBytes: moves && result !== undefined && result >= 0 ? result : undefined,
    errno: result !== undefined && result < 0 ? -result : 0,
    beginNs,
    endNs,
    isCertain: beginNs >= host.lastGapEndNs,
  });
}
