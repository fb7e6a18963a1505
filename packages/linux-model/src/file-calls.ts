/** System calls on files: what their arguments mean, as data. What they do is in `file-call-state.ts`. */
import { closeOnExecFlag } from './files.ts';
import { type FieldSpecs, optionalField, optionalInteger } from './rule.ts';
import type { FileOperationKind } from './segments.ts';

/** What a call does. `submit`: asynchronous requests, whose number is the result. `make-…`: new descriptors without an operation to time (pipes, eventfd, …). */
export type FileCallAction =
  | 'open'
  | 'socket'
  | 'accept'
  | 'duplicate'
  | 'control'
  | 'close'
  | 'close-range'
  | 'read'
  | 'write'
  | 'transfer'
  | 'sync'
  | 'connect'
  | 'submit'
  | 'make-one'
  | 'make-pair';

export interface FileCall {
  readonly name: string;
  readonly action: FileCallAction;
  /** What the operation is told as; undefined: it is none. */
  readonly kind: FileOperationKind | undefined;
  /** Path shown for what has no path. */
  readonly label?: string;
  /** The bit of `flags` that asks for close-on-exec; -1: it always is. */
  readonly closeOnExecFlag: number;
  /** The result is no number of bytes. */
  readonly resultIsCount: boolean;
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

const calls = new Map<string, FileCall>();
function declare(
  action: FileCallAction,
  names: string,
  label?: string,
  more: Partial<FileCall> = {},
): void {
  for (const name of names.split(' ')) {
    const kind = operationKinds[action];
    const base = { name, action, kind, closeOnExecFlag, resultIsCount: false, ...more };
    calls.set(name, label === undefined ? base : { ...base, label });
  }
}
declare('open', 'open openat openat2 creat open_by_handle_at');
declare('socket', 'socket', 'socket');
declare('accept', 'accept accept4', 'socket');
declare('duplicate', 'dup dup2 dup3');
declare('control', 'fcntl fcntl64');
declare('close', 'close');
declare('close-range', 'close_range');
declare('read', 'read readv pread pread64 preadv preadv2 recvmsg recvfrom recv');
declare('read', 'recvmmsg recvmmsg_time64', undefined, { resultIsCount: true });
declare('write', 'write writev pwrite pwrite64 pwritev pwritev2 sendmsg sendto send vmsplice');
declare('write', 'sendmmsg', undefined, { resultIsCount: true });
declare('transfer', 'splice sendfile sendfile64 tee copy_file_range');
declare('sync', 'sync syncfs fsync fdatasync sync_file_range sync_file_range2 msync');
declare('connect', 'connect');
// Requests in memory of the program, which no event shows.
declare('submit', 'io_submit io_uring_enter');
declare('make-pair', 'pipe pipe2', 'pipe');
declare('make-pair', 'socketpair', 'socket');
declare('make-one', 'eventfd eventfd2', 'anon_inode:[eventfd]');
declare('make-one', 'epoll_create epoll_create1', 'anon_inode:[eventpoll]');
declare('make-one', 'timerfd_create', 'anon_inode:[timerfd]');
declare('make-one', 'signalfd signalfd4', 'anon_inode:[signalfd]');
declare('make-one', 'inotify_init inotify_init1', 'anon_inode:inotify');
declare('make-one', 'userfaultfd', 'anon_inode:[userfaultfd]');
// FAN_CLOEXEC, PERF_FLAG_FD_CLOEXEC, MFD_CLOEXEC (include/uapi/linux, v6.12).
declare('make-one', 'fanotify_init', 'anon_inode:[fanotify]', { closeOnExecFlag: 1 });
declare('make-one', 'perf_event_open', 'anon_inode:[perf_event]', { closeOnExecFlag: 8 });
declare('make-one', 'memfd_create', 'memfd:', { closeOnExecFlag: 1 });
declare('make-one', 'memfd_secret', 'secretmem');
declare('make-one', 'io_uring_setup', 'anon_inode:[io_uring]', { closeOnExecFlag: -1 });
declare('make-one', 'pidfd_open', 'anon_inode:[pidfd]', { closeOnExecFlag: -1 });
declare('make-one', 'pidfd_getfd', 'unknown', { closeOnExecFlag: -1 });

/** Undefined: the call has nothing to do with descriptors. */
export function fileCallOf(name: string): FileCall | undefined {
  return calls.get(name);
}

/** Arguments as the rules deliver them; each call has some of them. */
export interface FileCallArguments {
  readonly fd: number | undefined;
  readonly targetFd: number | undefined;
  readonly path: unknown;
  readonly flags: number | undefined;
  readonly command: number | undefined;
  readonly argument: number | undefined;
  readonly family: number | undefined;
  readonly address4: unknown;
  readonly address6: unknown;
  readonly port: number | undefined;
}

/** Names of descriptors in transfers: from, to. */
const transferFields = {
  fd: optionalInteger('fd_in', 'in_fd', 'fdin'),
  targetFd: optionalInteger('fd_out', 'out_fd', 'fdout'),
};
/** `fd` first; `targetFd` is the second descriptor of dup2, and the last of a range. */
const plainFields = {
  fd: optionalInteger('fd', 'fildes', 'oldfd', 'ufd', 'ufds'),
  targetFd: optionalInteger('newfd', 'max_fd'),
};
/** Sockets have their flags in the type. */
const typeAsFlags = new Set(['socket', 'socketpair']);

/** Same fields in the same order for all calls: one record shape. */
export function fileCallFields(call: FileCall): FieldSpecs {
  return {
    ...(call.action === 'transfer' ? transferFields : plainFields),
    path: optionalField('filename', 'pathname', 'uname'),
    flags: typeAsFlags.has(call.name)
      ? optionalInteger('type')
      : optionalInteger('flags', 'event_f_flags'),
    command: optionalInteger('cmd'),
    argument: optionalInteger('arg'),
    family: optionalInteger('family'),
    address4: optionalField('v4addr'),
    address6: optionalField('v6addr'),
    port: optionalInteger('dport'),
  };
}

type Position = 'fd' | 'targetFd' | 'flags' | 'command' | 'argument' | undefined;
const positions = new Map<string, readonly Position[]>([
  ['splice', ['fd', undefined, 'targetFd']],
  ['copy_file_range', ['fd', undefined, 'targetFd']],
  ['tee', ['fd', 'targetFd']],
  ['sendfile64', ['targetFd', 'fd']],
  ['dup2', ['fd', 'targetFd']],
  ['dup3', ['fd', 'targetFd', 'flags']],
  ['close_range', ['fd', 'targetFd', 'flags']],
  ['fcntl', ['fd', 'command', 'argument']],
  ['socket', [undefined, 'flags']],
  ['socketpair', [undefined, 'flags']],
  ['open', [undefined, 'flags']],
  ['openat', [undefined, undefined, 'flags']],
  ['accept4', [undefined, undefined, undefined, 'flags']],
  ['pipe2', [undefined, 'flags']],
  ['memfd_create', [undefined, 'flags']],
  ['eventfd2', [undefined, 'flags']],
  ['epoll_create1', ['flags']],
  ['inotify_init1', ['flags']],
  ['timerfd_create', [undefined, 'flags']],
]);
const onlyDescriptor: readonly Position[] = ['fd'];
const usesDescriptor = new Set<FileCallAction>(['read', 'write', 'close', 'sync', 'duplicate']);

/** The arguments of a call whose event has nothing but their six registers. */
export function argumentsOf(call: FileCall, registers: unknown): FileCallArguments {
  const result: Record<string, number> = {};
  if (Array.isArray(registers)) {
    const order =
      positions.get(call.name) ?? (usesDescriptor.has(call.action) ? onlyDescriptor : []);
    order.forEach((name, i) => {
      const value: unknown = registers[i];
      // Negative numbers come as the highest unsigned ones, and rounded: any of them will do.
      if (name !== undefined && typeof value === 'number') {
        result[name] = value > Number.MAX_SAFE_INTEGER ? -1 : value;
      }
    });
  }
  return result as unknown as FileCallArguments;
}
