/** Loading programs, and joining them to events. A program is there as long as this process has its descriptor open. */
import { SondeError } from '@sonde/base';
import type { Assembler } from './assembler.ts';
import { BpfAttributes, command } from './bpf-command.ts';
import { closeDescriptor, type Native, type NativeMemory, SystemCallError } from './native.ts';

/** What a program is (enum bpf_prog_type), and how it is attached (enum bpf_attach_type). */
const programTypes = {
  tracepoint: { type: 5, attachType: 0 },
  'raw-tracepoint': { type: 17, attachType: 0 },
  'typed-tracepoint': { type: 26, attachType: 23 },
  'function-entry': { type: 26, attachType: 24 },
  'function-exit': { type: 26, attachType: 25 },
  iterator: { type: 26, attachType: 28 },
} as const;
export type ProgramType = keyof typeof programTypes;

export interface ProgramOptions {
  readonly type: ProgramType;
  readonly name: string;
  readonly code: Assembler;
  /** Typed tracepoints: id of the type `btf_trace_NAME`. Functions and iterators: of the function. */
  readonly btfId?: number;
}

/** What the kernel counted for a program. Run times only while `enableRunStatistics` is on. */
export interface ProgramStatistics {
  readonly runs: number;
  readonly runNs: number;
  /** Events at which the program could not run, because another ran on this CPU. */
  readonly missed: number;
}

/** Length of `struct bpf_prog_info` up to what we read. */
export const infoBytes = 232;
const logBytes = 1 << 20;
const logTailLines = 25;
const maxInterruptions = 50;
/** Helpers for tasks, stacks and types are for programs with a licence like the kernel's. */
const license = new TextEncoder().encode('Dual MIT/GPL\0');

export class BpfProgram {
  readonly fd: number;
  readonly name: string;
  readonly type: ProgramType;
  /** Before the kernel's own rewriting. */
  readonly instructionCount: number;
  readonly #native: Native;
  #isClosed = false;

  /**
   * @throws SystemCallError where the kernel refuses programs at all, SondeError `program-refused` with the end of the verifier's log where
   *   it refuses this one
   */
  constructor(native: Native, options: ProgramOptions) {
    this.#native = native;
    this.name = options.name;
    this.type = options.type;
    this.instructionCount = options.code.length;
    const { type, attachType } = programTypes[options.type];
    using code = native.allocateFrom(options.code.encode());
    using licenseText = native.allocateFrom(license);
    using attributes = new BpfAttributes(native);
    attributes
      .u32(0, type)
      .u32(4, options.code.length)
      .u64(8, code.address)
      .u64(16, licenseText.address)
      .name(48, options.name)
      .u32(68, attachType)
      .u32(108, options.btfId ?? 0);
    const what = `load the program ${options.name}`;
    try {
      this.fd = loadPatiently(attributes, what);
    } catch (error) {
      throw explainRefusal(native, attributes, error, what);
    }
  }

  statistics(): ProgramStatistics {
    using info = this.#native.allocate(infoBytes);
    using attributes = new BpfAttributes(this.#native);
    attributes.u32(0, this.fd).u32(4, infoBytes).u64(8, info.address);
    attributes.call(command.objectInfo, 16, `statistics of ${this.name}`);
    return statisticsOf(info);
  }

  /** Several may close it who share it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeDescriptor(this.fd);
  }
}

/** A signal that comes while the verifier works makes it give up, whatever the program is. */
function loadPatiently(attributes: BpfAttributes, what: string): number {
  for (let left = maxInterruptions; ; left--) {
    try {
      return attributes.call(command.programLoad, 144, what);
    } catch (error) {
      const isInterrupted = error instanceof SystemCallError && error.errnoName === 'EAGAIN';
      if (!isInterrupted || left === 0) throw error;
    }
  }
}

export function statisticsOf(info: NativeMemory): ProgramStatistics {
  const number = (offset: number): number => Number(info.view.getBigUint64(offset, true));
  return { runNs: number(192), runs: number(200), missed: number(208) };
}

/** Once more, with the verifier's log: it is costly, so only after a failure. */
function explainRefusal(
  native: Native,
  attributes: BpfAttributes,
  error: unknown,
  what: string,
): unknown {
  if (!(error instanceof SystemCallError) || error.errnoName === 'EPERM') return error;
  using log = native.allocate(logBytes);
  attributes.u32(24, 1).u32(28, logBytes).u64(32, log.address);
  try {
    closeDescriptor(attributes.call(command.programLoad, 144, what));
  } catch {
    // The same refusal: the log is what we are after.
  }
  const text = new TextDecoder().decode(log.bytes.subarray(0, log.bytes.indexOf(0)));
  const tail = text.trimEnd().split('\n').slice(-logTailLines).join('\n');
  if (tail === '') return error;
  return new SondeError(
    'program-refused',
    `Cannot ${what}. The verifier says:\n${tail}`,
    {},
    {
      cause: error,
    },
  );
}

/** A program joined to its event: it runs until this is closed. */
export interface Attachment {
  close(): void;
}

/** For typed tracepoints and functions, which know their event, and raw tracepoints, which are told it. */
export function attachRaw(native: Native, program: BpfProgram, tracepoint = ''): Attachment {
  using name = native.allocateFrom(new TextEncoder().encode(`${tracepoint}\0`));
  using attributes = new BpfAttributes(native);
  attributes.u64(0, tracepoint === '' ? 0 : name.address).u32(8, program.fd);
  const fd = attributes.call(command.rawTracepointOpen, 24, `attach ${program.name}`);
  return { close: () => closeDescriptor(fd) };
}

const perfTypeTracepoint = 2;
const perfSampleRaw = 1n << 10n;
const perfOpenCloseOnExec = 8;
const perfIoctl = { setBpf: 0x40042408, enable: 0x2400 };

/**
 * Joins a program to a tracepoint through a perf event. Such programs must return 1: with 0 the event is withheld from every perf user
 * of the system.
 * @param eventId - from the event's `id` file in tracefs
 */
export function attachTracepoint(native: Native, program: BpfProgram, eventId: number): Attachment {
  const attributeBytes = 112;
  using attributes = native.allocate(attributeBytes);
  const { view } = attributes;
  view.setUint32(0, perfTypeTracepoint, true);
  view.setUint32(4, attributeBytes, true);
  view.setBigUint64(8, BigInt(eventId), true);
  view.setBigUint64(16, 1n, true);
  view.setBigUint64(24, perfSampleRaw, true);
  view.setUint32(48, 1, true);
  const what = `attach ${program.name}`;
  // Any process, and one CPU: the program runs on all nevertheless, as it belongs to the tracepoint.
  const args = [attributes.address, -1, 0, -1, perfOpenCloseOnExec];
  const fd = native.call('perf_event_open', what, ...args);
  try {
    native.call('ioctl', what, fd, perfIoctl.setBpf, program.fd);
    native.call('ioctl', what, fd, perfIoctl.enable, 0);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return { close: () => closeDescriptor(fd) };
}

/** A program that is run for each object of a kind, whenever `read(fd)` asks for it. */
export interface IteratorLink extends Attachment {
  /** Reading it to the end runs the program once for every object. */
  open(): number;
}

export function attachIterator(native: Native, program: BpfProgram): IteratorLink {
  using attributes = new BpfAttributes(native);
  attributes.u32(0, program.fd).u32(8, programTypes.iterator.attachType);
  const linkFd = attributes.call(command.linkCreate, 64, `attach ${program.name}`);
  return {
    open() {
      using request = new BpfAttributes(native);
      return request.u32(0, linkFd).call(command.iteratorCreate, 8, `iterate ${program.name}`);
    },
    close: () => closeDescriptor(linkFd),
  };
}

/**
 * From now on the kernel counts runs and run time of all programs, until this is closed. Costs some 20 ns per run.
 * @throws SystemCallError
 */
export function enableRunStatistics(native: Native): Attachment {
  using attributes = new BpfAttributes(native);
  const fd = attributes.call(command.enableStatistics, 4, 'enable run statistics');
  return { close: () => closeDescriptor(fd) };
}
