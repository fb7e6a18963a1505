import { existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SondeError, UsageError } from '@sonde/base';
import type { AvailableEvent } from './event-catalogue.ts';
import { findFunction } from './function-lookup.ts';
import { removeUprobes } from './ownership.ts';
import type { TracefsFolder } from './tracefs.ts';

/** A place in a program or library where an event is recorded. */
export interface UprobeRequest {
  /** Name of the event. */
  readonly name: string;
  readonly path: string;
  readonly function: string;
  /** Into the function. */
  readonly offsetBytes: number;
  /** When the function returns, with what it returns. */
  readonly isReturn: boolean;
  /** What to record, as the kernel's uprobetracer writes it: `size=%di:u64 path=+0(%si):ustring`. */
  readonly fetch: string;
}

/** `operator+=`, `operator new[]`, `operator bool`: the only names with a plus or a blank in them. */
const operatorPattern =
  /(?:[^\s+]+::)?operator(?:\+\+|\+=?|[^\w\s+]+| (?:new|delete)(?:\[\])?| \w+(?![\w=]))/;
const pattern = new RegExp(
  `^(?:(\\w+)=)?([^\\s:]+):(${operatorPattern.source}|[^\\s+]+)(?:\\+(0x[\\da-fA-F]+|\\d+))?(?:[ \\t]+(.*))?$`,
);
/** Of an event's name, by the kernel. */
const maxNameLength = 63;
const fetchPattern = /^[\w=%+\-().:,$@ \t[\]"/]*$/;

/**
 * Parses `[NAME=]PATH:FUNCTION[+OFFSET] [FETCH...]`. A program without a slash is looked for in PATH.
 * @throws UsageError `bad-probe`
 */
export function parseProbe(text: string, isReturn: boolean): UprobeRequest {
  const [, name, path, symbol, offset, fetch = ''] = pattern.exec(text) ?? [];
  if (path === undefined || symbol === undefined || !fetchPattern.test(fetch)) {
    throw new UsageError(
      'bad-probe',
      `"${text}" is no probe: it takes a file and a function in it, like /usr/bin/node:uv_run. NAME= may stand before it, and what to record behind it: "alloc=/lib/x86_64-linux-gnu/libc.so.6:malloc size=%di:u64".`,
    );
  }
  if (isReturn && offset !== undefined) {
    throw new UsageError(
      'bad-probe',
      `"${text}": a function returns from wherever it is: no offset.`,
    );
  }
  const suffix = isReturn ? '_return' : '';
  const plain = symbol.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
  return {
    name: name ?? plain.slice(0, maxNameLength - suffix.length) + suffix,
    path: findFile(path),
    function: symbol,
    offsetBytes: Number(offset ?? 0),
    isReturn,
    fetch: fetch.trim() === '' && isReturn ? 'ret=$retval' : fetch.trim(),
  };
}

function findFile(path: string): string {
  const candidates = path.includes('/')
    ? [path]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, path));
  const found = candidates.find((file) => existsSync(file) && statSync(file).isFile());
  if (found === undefined) throw new UsageError('bad-probe', `There is no file ${path}.`);
  const real = realpathSync(found);
  // The kernel takes the first colon and the first blank for the end of the path.
  if (/[\s:]/.test(real)) {
    throw new UsageError('bad-probe', `The kernel takes no path with blanks or colons: ${real}.`);
  }
  return real;
}

/**
 * Makes the uprobes of a recorder, in the group of its instance's name.
 * @returns their events, to be enabled like others
 * @throws UsageError `unknown-function`; SondeError `no-uprobes`
 */
export function createUprobes(
  tracefs: TracefsFolder,
  group: string,
  requests: readonly UprobeRequest[],
): AvailableEvent[] {
  if (requests.length === 0) return [];
  if (!tracefs.has('uprobe_events')) {
    throw new SondeError(
      'no-uprobes',
      "This kernel has no uprobes (CONFIG_UPROBE_EVENTS is off): functions of programs can't be recorded.",
    );
  }
  try {
    return requests.map((request) => createUprobe(tracefs, group, request));
  } catch (error) {
    removeUprobes(tracefs, group);
    throw error;
  }
}

function createUprobe(
  tracefs: TracefsFolder,
  group: string,
  request: UprobeRequest,
): AvailableEvent {
  const { name, path, isReturn, fetch } = request;
  const offset = offsetOf(request);
  const line = `${isReturn ? 'r' : 'p'}:${group}/${name} ${path}:0x${offset.toString(16)} ${fetch}`;
  try {
    tracefs.append('uprobe_events', `${line.trimEnd()}\n`);
  } catch (cause) {
    throw new SondeError(
      'bad-probe',
      `The kernel refuses the probe \`${line}\`.${lastError(tracefs)}`,
      {},
      { cause },
    );
  }
  return { system: group, name, lttngName: name };
}

function offsetOf({ path, function: symbol, offsetBytes }: UprobeRequest): number {
  const found = findFunction(path, symbol);
  if (offsetBytes > 0 && offsetBytes >= found.lengthBytes) {
    throw new UsageError(
      'bad-probe',
      `${symbol} is ${found.lengthBytes} bytes long: ${offsetBytes} lies behind it.`,
    );
  }
  return found.offsetBytes + offsetBytes;
}

/** The kernel's own words about the last thing it refused. */
function lastError(folder: TracefsFolder): string {
  const blocks = folder.has('error_log') ? folder.read('error_log').trimEnd() : '';
  const last = blocks.lastIndexOf('\n[');
  return blocks === '' ? '' : `\n${blocks.slice(last + 1)}`;
}
