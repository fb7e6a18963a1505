/** Completes what a killed recorder left: files are cut to their last complete packet, and what the kernel still holds is added. */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '@sonde/base';
import { parseFilter } from '@sonde/filter';
import { type KernelTraceLayout, rawDescriptionFile } from '@sonde/ftrace';
import { recordingClock } from './clock.ts';
import { onlineCpus } from './cpus.ts';
import { fillIndexRecord, indexHeader, indexRecordBytes, type StreamBegun } from './ctf-folder.ts';
import { CtfSink } from './ctf-sink.ts';
import { eventFilters } from './event-filters.ts';
import { TraceInstance } from './instance.ts';
import { outputOf } from './output-notes.ts';
import { ownerIsAlive, ownerOf, removeUprobes } from './ownership.ts';
import { Recorder } from './recorder.ts';
import { RecorderFilter } from './recorder-filter.ts';
import {
  bootId,
  formatTexts,
  layoutOf,
  parsePlan,
  planFile,
  type RecordingPlan,
  supportingEvents,
  threadSelectionOf,
} from './recording-plan.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import type { TracefsFolder } from './tracefs.ts';

export interface Recovered {
  /** Packets that were complete on disk. */
  readonly packets: number;
  /** Cut off: of packets that were not (bytes). */
  readonly cutBytes: number;
  /** Added from the kernel's buffers; undefined: they are gone (another boot, or removed by another run). */
  readonly drainedEvents: number | undefined;
  /** Not recorded because the buffers were full. */
  readonly lostEvents: number;
  /** Gave way to newer ones, as a flight recorder's are meant to. */
  readonly overwrittenEvents: number;
}

/**
 * Recovers the session in `directory`.
 * @param tracefs - Undefined: the kernel can't be asked; the files alone are closed.
 * @throws UsageError `nothing-to-recover`, `still-recording`
 */
export function recoverSession(directory: string, tracefs: TracefsFolder | undefined): Recovered {
  const plan = readPlan(directory);
  const owner = ownerOf(plan.instance);
  if (owner !== undefined && plan.bootId === bootId() && ownerIsAlive(owner)) {
    throw new UsageError(
      'still-recording',
      `Process ${owner.pid} is recording to ${directory}: end it first.`,
    );
  }
  const isRaw = existsSync(join(directory, rawDescriptionFile));
  const folder = isRaw ? directory : join(directory, 'kernel');
  const repaired = isRaw ? repairRaw(folder) : repairCtf(folder);
  const drained = tracefs === undefined ? undefined : drain(tracefs, plan, folder, repaired, isRaw);
  rmSync(join(directory, planFile));
  return {
    packets: repaired.packets,
    cutBytes: repaired.cutBytes,
    drainedEvents: drained?.events,
    lostEvents: drained?.lost ?? 0,
    overwrittenEvents: drained?.overwritten ?? 0,
  };
}

/**
 * The folder of a killed recorder, where `recoverSession` completes its recording with what the instance holds.
 * Undefined: it is gone, or belongs to another recording, or the instance holds nothing.
 */
export function recoverableOutput(tracefs: TracefsFolder, instance: string): string | undefined {
  const directory = outputOf(instance);
  if (directory === undefined || !holdsEvents(tracefs, instance)) return undefined;
  try {
    const plan = readPlan(directory);
    return plan.instance === instance && plan.bootId === bootId() ? directory : undefined;
  } catch {
    return undefined;
  }
}

function holdsEvents(tracefs: TracefsFolder, name: string): boolean {
  const instance = TraceInstance.reopen(tracefs, name);
  return instance.cpuIds.some((cpuId) => instance.stats(cpuId).entries > 0);
}

function readPlan(directory: string): RecordingPlan {
  let text: string;
  try {
    text = readFileSync(join(directory, planFile), 'utf8');
  } catch (cause) {
    throw new UsageError(
      'nothing-to-recover',
      `Nothing is to be recovered in ${directory}: it holds no recording, or one that was closed properly.`,
      {},
      { cause },
    );
  }
  return parsePlan(text);
}

interface Repaired {
  readonly begun: ReadonlyMap<string, StreamBegun>;
  readonly packets: number;
  readonly cutBytes: number;
}

const littleEndian = endianness() === 'LE';
const packetMagic = 0xc1fc_1fc1;
const headBytes = 84;

/** Cuts stream files to whole packets, and makes their index files anew. */
function repairCtf(folder: string): Repaired {
  const begun = new Map<string, StreamBegun>();
  let packets = 0;
  let cutBytes = 0;
  const streams = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of streams.filter((file) => /^(channel0|statedump)_\d+$/.test(file))) {
    const stream = repairStream(folder, name);
    packets += stream.packets;
    cutBytes += stream.cutBytes;
    begun.set(name, stream);
  }
  return { begun, packets, cutBytes };
}

function repairStream(
  folder: string,
  name: string,
): StreamBegun & { readonly packets: number; readonly cutBytes: number } {
  const fd = openSync(join(folder, name), 'r+');
  const indexFd = openSync(join(folder, 'index', `${name}.idx`), 'w');
  try {
    const head = Buffer.alloc(headBytes);
    const view = new DataView(head.buffer, head.byteOffset, headBytes);
    const record = new DataView(new ArrayBuffer(indexRecordBytes));
    let indexBytes = writeSync(indexFd, indexHeader());
    let offsetBytes = 0;
    let packets = 0;
    const fileBytes = fstatSync(fd).size;
    while (readSync(fd, head, 0, headBytes, offsetBytes) === headBytes) {
      if (view.getUint32(0, littleEndian) !== packetMagic) break;
      const lengthBytes = Number(view.getBigUint64(56, littleEndian) / 8n);
      if (lengthBytes < headBytes || offsetBytes + lengthBytes > fileBytes) break;
      fillIndexRecord(record, {
        offsetBytes,
        lengthBytes,
        dataStreamClassId: view.getUint32(20, littleEndian),
        dataStreamId: Number(view.getBigUint64(24, littleEndian)),
        beginCycles: view.getBigUint64(32, littleEndian),
        endCycles: view.getBigUint64(40, littleEndian),
        sequenceNumber: view.getBigUint64(64, littleEndian),
        discardedEvents: view.getBigUint64(72, littleEndian),
      });
      indexBytes += writeSync(indexFd, new Uint8Array(record.buffer));
      offsetBytes += lengthBytes;
      packets++;
    }
    const nextSequenceNumber =
      packets === 0 ? 0n : new DataView(record.buffer).getBigUint64(64) + 1n;
    ftruncateSync(fd, offsetBytes);
    const cutBytes = fileBytes - offsetBytes;
    return { dataBytes: offsetBytes, indexBytes, nextSequenceNumber, packets, cutBytes };
  } finally {
    closeSync(fd);
    closeSync(indexFd);
  }
}

/** What a killed recorder wrote of a last sub-buffer is cut off. */
function repairRaw(folder: string): Repaired {
  const { subBufferBytes } = rawDescription(folder);
  let cutBytes = 0;
  let packets = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.raw'))) {
    const fd = openSync(join(folder, name), 'r+');
    const { size } = fstatSync(fd);
    const rest = size % subBufferBytes;
    ftruncateSync(fd, size - rest);
    closeSync(fd);
    cutBytes += rest;
    packets += (size - rest) / subBufferBytes;
  }
  return { begun: new Map(), packets, cutBytes };
}

interface RawFacts {
  readonly subBufferBytes: number;
  readonly cpus: { readonly id: number; readonly file: string; droppedEvents?: number }[];
}

/** Our own file: it was written whole, or not at all. */
function rawDescription(folder: string): RawFacts {
  return JSON.parse(readFileSync(join(folder, rawDescriptionFile), 'utf8')) as RawFacts;
}

/** Adds what the kernel's instance still holds, and removes that. Undefined: it is gone. */
function drain(
  tracefs: TracefsFolder,
  plan: RecordingPlan,
  folder: string,
  { begun }: Repaired,
  isRaw: boolean,
): { readonly events: number; readonly lost: number; readonly overwritten: number } | undefined {
  if (plan.bootId !== bootId() || !tracefs.has(`instances/${plan.instance}`)) return undefined;
  const instance = TraceInstance.reopen(tracefs, plan.instance);
  instance.isOn = false;
  const { cpuIds } = instance;
  const held = cpuIds.reduce((sum, cpuId) => sum + instance.stats(cpuId).entries, 0);
  const sink = isRaw ? rawAppender(folder) : ctfAppender(instance, plan, folder, begun);
  // Of the others, nobody knows since when.
  const whole = onlineCpus().filter((cpuId) => instance.stats(cpuId).overrun === 0);
  if (plan.beginNs !== undefined) sink.begin(BigInt(plan.beginNs), whole);
  const overrun = cpuIds.map((cpuId) => instance.stats(cpuId).overrun);
  // Before the first event: they are no gap between events.
  for (const [index, count] of overrun.entries()) sink.setOverrunEvents?.(index, count);
  const clock = recordingClock(instance);
  const recorder = new Recorder(instance, sink, clock);
  try {
    recorder.drain(Number.POSITIVE_INFINITY);
    recorder.countLosses();
  } finally {
    recorder.close();
    sink.close(clock.nowNs());
  }
  const lost = recorder.droppedEvents;
  instance.remove();
  removeUprobes(tracefs, plan.instance);
  const overwritten = overrun.reduce((sum, count) => sum + count, 0);
  return { events: isRaw ? held : sink.events, lost, overwritten };
}

function ctfAppender(
  { folder, cpuIds, subBufferBytes }: TraceInstance,
  plan: RecordingPlan,
  path: string,
  begun: Repaired['begun'],
): CtfSink {
  const layout = layoutOf(folder, plan);
  const onFault = (): void => undefined;
  const filter = recorderFilterOf(folder, plan, layout);
  const selection =
    plan.chosen && threadSelectionOf(plan.chosen, formatTexts(folder, plan), layout);
  return new CtfSink({
    layout,
    plan,
    cpuIds,
    subBufferBytes,
    path,
    begun,
    onFault,
    filter,
    selection,
  });
}

/** As the recorder had it. */
function recorderFilterOf(
  folder: TracefsFolder,
  plan: RecordingPlan,
  layout: KernelTraceLayout,
): RecorderFilter | undefined {
  if (plan.filter === undefined) return undefined;
  const choice = { filter: parseFilter(plan.filter) };
  const supporting = supportingEvents(folder, plan.contexts);
  const formats = formatTexts(folder, plan);
  const { rests } = eventFilters(() => layout, formats, plan, choice, supporting);
  return new RecorderFilter(layout, rests);
}

function rawAppender(folder: string): SubBufferSink {
  const description = rawDescription(folder);
  const fds = description.cpus.map(({ file }) => openSync(join(folder, file), 'a'));
  let writtenBytes = 0;
  return {
    records: 0,
    events: 0,
    filteredEvents: 0,
    missedEvents: 0,
    heldBytes: 0,
    get writtenBytes() {
      return writtenBytes;
    },
    intake: (cpuIndex: number, subBuffer: Uint8Array): void => {
      writtenBytes += writeSync(fds[cpuIndex]!, subBuffer);
    },
    setDroppedEvents(cpuIndex, total) {
      description.cpus[cpuIndex]!.droppedEvents = total;
    },
    begin: () => undefined,
    writeStateDump: () => undefined,
    flush: () => undefined,
    close(endNs) {
      for (const fd of fds) closeSync(fd);
      const whole = { ...description, end: endNs.toString() };
      writeFileSync(join(folder, rawDescriptionFile), `${JSON.stringify(whole, null, 1)}\n`);
    },
  };
}
