import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import {
  type FieldSpec,
  integer,
  optionalField,
  optionalInteger,
  type Rule,
  rule,
  text,
} from './rule.ts';
import type { Thread } from './threads.ts';

/** LTTng: bit mask, bit 0 = write; ftrace and perf: letters. */
function isWriteRequest(rwbs: unknown): boolean {
  return typeof rwbs === 'string' ? rwbs.includes('W') : (Number(rwbs ?? 0) & 1) === 1;
}

const requestFields: {
  device: FieldSpec<number>;
  sector: FieldSpec<number>;
  sectorCount: FieldSpec<number>;
} = {
  device: integer('dev'),
  sector: integer('sector'),
  sectorCount: integer('nr_sector'),
};

export const blockInsert: Rule = rule(['block_rq_insert'], requestFields, (host) => {
  return ({ device, sector }, timeNs) => {
    host.disk(device).wait(sector, { insertNs: timeNs, requeueCount: 0 });
  };
});

/** Who issues: the event's thread, who mostly runs there. Kept, for it may be gone at the completion. */
function issuerOf(host: Host, cpu: Cpu, tid: number | undefined): Thread | undefined {
  const running = cpu.busyThread;
  if (tid === undefined || running?.tid === tid) return running;
  return host.threads.get(tid);
}

export const blockIssue: Rule = rule(
  ['block_rq_issue'],
  {
    ...requestFields,
    tid: optionalInteger('tid', 'common_pid'),
    rwbs: optionalField('rwbs'),
  },
  (host) => (event, timeNs, cpu) => {
    const { device, sector, sectorCount } = event;
    // Flushes have no sectors, and no completion that could be told from another's.
    if (!(sectorCount > 0)) return;
    const waiting = host.disk(device).takeWaiting(sector);
    const thread = issuerOf(host, cpu, event.tid);
    host.disk(host.disks.originalDevice(device, sector)).issue(sector, {
      sector,
      sectorCount,
      remainingSectors: sectorCount,
      isWrite: isWriteRequest(event.rwbs),
      thread,
      issueNs: timeNs,
      insertNs: waiting?.insertNs ?? Number.NaN,
      requeueCount: waiting?.requeueCount ?? 0,
    });
  },
);

/** The driver gives a request back: it will be issued again. */
export const blockRequeue: Rule = rule(['block_rq_requeue'], requestFields, (host) => {
  return ({ device, sector }) => {
    const disk = host.disk(host.disks.originalDevice(device, sector));
    const request = disk.takePending(sector);
    if (request === undefined) return;
    const { insertNs, requeueCount } = request;
    host.disk(device).wait(sector, { insertNs, requeueCount: requeueCount + 1 });
  };
});

/** `MAX_ERRNO` (include/linux/err.h, v6.12): what is beyond is no error. */
const maxErrno = 4095;

/** Kernels differ in the sign. */
function errnoOf(error: number | undefined): number {
  const errno = Math.abs(error ?? 0);
  return errno <= maxErrno ? errno : 0;
}

export const blockComplete: Rule = rule(
  ['block_rq_complete'],
  { ...requestFields, error: optionalInteger('error', 'errors') },
  (host) => {
    const channel = host.channels['block-request'];
    return (event, timeNs) => {
      const { sector, sectorCount, error } = event;
      if (!(sectorCount > 0)) return;
      const device = host.disks.originalDevice(event.device, sector);
      const disk = host.disk(device);
      const request = disk.pendingAt(sector);
      if (request !== undefined && sectorCount < request.remainingSectors) {
        // A request may complete in parts: the rest begins where this part ends.
        const restSector = sector + sectorCount;
        disk.takePending(sector);
        request.remainingSectors -= sectorCount;
        disk.issue(restSector, request);
        host.disks.shortenRemap(event.device, sector, restSector);
        return;
      }
      host.disks.forgetRemap(event.device, sector);
      if (request === undefined || sectorCount > request.remainingSectors) return;
      disk.takePending(sector);
      if (!channel.isWanted) return;
      channel.emit({
        host,
        device,
        deviceName: disk.name,
        sector: request.sector,
        sectorCount: request.sectorCount,
        isWrite: request.isWrite,
        thread: request.thread,
        insertNs: request.insertNs,
        requeueCount: request.requeueCount,
        errno: errnoOf(error),
        beginNs: request.issueNs,
        endNs: timeNs,
        isCertain: request.issueNs >= host.lastGapEndNs,
      });
    };
  },
);

export const blockRemap: Rule = rule(
  ['block_bio_remap'],
  {
    device: integer('dev'),
    sector: integer('sector'),
    oldDevice: integer('old_dev'),
    oldSector: integer('old_sector'),
  },
  (host) => (event) => {
    host.disks.remap(event.oldDevice, event.oldSector, event.device, event.sector);
  },
);

/** The bio becomes part of an earlier request: no completion of its own will come. */
export const blockMerge: Rule = rule(
  ['block_bio_backmerge', 'block_bio_frontmerge'],
  { device: integer('dev'), sector: integer('sector') },
  (host) => (event) => {
    host.disks.forgetRemap(event.device, event.sector);
  },
);

/** A request becomes part of another one: it is not issued itself. */
export const blockRequestMerge: Rule = rule(['block_rq_merge'], requestFields, (host) => {
  return ({ device, sector }) => {
    host.disk(device).takeWaiting(sector);
  };
});

export const statedumpDisk: Rule = rule(
  ['lttng_statedump_block_device'],
  { device: integer('dev'), name: text('diskname') },
  (host: Host) => (event) => {
    if (event.name !== '') host.disk(event.device).name = event.name;
  },
);
