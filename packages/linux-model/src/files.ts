import type { Process } from './threads.ts';

export type FileType = 'disk' | 'network' | 'maybe-network' | 'unknown';

/** An open file description as one process sees it, from open to close. */
export interface OpenFile {
  readonly fd: number;
  /** Known late for threads that the trace shows before it says whose they are. */
  process: Process;
  path: string;
  type: FileType;
  isCloseOnExec: boolean;
  /** NaN: before the trace. */
  readonly openNs: number;
  /** NaN: still open. */
  closeNs: number;
}

/** What is opened in a process at `openNs`. The one place where files are made: all have one shape. */
export function makeFile(
  { fd, path, type, isCloseOnExec }: Pick<OpenFile, 'fd' | 'path' | 'type' | 'isCloseOnExec'>,
  process: Process,
  openNs: number,
): OpenFile {
  return { fd, process, path, type, isCloseOnExec, openNs, closeNs: Number.NaN };
}

/** `O_CLOEXEC` (include/uapi/asm-generic/fcntl.h, v6.12). */
export const closeOnExecFlag = 0o2000000;

/** `fs.nr_open`'s default: a process has no more descriptors, and so a trace can't make us keep more. */
const maxFiles = 1_048_576;

/** Of a descriptor that was used before anything told of it. */
export const unknownPath = 'unknown';

function nameAs(file: OpenFile, known: OpenFile): void {
  file.path = known.path;
  if (file.type === 'unknown') file.type = known.type;
}

/** The descriptors of a process (`CLONE_FILES` shares the table between threads). */
export class FileTable {
  /** Undefined: there was none yet. */
  #files: Map<number, OpenFile> | undefined;
  /** It was shared with another process (`CLONE_FILES` without `CLONE_THREAD`), which may live on. */
  isShared = false;

  get(fd: number): OpenFile | undefined {
    return this.#files?.get(fd);
  }

  set(file: OpenFile): void {
    this.#files ??= new Map();
    if (this.#files.size < maxFiles || this.#files.has(file.fd)) this.#files.set(file.fd, file);
  }

  delete(fd: number): void {
    this.#files?.delete(fd);
  }

  values(): Iterable<OpenFile> {
    return this.#files?.values() ?? [];
  }

  get count(): number {
    return this.#files?.size ?? 0;
  }

  /** Takes over what another table has. Under a number that is taken here it was the same file, whose name one of both may know. */
  adopt(other: FileTable, process: Process): void {
    for (const file of other.values()) {
      file.process = process;
      const own = this.get(file.fd);
      if (own === undefined) this.set(file);
      else if (file.path === unknownPath) nameAs(file, own);
      else if (own.path === unknownPath) nameAs(own, file);
    }
  }
}

/** What a path says about the type: paths of the file system are disk, `socket:[1]` network. */
export function fileTypeOfPath(path: string): FileType {
  if (path.startsWith('/') && !path.startsWith('/dev/pts/')) return 'disk';
  return path.startsWith('socket:') ? 'network' : 'unknown';
}
