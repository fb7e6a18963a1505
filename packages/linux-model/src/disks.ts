import { BoundedMap } from './bounded-map.ts';
import type { Thread } from './threads.ts';

/** A block request between issue and completion. */
export interface PendingBlockRequest {
  readonly sector: number;
  readonly sectorCount: number;
  /** Not complete yet. */
  remainingSectors: number;
  readonly isWrite: boolean;
  /** Who issued it; undefined: unknown. */
  readonly thread: Thread | undefined;
  readonly issueNs: number;
  readonly insertNs: number;
  readonly requeueCount: number;
}

/** A request that waits to be issued, for the first time or again. */
export interface WaitingBlockRequest {
  /** NaN: not seen. */
  readonly insertNs: number;
  readonly requeueCount: number;
}

/** Requests whose completion is missing must not pile up: more than any device has in flight. */
const maxPending = 65_536;

/** A block device. */
export class Disk {
  readonly device: number;
  /** From the state dump; until then `(major,minor)`. */
  name: string;
  /** By the sector that the next completion begins at. */
  readonly #pending = new BoundedMap<number, PendingBlockRequest>(maxPending);
  /** By sector. */
  readonly #waiting = new BoundedMap<number, WaitingBlockRequest>(maxPending);

  constructor(device: number) {
    this.device = device;
    // Kernel-internal dev_t: 12 bits major, 20 bits minor (include/linux/kdev_t.h, v6.12).
    this.name = `(${device >>> 20},${device & 0xfffff})`;
  }

  wait(sector: number, request: WaitingBlockRequest): void {
    this.#waiting.set(sector, request);
  }

  takeWaiting(sector: number): WaitingBlockRequest | undefined {
    const request = this.#waiting.get(sector);
    if (request !== undefined) this.#waiting.delete(sector);
    return request;
  }

  issue(sector: number, request: PendingBlockRequest): void {
    this.#pending.set(sector, request);
  }

  pendingAt(sector: number): PendingBlockRequest | undefined {
    return this.#pending.get(sector);
  }

  takePending(sector: number): PendingBlockRequest | undefined {
    const request = this.#pending.get(sector);
    if (request !== undefined) this.#pending.delete(sector);
    return request;
  }
}

interface Remap {
  readonly fromDevice: number;
  readonly toDevice: number;
  readonly toSector: number;
}

/** Block devices of a host, and which requests were remapped from one to another (partitions, LVM). */
export class DiskTable {
  readonly #disks = new Map<number, Disk>();
  /** By device and sector; remaps that never complete (split or dropped requests) are forgotten. */
  readonly #remaps = new BoundedMap<string, Remap>(maxPending);

  ensure(device: number): Disk {
    let disk = this.#disks.get(device);
    if (disk === undefined) {
      disk = new Disk(device);
      this.#disks.set(device, disk);
    }
    return disk;
  }

  values(): IterableIterator<Disk> {
    return this.#disks.values();
  }

  /** A request for `fromSector` of one device became one for `toSector` of another; chains keep the first device. */
  remap(fromDevice: number, fromSector: number, toDevice: number, toSector: number): void {
    const earlierKey = `${fromDevice}:${fromSector}`;
    const earlier = this.#remaps.get(earlierKey);
    if (earlier !== undefined) this.#remaps.delete(earlierKey);
    this.#remaps.set(`${toDevice}:${toSector}`, {
      fromDevice: earlier?.fromDevice ?? fromDevice,
      toDevice,
      toSector,
    });
  }

  /** The device that a request on `device` was first made for. */
  originalDevice(device: number, sector: number): number {
    if (this.#remaps.size === 0) return device;
    return this.#remaps.get(`${device}:${sector}`)?.fromDevice ?? device;
  }

  /** Part of a remapped request is complete: the rest begins at `restSector`. */
  shortenRemap(device: number, sector: number, restSector: number): void {
    const remap = this.#remaps.get(`${device}:${sector}`);
    if (remap === undefined) return;
    this.forgetRemap(device, sector);
    this.#remaps.set(`${device}:${restSector}`, remap);
  }

  forgetRemap(device: number, sector: number): void {
    if (this.#remaps.size > 0) this.#remaps.delete(`${device}:${sector}`);
  }
}
