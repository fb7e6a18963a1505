/**
 * The few functions of the C library that Node lacks: any system call, memory with a fixed address, mmap. Through koffi, which is an
 * optional dependency: it is loaded here, and only when something native is asked for.
 */
import { closeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { SondeError } from '@sonde/base';

/** A system call that failed. `errnoName` is `EPERM`, `ENOENT`, … */
export class SystemCallError extends SondeError {
  readonly errno: number;
  readonly errnoName: string;

  constructor(call: string, errno: number) {
    const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    super('system-call-failed', `${call}: ${text} (${name}).`);
    this.errno = errno;
    this.errnoName = name;
  }
}

/** Numbers of system calls differ between architectures. */
const callNumbers = {
  x64: {
    bpf: 321,
    perf_event_open: 298,
    ioctl: 16,
    munmap: 11,
    eventfd2: 290,
    sync_file_range: 277,
    fadvise64: 221,
  },
  arm64: {
    bpf: 280,
    perf_event_open: 241,
    ioctl: 29,
    munmap: 215,
    eventfd2: 19,
    sync_file_range: 84,
    fadvise64: 223,
  },
} as const;
export type CallName = keyof (typeof callNumbers)['x64'];

type Koffi = typeof import('koffi')['default'];
type Integer = number | bigint;
type SystemCall = (number: Integer, ...args: Integer[]) => Integer;
type Poll = (...args: [Integer, number, number, (error: unknown, count: number) => void]) => void;

const protectRead = 1;
const protectWrite = 2;
const mapShared = 1;

/** Memory outside V8's heap: its address stays, so the kernel may be told of it. */
export class NativeMemory {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #release: (address: number) => void;

  constructor(address: number, buffer: ArrayBuffer, release: (address: number) => void) {
    this.address = address;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.#release = release;
  }

  /** Nothing of it may be used afterwards. */
  free(): void {
    this.#release(this.address);
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

export class Native {
  readonly #calls: Readonly<Record<CallName, number>>;
  readonly #systemCall: SystemCall;
  readonly #calloc: (count: number, size: number) => Integer;
  readonly #free: (address: Integer) => void;
  readonly #mmap: (...args: Integer[]) => Integer;
  readonly #poll: Poll;
  readonly #view: (address: Integer, length: number) => ArrayBuffer;
  readonly #errno: () => number;

  private constructor(koffi: Koffi, calls: Readonly<Record<CallName, number>>) {
    const libc = koffi.load('libc.so.6');
    this.#calls = calls;
    this.#systemCall = libc.func('long syscall(long n, long, long, long, long, long, long)');
    this.#calloc = libc.func('int64_t calloc(size_t count, size_t size)');
    this.#free = libc.func('void free(int64_t address)');
    this.#mmap = libc.func('int64_t mmap(int64_t, size_t, int, int, int, int64_t)');
    this.#poll = libc.func('int poll(int64_t fds, uint64_t count, int timeout)').async;
    this.#view = (address, length) => koffi.view(address, length);
    this.#errno = () => koffi.errno();
  }

  /** @throws SondeError `no-native-calls` where there is no koffi, or not this system. */
  static async open(): Promise<Native> {
    const { platform, arch } = process;
    if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
      throw new SondeError(
        'no-native-calls',
        `eBPF needs Linux on x64 or arm64; this is ${platform} on ${arch}.`,
      );
    }
    try {
      const { default: koffi } = await import('koffi');
      return new Native(koffi, callNumbers[arch]);
    } catch (cause) {
      const message =
        'The optional package koffi, which calls the kernel, can not be loaded. Install it: npm install koffi';
      throw new SondeError('no-native-calls', message, {}, { cause });
    }
  }

  /**
   * @returns what the kernel returned: a file descriptor, a count
   * @throws SystemCallError
   */
  call(name: CallName, what: string, ...args: Integer[]): number {
    while (args.length < 6) args.push(0);
    const result = Number(this.#systemCall(this.#calls[name], ...args));
    if (result < 0) throw new SystemCallError(what, this.#errno());
    return result;
  }

  /** Zeroed. To be freed. */
  allocate(lengthBytes: number): NativeMemory {
    const address = Number(this.#calloc(1, Math.max(lengthBytes, 8)));
    if (address === 0) throw new SondeError('no-memory', `No memory for ${lengthBytes} bytes.`);
    return new NativeMemory(address, this.#view(address, lengthBytes), (a) => this.#free(a));
  }

  /** With a copy of the bytes. To be freed. */
  allocateFrom(bytes: Uint8Array): NativeMemory {
    const memory = this.allocate(bytes.length);
    memory.bytes.set(bytes);
    return memory;
  }

  /**
   * A file in memory, shared with the kernel. Writing where `isWritable` is false ends the process, and so does any use after `free`.
   * @throws SystemCallError
   */
  map(fd: number, lengthBytes: number, isWritable: boolean, offsetBytes = 0): NativeMemory {
    const protection = protectRead | (isWritable ? protectWrite : 0);
    const result = this.#mmap(0, lengthBytes, protection, mapShared, fd, offsetBytes);
    if (Number(result) === -1) throw new SystemCallError('mmap', this.#errno());
    const address = Number(result);
    return new NativeMemory(address, this.#view(address, lengthBytes), (a) => {
      this.call('munmap', 'munmap', a, lengthBytes);
    });
  }

  /**
   * Calls poll(2) in another thread. The process does not end before the call does.
   * @param entries - `struct pollfd`, `count` of them. To be kept, and its descriptors open, until the call has ended.
   */
  pollLater(entries: NativeMemory, count: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#poll(entries.address, count, timeoutMs, () => resolve());
    });
  }
}

/** Closes what may be closed already when the process ends. */
export function closeDescriptor(fd: number): void {
  closeSync(fd);
}
