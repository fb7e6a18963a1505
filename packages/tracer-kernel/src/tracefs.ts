import { spawnSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SondeError } from '@sonde/base';

/** Where tracefs is mounted; older systems have it below debugfs. */
export const tracefsPath = '/sys/kernel/tracing';
const debugfsTracingPath = '/sys/kernel/debug/tracing';

/** A folder of tracefs: its top, or an instance. Names are relative to it. */
export class TracefsFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws SondeError `tracefs-refused` */
  read(name: string): string {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch (cause) {
      throw refused('read', join(this.path, name), cause);
    }
  }

  /** Replaces what the file says. @throws SondeError `tracefs-refused` */
  write(name: string, text: string): void {
    try {
      writeFileSync(join(this.path, name), text);
    } catch (cause) {
      throw refused('write', join(this.path, name), cause);
    }
  }

  /** Adds to a list such as `set_event_pid` or `uprobe_events`. @throws SondeError `tracefs-refused` */
  append(name: string, text: string): void {
    try {
      appendFileSync(join(this.path, name), text);
    } catch (cause) {
      throw refused('write', join(this.path, name), cause);
    }
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  /** Names in a folder; none where it can't be read. */
  list(name: string): string[] {
    try {
      return readdirSync(join(this.path, name));
    } catch {
      return [];
    }
  }
}

/** `EACCES`, `ENOSPC`, …; undefined where the error is not the system's. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function refused(what: string, path: string, cause: unknown): SondeError {
  const message = `The kernel refuses to ${what} ${path} (${errnoOf(cause) ?? 'unknown reason'}).`;
  return new SondeError('tracefs-refused', message, {}, { cause });
}

/** The kernel's lockdown mode in force: `none`, `integrity`, `confidentiality`; undefined: it has no such thing. */
export function lockdownMode(): string | undefined {
  try {
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Finds tracefs, and mounts it where it is not.
 * @throws SondeError `not-root`, `no-tracefs`, `locked-down`: with the remedy in the message
 */
export function openTracefs(): TracefsFolder {
  const path = mountedPath() ?? mountTracefs();
  try {
    accessSync(join(path, 'instances'), constants.R_OK | constants.W_OK);
    readFileSync(join(path, 'available_events'));
  } catch (cause) {
    throw explainRefusal(path, cause);
  }
  return new TracefsFolder(path);
}

function mountedPath(): string | undefined {
  // As another user, everything below looks as if it were not there.
  if (!isRoot() && !canList(tracefsPath)) throw notRoot();
  return [tracefsPath, debugfsTracingPath].find((path) => existsSync(join(path, 'events')));
}

function mountTracefs(): string {
  if (!isRoot()) throw notRoot();
  if (!existsSync(tracefsPath)) {
    throw new SondeError(
      'no-tracefs',
      `This kernel has no tracefs (${tracefsPath} is missing): it was built without CONFIG_FTRACE. Use a kernel with it.`,
    );
  }
  const { status, stderr } = spawnSync('mount', ['-t', 'tracefs', 'nodev', tracefsPath], {
    encoding: 'utf8',
  });
  if (status === 0) return tracefsPath;
  throw new SondeError(
    'no-tracefs',
    `tracefs is not mounted, and mounting it fails (${String(stderr).trim() || 'no program `mount`'}). In a container: run on the host, or start the container with --privileged.`,
  );
}

function explainRefusal(path: string, cause: unknown): SondeError {
  if (!isRoot()) return notRoot();
  if (lockdownMode() === 'confidentiality') {
    return new SondeError(
      'locked-down',
      'The kernel is locked down (confidentiality): it allows no tracing. Boot without lockdown=confidentiality.',
      {},
      { cause },
    );
  }
  return new SondeError(
    'no-tracefs',
    `${path} can't be used, though this is root: a container? Run on the host, or start the container with --privileged.`,
    {},
    { cause },
  );
}

function notRoot(): SondeError {
  return new SondeError(
    'not-root',
    'Recording the kernel needs root. Run it with sudo; a trace that exists is read by anybody.',
  );
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function canList(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
