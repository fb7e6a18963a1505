/**
 * Reads, writes and syncs that io_uring does (Linux 5.15 and newer, tracefs and perf): who submitted them, on which descriptor, and how they
 * ended. The opens and closes that it does as well are not followed: no event has their paths or numbers.
 */
import { type FileType, makeFile, type OpenFile, unknownPath } from './files.ts';
import type { Host } from './host.ts';
import { address, integer, optionalInteger, type Rule, rule } from './rule.ts';
import type { FileOperationKind } from './segments.ts';
import type { Process, Thread } from './threads.ts';

interface RingOperation {
  readonly name: string;
  readonly kind: FileOperationKind;
}

/** `IORING_OP_…` by number (include/uapi/linux/io_uring.h, v6.12). */
const operations = new Map<number, RingOperation>();
function declare(kind: FileOperationKind, byNumber: Readonly<Record<number, string>>): void {
  for (const [number, name] of Object.entries(byNumber)) {
    operations.set(Number(number), { name: `io_uring ${name}`, kind });
  }
}
declare('read', {
  1: 'readv',
  4: 'read_fixed',
  10: 'recvmsg',
  22: 'read',
  27: 'recv',
  49: 'read_multishot',
});
declare('write', {
  2: 'writev',
  5: 'write_fixed',
  9: 'sendmsg',
  23: 'write',
  26: 'send',
  47: 'send_zc',
  48: 'sendmsg_zc',
});
declare('sync', { 3: 'fsync', 8: 'sync_file_range' });

/** `IORING_CQE_F_MORE`, `MAX_ERRNO`. */
const moreFollows = 2;
const maxErrno = 4095;

/** A request between submission and completion, by its address. */
export interface PendingRingRequest {
  /** Undefined: only its descriptor was seen yet. */
  operation: RingOperation | undefined;
  thread: Thread | undefined;
  /** -1: not seen: it is one of the files that were registered with the ring. */
  fd: number;
  /** Submission; of requests that complete many times, the completion before (ns). */
  beginNs: number;
}

function ensure(host: Host, request: number): PendingRingRequest {
  let pending = host.ringRequests.get(request);
  if (pending === undefined) {
    pending = { operation: undefined, thread: undefined, fd: -1, beginNs: Number.NaN };
    host.ringRequests.set(request, pending);
  }
  return pending;
}

export const ringSubmit: Rule = rule(
  ['io_uring_submit_req', 'io_uring_submit_sqe'],
  { request: address('req'), opcode: integer('opcode') },
  (host) => {
    host.seesRings = true;
    return (event, timeNs, cpu) => {
      const operation = operations.get(event.opcode);
      const thread = cpu.busyThread;
      if (operation === undefined || thread === undefined) {
        // Whatever was there under that address is over.
        host.ringRequests.delete(event.request);
        return;
      }
      const pending = ensure(host, event.request);
      // Of an older one, whose completion is missing.
      if (pending.operation !== undefined) pending.fd = -1;
      pending.operation = operation;
      pending.thread = thread;
      pending.beginNs = timeNs;
    };
  },
);

/** Just before or after the submission. */
export const ringFile: Rule = rule(
  ['io_uring_file_get'],
  { request: address('req'), fd: integer('fd') },
  (host) => (event) => {
    ensure(host, event.request).fd = event.fd;
  },
);

/** Stands for all files that a process has registered with its rings. */
function registeredFile(host: Host, process: Process): OpenFile {
  let file = host.registeredFiles.get(process);
  if (file === undefined) {
    const path = 'unknown (registered with io_uring)';
    file = makeFile({ fd: -1, path, type: 'unknown', isCloseOnExec: false }, process, Number.NaN);
    host.registeredFiles.set(process, file);
  }
  return file;
}

function fileOf(host: Host, { process }: Thread, fd: number): OpenFile {
  if (fd < 0) return registeredFile(host, process);
  const known = process.files.get(fd);
  if (known !== undefined) return known;
  const type: FileType = 'unknown';
  const file = makeFile({ fd, path: unknownPath, type, isCloseOnExec: false }, process, Number.NaN);
  process.files.set(file);
  return file;
}

export const ringComplete: Rule = rule(
  ['io_uring_complete'],
  { request: address('req'), result: integer('res'), flags: optionalInteger('cflags') },
  (host) => {
    const channel = host.channels['file-operation'];
    return (event, timeNs) => {
      const { request, result, flags = 0 } = event;
      const pending = host.ringRequests.get(request);
      if (pending === undefined) return;
      const { operation, thread, fd, beginNs } = pending;
      if ((flags & moreFollows) === 0) host.ringRequests.delete(request);
      else pending.beginNs = timeNs;
      if (operation === undefined || thread === undefined || !channel.isWanted) return;
      const { fileOperation } = host.buffers;
      fileOperation.kind = operation.kind;
      fileOperation.thread = thread;
      fileOperation.name = operation.name;
      fileOperation.fd = fd;
      // What failed may have been no descriptor.
      fileOperation.file = result < 0 ? thread.process.files.get(fd) : fileOf(host, thread, fd);
      fileOperation.targetFile = undefined;
      fileOperation.sizeBytes = operation.kind !== 'sync' && result >= 0 ? result : undefined;
      fileOperation.errno = result < 0 && result >= -maxErrno ? -result : 0;
      fileOperation.beginNs = beginNs;
      fileOperation.endNs = timeNs;
      fileOperation.isCertain = beginNs >= host.lastGapEndNs;
      channel.emit(fileOperation);
    };
  },
);
