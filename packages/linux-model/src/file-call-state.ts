/** What system calls on files do to the descriptors of a process. */
import type { FileCall, FileCallAction, FileCallArguments } from './file-calls.ts';
import { type FileType, makeFile, type OpenFile, unknownPath } from './files.ts';
import type { Host } from './host.ts';
import type { FileOperationKind } from './segments.ts';
import type { Thread } from './threads.ts';

/** A file call in progress; one object per thread, reused. */
export interface PendingFileCall {
  call: FileCall;
  /** The call's, but for fcntl, which may duplicate. */
  action: FileCallAction;
  /** What the operation is told as; undefined: it is none. */
  kind: FileOperationKind | undefined;
  fd: number;
  targetFd: number;
  path: string;
  isCloseOnExec: boolean;
  /** What `fd` was at the entry. */
  file: OpenFile | undefined;
}

/** `AF_INET`, `AF_INET6`, `F_DUPFD…`, `F_SETFD`, `FD_CLOEXEC`, `CLOSE_RANGE_CLOEXEC`, `EBADF` (include/uapi, v6.12). */
const addressFamilyInet = 2;
const addressFamilyInet6 = 10;
const duplicateFd = 0;
const duplicateFdCloseOnExec = 1030;
const setDescriptorFlags = 2;
const descriptorCloseOnExec = 1;
const closeRangeCloseOnExec = 4;
const badDescriptor = -9;
/** `INT_MAX`, and `MAX_RW_COUNT` for pages of 4 KiB (include/linux/fs.h, v6.12): what is above is no descriptor, no number of bytes. */
const maxDescriptor = 0x7fff_ffff;
const maxTransferBytes = 0x7fff_f000;

/** `10.0.0.1:80`, from four bytes in network order or one big-endian number. */
function formatAddress4(address: unknown, suffix: string): string | undefined {
  if (Array.isArray(address) && address.length === 4) return `${address.join('.')}${suffix}`;
  if (typeof address === 'number') {
    const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
    return `${bytes.join('.')}${suffix}`;
  }
  return undefined;
}

/** `[2001:db8::1]:80`, from eight 16-bit numbers; the longest run of zeros is left out. */
function formatAddress6(address: unknown, suffix: string): string | undefined {
  if (!Array.isArray(address) || address.length !== 8) return undefined;
  const text = address.map((part) => Number(part).toString(16)).join(':');
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return `[${text}]${suffix}`;
  const [before, after] = [
    text.slice(0, text.indexOf(longest)),
    text.slice(text.indexOf(longest) + longest.length),
  ];
  return `[${before}::${after.replace(/^:/, '')}]${suffix}`;
}

function nameSocket(host: Host, thread: Thread, event: FileCallArguments, timeNs: number): void {
  const file = thread.process.files.get(event.fd ?? -1);
  if (file === undefined) return;
  const suffix = event.port === undefined ? '' : `:${event.port}`;
  let path: string | undefined;
  if (event.family === addressFamilyInet) path = formatAddress4(event.address4, suffix);
  else if (event.family === addressFamilyInet6) path = formatAddress6(event.address6, suffix);
  if (path === undefined) return;
  file.path = path;
  file.type = 'network';
  const channel = host.channels['file-life'];
  if (channel.isWanted) channel.emit({ host, timeNs, kind: 'rename', file });
}

/** Whether the new descriptors close at exec. */
function asksForCloseOnExec(call: FileCall, event: FileCallArguments): boolean {
  if (call.closeOnExecFlag === -1) return true;
  if (call.action === 'control') {
    if (event.command === setDescriptorFlags)
      return ((event.argument ?? 0) & descriptorCloseOnExec) !== 0;
    return event.command === duplicateFdCloseOnExec;
  }
  const flag = call.action === 'close-range' ? closeRangeCloseOnExec : call.closeOnExecFlag;
  return ((event.flags ?? 0) & flag) !== 0;
}

const isDuplication = (command: number | undefined): boolean =>
  command === duplicateFd || command === duplicateFdCloseOnExec;

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
  const { command } = event;
  if (call.action === 'control' && !isDuplication(command) && command !== setDescriptorFlags)
    return;
  const fd = event.fd !== undefined && event.fd <= maxDescriptor ? event.fd : -1;
  const pending = (thread.fileCallBuffer ??= {} as PendingFileCall);
  pending.call = call;
  pending.fd = fd;
  const duplicates = call.action === 'control' && isDuplication(command);
  pending.action = duplicates ? 'duplicate' : call.action;
  pending.kind = duplicates ? 'open' : call.kind;
  pending.targetFd = event.targetFd ?? -1;
  pending.path = pathOf(call, event);
  pending.isCloseOnExec = asksForCloseOnExec(call, event);
  pending.file = fd >= 0 ? thread.process.files.get(fd) : undefined;
  thread.fileCall = pending;
}

/** ftrace and perf have a pointer where LTTng has the string. */
function pathOf(call: FileCall, { path }: FileCallArguments): string {
  const { label } = call;
  if (typeof path !== 'string') return label ?? (call.action === 'open' ? 'unknown' : '');
  return label === undefined ? path : `${label}${path}`;
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
  const file = makeFile({ fd, path, type, isCloseOnExec }, process, timeNs);
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

/** What a descriptor stands for that the entry did not know; made where it was never seen to be opened, nor used by another thread since. */
function fileAt(host: Host, thread: Thread, fd: number, timeNs: number): OpenFile {
  return (
    thread.process.files.get(fd) ??
    openFile(host, thread, fd, unknownPath, 'unknown', false, timeNs)
  );
}

/** The new descriptor of a successful open, socket, accept or duplicate. */
function openedFile(
  host: Host,
  thread: Thread,
  pending: PendingFileCall,
  fd: number,
  timeNs: number,
): OpenFile {
  const { action, isCloseOnExec, file, path } = pending;
  switch (action) {
    case 'open':
      return openFile(host, thread, fd, path, 'disk', isCloseOnExec, timeNs);
    case 'socket':
    case 'accept':
      return openFile(host, thread, fd, path, 'network', isCloseOnExec, timeNs);
    case 'make-one':
      return openFile(host, thread, fd, path, 'unknown', isCloseOnExec, timeNs);
    default:
      // dup2 of a descriptor onto itself does nothing.
      if (file !== undefined && file.fd === fd) return file;
      return openFile(
        host,
        thread,
        fd,
        file?.path ?? unknownPath,
        file?.type ?? 'unknown',
        isCloseOnExec,
        timeNs,
      );
  }
}

function openPair(
  host: Host,
  thread: Thread,
  call: PendingFileCall,
  pair: unknown,
  timeNs: number,
): void {
  if (!Array.isArray(pair) || pair.length !== 2) return;
  const type: FileType = call.call.label === 'socket' ? 'network' : 'unknown';
  for (const fd of pair) {
    if (typeof fd !== 'number' || fd < 0 || fd > maxDescriptor) continue;
    openFile(host, thread, fd, call.path, type, call.isCloseOnExec, timeNs);
  }
}

/** `targetFd` is the last of the range, and may be the highest number there is. */
function closeRange(host: Host, thread: Thread, pending: PendingFileCall, timeNs: number): void {
  const { fd: first, targetFd, isCloseOnExec } = pending;
  const last = targetFd < 0 ? Number.POSITIVE_INFINITY : targetFd;
  for (const file of [...thread.process.files.values()]) {
    if (file.fd < first || file.fd > last) continue;
    if (isCloseOnExec) file.isCloseOnExec = true;
    else closeFile(host, thread, file.fd, timeNs);
  }
}

/** Calls that change descriptors and are no operations. True: this was one. */
function changeDescriptors(
  host: Host,
  thread: Thread,
  pending: PendingFileCall,
  result: number,
  pair: unknown,
  timeNs: number,
): boolean {
  const succeeded = result >= 0;
  switch (pending.action) {
    case 'make-pair':
      if (succeeded) openPair(host, thread, pending, pair, timeNs);
      return true;
    case 'make-one':
      if (succeeded && result <= maxDescriptor) {
        openedFile(host, thread, pending, result, timeNs);
      }
      return true;
    case 'submit':
      if (result > 0) host.addSubmissions(pending.call.name, result);
      return true;
    case 'close-range':
      if (succeeded) closeRange(host, thread, pending, timeNs);
      return true;
    case 'control':
      if (succeeded && pending.file !== undefined) {
        pending.file.isCloseOnExec = pending.isCloseOnExec;
      }
      return true;
    default:
      return false;
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
  const { action } = pending;
  if (changeDescriptors(host, thread, pending, result ?? 0, pair, endNs)) return;
  const succeeded = result === undefined || result >= 0;
  let { file, fd } = pending;
  let targetFile: OpenFile | undefined;
  if (pending.kind === 'open') {
    fd = succeeded && result !== undefined && result <= maxDescriptor ? result : -1;
    file = fd >= 0 ? openedFile(host, thread, pending, fd, endNs) : undefined;
  } else if (succeeded) {
    // A number that was nothing when the close began, and is something now, is a newer file's.
    const isNewer = action === 'close' && thread.process.files.get(fd) !== undefined;
    if (fd >= 0 && !isNewer) file ??= fileAt(host, thread, fd, endNs);
    if (action === 'transfer' && pending.targetFd >= 0) {
      targetFile = fileAt(host, thread, pending.targetFd, endNs);
    }
  }
  const { fileOperation } = host.buffers;
  fileOperation.fd = fd;
  fileOperation.file = file;
  fileOperation.targetFile = targetFile;
  reportOperation(host, thread, pending, result, beginNs, endNs);
  // Linux has closed it whatever else went wrong (close(2)), and first of all: what another thread has opened since may have the number.
  if (action === 'close' && result !== badDescriptor) {
    const current = thread.process.files.get(fd);
    const isNewer = current !== undefined && current !== file && current.openNs >= beginNs;
    if (!isNewer) closeFile(host, thread, fd, endNs);
  }
}

const isSize = (result: number | undefined): result is number =>
  result !== undefined && result >= 0 && result <= maxTransferBytes;

/** The files are in the buffer already. */
function reportOperation(
  host: Host,
  thread: Thread,
  { call, kind }: PendingFileCall,
  result: number | undefined,
  beginNs: number,
  endNs: number,
): void {
  const channel = host.channels['file-operation'];
  if (!channel.isWanted) return;
  const moves =
    (kind === 'read' || kind === 'write' || kind === 'read-write') && !call.resultIsCount;
  const { fileOperation } = host.buffers;
  fileOperation.kind = kind!;
  fileOperation.thread = thread;
  fileOperation.name = call.name;
  fileOperation.sizeBytes = moves && isSize(result) ? result : undefined;
  fileOperation.errno = result !== undefined && result < 0 ? -result : 0;
  fileOperation.beginNs = beginNs;
  fileOperation.endNs = endNs;
  fileOperation.isCertain = beginNs >= host.lastGapEndNs && beginNs >= thread.doubtedUntilNs;
  channel.emit(fileOperation);
}
