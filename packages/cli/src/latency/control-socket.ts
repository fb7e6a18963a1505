/**
 * How `sonde latency --set` reaches a running one: a local socket in a folder that only the user can enter, one per process. A line of
 * JSON in each direction.
 */

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import { makeFolders } from '@sonde/components';

/** What is asked: the setting for one tracker, or for all. */
export interface ControlRequest {
  readonly tracker: string | undefined;
  readonly name: string;
  readonly value: number | boolean;
}

export interface ControlReply {
  readonly isDone: boolean;
  readonly message: string;
}

const maxLineBytes = 4096;
/** A tracker may be busy with finding names for the frames of stacks. */
const replyTimeoutMs = 10_000;
const prefix = 'latency-';

/**
 * The folder of our sockets.
 * @throws SondeError when another user could have made it
 */
export function controlFolder(env: { readonly [name: string]: string | undefined }): string {
  const uid = process.getuid?.() ?? 0;
  const folder = env['XDG_RUNTIME_DIR']
    ? join(env['XDG_RUNTIME_DIR'], 'sonde')
    : join(tmpdir(), `sonde-${uid}`);
  makeFolders(folder, 0o700);
  const status = lstatSync(folder);
  if (!status.isDirectory() || status.uid !== uid || (status.mode & 0o077) !== 0) {
    throw new SondeError(
      'unsafe-folder',
      `${folder} is not a folder of yours alone: remove it, or set XDG_RUNTIME_DIR.`,
    );
  }
  return folder;
}

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** @param handle - Its errors of our own are the reply. */
  static async open(
    folder: string,
    handle: (request: ControlRequest) => string,
  ): Promise<ControlServer> {
    const path = join(folder, `${prefix}${process.pid}.sock`);
    rmSync(path, { force: true });
    const server = createServer((socket) => serve(socket, handle));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    server.unref();
    return new ControlServer(server, path);
  }

  close(): void {
    this.#server.close();
    rmSync(this.#path, { force: true });
  }
}

function serve(socket: Socket, handle: (request: ControlRequest) => string): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(replyTimeoutMs, () => socket.destroy());
  onLine(socket, (line) => socket.end(`${JSON.stringify(replyTo(line, handle))}\n`));
}

function replyTo(line: string, handle: (request: ControlRequest) => string): ControlReply {
  try {
    return { isDone: true, message: handle(readRequest(line)) };
  } catch (error) {
    const message = error instanceof SondeError ? error.message : 'This is no request.';
    return { isDone: false, message };
  }
}

/** The first line; more than 4 KiB without an end closes the connection. */
function onLine(socket: Socket, handle: (line: string) => void): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) {
      socket.removeAllListeners('data');
      handle(text.slice(0, end));
    } else if (text.length > maxLineBytes) socket.destroy();
  });
}

function readRequest(line: string): ControlRequest {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) {
    throw new UsageError('bad-request', 'This is no request.');
  }
  const { tracker, name, value: setting } = value as { readonly [name: string]: unknown };
  const isValue = typeof setting === 'boolean' || (typeof setting === 'number' && setting >= 0);
  if (typeof name !== 'string' || !isValue || !['string', 'undefined'].includes(typeof tracker)) {
    throw new UsageError('bad-request', 'This is no request.');
  }
  return { tracker: tracker as string | undefined, name, value: setting as number | boolean };
}

/** Asks every running one. Sockets that nobody listens at are removed. @returns replies by process */
export async function askAll(
  folder: string,
  request: ControlRequest,
): Promise<ReadonlyMap<number, ControlReply>> {
  const replies = new Map<number, ControlReply>();
  for (const file of readdirSync(folder)) {
    const pid = /^latency-(\d+)\.sock$/.exec(file)?.[1];
    if (pid === undefined) continue;
    const path = join(folder, file);
    const reply = await ask(path, request);
    if (reply === undefined) rmSync(path, { force: true });
    else replies.set(Number(pid), reply);
  }
  return replies;
}

function ask(path: string, request: ControlRequest): Promise<ControlReply | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const fail = (message: string): void => {
      socket.destroy();
      resolve({ isDone: false, message });
    };
    socket.setTimeout(replyTimeoutMs, () => fail('There was no reply.'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else fail(error.message);
    });
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    onLine(socket, (line) => {
      socket.destroy();
      resolve(JSON.parse(line) as ControlReply);
    });
  });
}
