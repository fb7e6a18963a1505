/** A block request between issue and completion. */
export interface PendingBlockRequest {
  readonly sector: number;
  readonly sectorCount: number;
  remainingSectors: number;
  readonly isWrite: boolean;
  readonly tid: number;
  readonly issueNs: number;
  readonly insertNs: number;
}

/** A block device. */
export class Disk {
  readonly device: number;
  /** From the state dump; until then `(major,minor)`. */
  name: string;
  /** By the sector that the next completion begins at. */
  readonly pending = new Map<number, PendingBlockRequest>();
  /** Insert times by sector (ns). */
  readonly inserts = new Map<number, number>();

  constructor(device: number) {
    this.device = device;
    // Kernel-internal dev_t: 12 bits major, 20 bits minor (include/linux/kdev_t.h, v6.12).
    this.name = `(${device >>> 20},${device & 0xfffff})`;
  }
}

interface Remap {
  readonly fromDevice: number;
  readonly toDevice: number;
  readonly toSector: number;
}

/** Remaps that never complete (split or dropped requests) must not pile up. */
const maxRemaps = 65_536;

/** Block devices of a host, and which requests were remapped from one to another (partitions, LVM). */
export class DiskTable {
  readonly #disks = new Map<number, Disk>();
  readonly #remaps = new Map<string, Remap>();

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
    if (this.#remaps.size >= maxRemaps) {
      const oldest = this.#remaps.keys().next();
      if (!oldest.done) this.#remaps.delete(oldest.value);
    }
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

  forgetRemap(device: number, sector: number): void {
    if (this.#remaps.size > 0) this.#remaps.delete(`${device}:${sector}`);
  }
}
