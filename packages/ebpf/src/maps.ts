import { readFileSync } from 'node:fs';
import { BpfAttributes, command } from './bpf-command.ts';
import { closeDescriptor, type Native, type NativeMemory, SystemCallError } from './native.ts';

/** Kinds of maps (enum bpf_map_type). */
const mapTypes = {
  hash: 1,
  array: 2,
  'per-cpu-hash': 5,
  'per-cpu-array': 6,
  'stack-trace': 7,
  'ring-buffer': 27,
  'task-storage': 29,
} as const;
export type MapType = keyof typeof mapTypes;

const flagNoPrealloc = 1;
const flagMmapable = 1 << 10;
const pageBytes = 4096;

export interface MapOptions {
  readonly type: MapType;
  /** Shown by other tools; 15 characters count. */
  readonly name: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  /** Hash maps: allocate entries when they come. Saves memory where few of many come. */
  readonly isGrowing?: boolean;
  /** Arrays: may be mapped into memory. */
  readonly isMappable?: boolean;
}

/** CPUs that there may ever be: what per-CPU values have a part for. */
export function possibleCpus(): number {
  const text = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim();
  const ends = text.split(',').map((range) => Number(range.split('-').at(-1)));
  return Math.max(...ends) + 1;
}

/** A map: where programs in the kernel and this process meet. It goes away when closed, or with the process. */
export class BpfMap {
  readonly fd: number;
  readonly options: MapOptions;
  /** Values of per-CPU maps: one part per possible CPU, each so far (bytes) from the one before. */
  readonly cpuStrideBytes: number;
  readonly cpuCount: number;
  readonly #native: Native;
  readonly #attributes: BpfAttributes;
  readonly #key: NativeMemory;
  readonly #value: NativeMemory;

  /** @throws SystemCallError */
  constructor(native: Native, options: MapOptions) {
    this.options = options;
    this.#native = native;
    this.#attributes = new BpfAttributes(native);
    const isPerCpu = options.type.startsWith('per-cpu');
    this.cpuCount = isPerCpu ? possibleCpus() : 1;
    this.cpuStrideBytes = isPerCpu ? (options.valueBytes + 7) & ~7 : options.valueBytes;
    this.#key = native.allocate(Math.max(options.keyBytes, 8));
    this.#value = native.allocate(this.cpuStrideBytes * this.cpuCount);
    this.fd = this.#create();
  }

  #create(): number {
    const { type, name, keyBytes, valueBytes, maxEntries } = this.options;
    const isTaskStorage = type === 'task-storage';
    const flags =
      (this.options.isGrowing || isTaskStorage ? flagNoPrealloc : 0) |
      (this.options.isMappable ? flagMmapable : 0);
    const attributes = this.#attributes
      .clear()
      .u32(0, mapTypes[type])
      .u32(4, keyBytes)
      .u32(8, valueBytes)
      .u32(12, maxEntries)
      .u32(16, flags)
      .name(28, name);
    if (!isTaskStorage) return attributes.call(command.mapCreate, 72, `create the map ${name}`);
    const btfFd = loadStorageTypes(this.#native, valueBytes);
    try {
      return attributes
        .u32(48, btfFd)
        .u32(52, storageTypeIds.key)
        .u32(56, storageTypeIds.value)
        .call(command.mapCreate, 72, `create the map ${name}`);
    } finally {
      closeDescriptor(btfFd);
    }
  }

  /** Bytes of the last key that `firstKey` or `nextKey` found, or of the next look-up. */
  get key(): DataView {
    return this.#key.view;
  }

  /** The value that `lookUp` found. */
  get value(): DataView {
    return this.#value.view;
  }

  /** Looks `key` up; false: there is none. */
  lookUp(): boolean {
    return this.#operate(command.mapLookup, 'look up', this.#value.address);
  }

  /** @throws SystemCallError, E2BIG where there is no room */
  update(): void {
    this.#operate(command.mapUpdate, 'update', this.#value.address);
  }

  /** Deletes `key`; false: it was not there. */
  delete(): boolean {
    return this.#operate(command.mapDelete, 'delete', 0);
  }

  /** Sets `key` to the first one; false: the map is empty. */
  firstKey(): boolean {
    return this.#nextKey(0);
  }

  /** Sets `key` to the one behind it; false: there is none. Begins anew where a key was deleted meanwhile. */
  nextKey(): boolean {
    return this.#nextKey(this.#key.address);
  }

  #nextKey(address: number): boolean {
    this.#attributes.clear().u32(0, this.fd).u64(8, address).u64(16, this.#key.address);
    return this.#found(command.mapNextKey, 'go through');
  }

  #operate(number: number, what: string, valueAddress: number): boolean {
    this.#attributes.clear().u32(0, this.fd).u64(8, this.#key.address).u64(16, valueAddress);
    return this.#found(number, what);
  }

  #found(number: number, what: string): boolean {
    try {
      this.#attributes.call(number, 32, `${what} ${this.options.name}`);
      return true;
    } catch (error) {
      if (error instanceof SystemCallError && error.errnoName === 'ENOENT') return false;
      throw error;
    }
  }

  /** Number of entries, by going through them. */
  count(): number {
    let count = 0;
    for (let more = this.firstKey(); more; more = this.nextKey()) count++;
    return count;
  }

  /** All values of a mappable array, shared with the programs: a store here is seen there at once. */
  mapIntoMemory(): NativeMemory {
    const { valueBytes, maxEntries } = this.options;
    const length = Math.ceil((valueBytes * maxEntries) / pageBytes) * pageBytes;
    return this.#native.map(this.fd, length, true);
  }

  close(): void {
    closeDescriptor(this.fd);
    this.#attributes[Symbol.dispose]();
    this.#key.free();
    this.#value.free();
  }
}

const storageTypeIds = { key: 1, value: 3 };

/** Task storage wants to know types: an `int` as key, an array of 64-bit words as value. Loads them as BTF. */
function loadStorageTypes(native: Native, valueBytes: number): number {
  const strings = new TextEncoder().encode('\0int\0u64\0');
  const header = 24;
  const integer = (name: number, bytes: number, isSigned: boolean): number[] => [
    name,
    1 << 24,
    bytes,
    (isSigned ? 1 << 24 : 0) | (bytes * 8),
  ];
  const types = [
    ...integer(1, 4, true),
    ...integer(5, 8, false),
    ...[0, 3 << 24, 0, 2, 1, valueBytes / 8],
  ];
  const bytes = new Uint8Array(header + types.length * 4 + strings.length);
  const view = new DataView(bytes.buffer);
  const typesBytes = types.length * 4;
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  const words = [header, 0, typesBytes, typesBytes, strings.length, ...types];
  for (const [index, word] of words.entries()) view.setUint32(4 + index * 4, word, true);
  bytes.set(strings, header + typesBytes);
  using memory = native.allocateFrom(bytes);
  using attributes = new BpfAttributes(native);
  attributes.u64(0, memory.address).u32(16, bytes.length);
  return attributes.call(command.btfLoad, 32, 'load types');
}
