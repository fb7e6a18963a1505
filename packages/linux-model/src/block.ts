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
  return (event, timeNs) => {
    const { inserts } = host.disk(event.device);
    if (inserts.size < 65_536) inserts.set(event.sector, timeNs);
  };
});

export const blockIssue: Rule = rule(
  ['block_rq_issue'],
  { ...requestFields, tid: optionalInteger('tid', 'common_pid'), rwbs: optionalField('rwbs') },
  (host) => (event, timeNs, cpu) => {
    if (event.sectorCount === 0) return;
    const { sector, sectorCount } = event;
    const inserts = host.disk(event.device).inserts;
    const insertNs = inserts.get(sector) ?? Number.NaN;
    inserts.delete(sector);
    const disk = host.disk(host.disks.originalDevice(event.device, sector));
    disk.pending.set(sector, {
      sector,
      sectorCount,
      remainingSectors: sectorCount,
      isWrite: isWriteRequest(event.rwbs),
      tid: event.tid ?? cpu.busyThread?.tid ?? -1,
      issueNs: timeNs,
      insertNs,
    });
  },
);

export const blockComplete: Rule = rule(['block_rq_complete'], requestFields, (host) => {
  const channel = host.channels['block-request'];
  return (event, timeNs) => {
    if (event.sectorCount === 0) return;
    const device = host.disks.originalDevice(event.device, event.sector);
    host.disks.forgetRemap(event.device, event.sector);
    const disk = host.disk(device);
    const request = disk.pending.get(event.sector);
    if (request === undefined || event.sectorCount > request.remainingSectors) return;
    disk.pending.delete(event.sector);
    request.remainingSectors -= event.sectorCount;
    if (request.remainingSectors > 0) {
      // A request may complete in parts: the rest begins where this part ends.
      disk.pending.set(event.sector + event.sectorCount, request);
      return;
    }
    if (!channel.isWanted) return;
    channel.emit({
      host,
      device,
      deviceName: disk.name,
      sector: request.sector,
      sectorCount: request.sectorCount,
      isWrite: request.isWrite,
      thread: request.tid < 0 ? undefined : host.threads.get(request.tid),
      insertNs: request.insertNs,
      beginNs: request.issueNs,
      endNs: timeNs,
      isCertain: request.issueNs >= host.lastGapEndNs,
    });
  };
});

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

export const statedumpDisk: Rule = rule(
  ['lttng_statedump_block_device'],
  { device: integer('dev'), name: text('diskname') },
  (host: Host) => (event) => {
    if (event.name !== '') host.disk(event.device).name = event.name;
  },
);
