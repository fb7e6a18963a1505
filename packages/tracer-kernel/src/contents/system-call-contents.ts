import { SondeError } from '@sonde/base';
import {
  type Attachment,
  attachRaw,
  BpfMap,
  BpfProgram,
  explainBpfFailure,
  Native,
  RingBuffer,
} from '@sonde/ebpf';
import type { KernelTraceLayout, RecordState, UserStrings } from '@sonde/ftrace';
import { systemCallOfNumber } from '@sonde/linux-model';
import {
  absentBit,
  type ContentsMaps,
  contentsRecord,
  givenArgument,
  isOftenAbsent,
  maxRecordBytes,
  maxTextBytes,
  threadValue,
  toldShift,
  wantedBit,
} from './contents-maps.ts';
import { entryProgram, exitProgram, threadEndProgram } from './contents-programs.ts';
import { type TextKey, TextStore } from './text-store.ts';
import { readTextOfCall } from './unended-call.ts';

/** What it takes to load programs, or why they can't be. */
export type ContentsAccess = Native | SondeError;

/** Loads what calls the kernel. Never throws: recording does without. */
export async function openContentsAccess(): Promise<ContentsAccess> {
  if (process.arch !== 'x64') {
    return new SondeError('no-contents', 'Texts of system calls are fetched on x86-64 only.');
  }
  try {
    return await Native.open();
  } catch (error) {
    return explainBpfFailure(error);
  }
}

/** An argument of a recorded system call that points to a text, or to a socket address. */
export interface FetchedArgument {
  readonly event: string;
  /** Of the argument; `addressName`: it is a socket address. */
  readonly name: string;
  readonly number: number;
  /** Among the call's arguments. */
  readonly index: number;
  /** The call gives the address: it is there at the exit. */
  readonly isGiven?: boolean;
  /** The argument points to a `struct msghdr` with the address. */
  readonly isMessage?: boolean;
}

/** No argument has it: arguments' names are those of C. */
const addressName = '*';

const defaultRingBytes = 4 << 20;
/** Most of the ring is left for what comes until it is emptied. */
const alarmShare = 0.25;
const alarmRingBytes = 4096;
const numbersEnd = 512;
/** Threads that waited in a system call for what they could not read at its beginning, or had an address that is often absent. */
const maxThreads = 65_536;
/** Events may wait for their call stacks: how long after those behind them they are asked for (ns). */
const patienceNs = 200e6;
/** A record in the ring that is being written is waited for: so many looks. */
const maxLooks = 1000;
/** A turn (some µs each): where calls have no text for other reasons, they are many. */
const maxUnendedLooks = 100;
const twoTo32 = 0x1_0000_0000;

export interface ContentsCounts {
  /** Texts in the trace that programs fetched. */
  readonly texts: number;
  /** Empty in the trace: not fetched, or lost. */
  readonly missing: number;
  /** Of all processes, recorded or not: the ring was full, a program could not run, or too many waited for their events. */
  readonly lost: number;
}

/**
 * Fetches texts and addresses that system calls point to, with programs on the same tracepoints. They run before the instance's own recording if they
 * are attached before its events are on, which keeps the order of text and event. Nothing is pinned: all goes with this process.
 */
export class SystemCallContents implements UserStrings {
  readonly #maps: ContentsMaps;
  readonly #programs: readonly BpfProgram[];
  readonly #attachments: readonly Attachment[];
  readonly #arguments: ReadonlyMap<string, ReadonlyMap<string, FetchedArgument>>;
  readonly #ringBytes: number;
  readonly #store = new TextStore();
  /** All that was fetched until then is in the store, or known to be lost. */
  #knownNs = 0;
  /** As of `#knownNs`. */
  #misses = 0;
  #ringLosses = 0;
  #lookedNs = Number(process.hrtime.bigint());
  /** By the poll that goes on. */
  #polledBytes = 0;
  /** When the last record was fetched before the ring was full, if it was; 0: nobody knows. */
  #fullNs = 0;
  /** At calls that may go on, in this turn. */
  #looks = 0;
  #texts = 0;
  #missing = 0;
  #isClosed = false;

  /**
   * @param ringBytes - Room for texts until they are taken over: a power of two.
   * @throws SondeError `no-bpf`. Nothing is left behind then.
   */
  constructor(native: Native, texts: readonly FetchedArgument[], ringBytes = defaultRingBytes) {
    this.#arguments = byEvent(texts);
    this.#ringBytes = ringBytes;
    const opened: { close(): void }[] = [];
    const keep = <T extends { close(): void }>(resource: T): T => {
      opened.push(resource);
      return resource;
    };
    try {
      const maps = createMaps(native, ringBytes, keep);
      wantArguments(maps.wanted, texts);
      const programs = [
        { point: 'sys_enter', name: 'sonde_contents', code: entryProgram(maps) },
        { point: 'sys_exit', name: 'sonde_contents2', code: exitProgram(maps) },
        { point: 'sched_process_exit', name: 'sonde_contents3', code: threadEndProgram(maps) },
      ].map(({ point, name, code }) => ({
        point,
        program: keep(new BpfProgram(native, { type: 'raw-tracepoint', name, code })),
      }));
      this.#maps = maps;
      this.#programs = programs.map(({ program }) => program);
      this.#attachments = programs.map(({ point, program }) =>
        keep(attachRaw(native, program, point)),
      );
    } catch (error) {
      for (const resource of opened.reverse()) resource.close();
      throw explainBpfFailure(error);
    }
  }

  /** Takes over what the programs fetched, so that they have room. */
  poll(): void {
    if (this.#isClosed) return;
    const beginNs = Number(process.hrtime.bigint());
    const { ring, alarm } = this.#maps;
    // First: what fills the ring again meanwhile raises it again.
    alarm.poll(ignore);
    this.#polledBytes = 0;
    this.#fullNs = 0;
    ring.poll(this.#take);
    this.#countLosses();
    if (!ring.hasMore) this.#knownNs = beginNs;
  }

  /**
   * Losses since the last look: the ring loses when it is full, and has room again when a poll has ended. When a program could not run,
   * nobody knows.
   */
  #countLosses(): void {
    const { lost } = this.#maps;
    lost.key.setUint32(0, 0, true);
    lost.lookUp();
    const ringLosses = Number(lost.value.getBigUint64(0, true));
    const misses = this.#programs.reduce((sum, program) => sum + program.statistics().missed, 0);
    const nowNs = Number(process.hrtime.bigint());
    if (misses > this.#misses) this.#store.addLoss(this.#lookedNs, nowNs);
    else if (ringLosses > this.#ringLosses) {
      this.#store.addLoss(this.#fullNs === 0 ? this.#lookedNs : this.#fullNs, nowNs);
    }
    this.#misses = misses;
    this.#ringLosses = ringLosses;
    this.#lookedNs = nowNs;
  }

  readonly #take = (view: DataView, offset: number, lengthBytes: number): void => {
    const at = contentsRecord;
    const key = {
      tid: view.getInt32(offset + at.tid, true),
      number: view.getUint32(offset + at.number, true),
      argument: view.getUint32(offset + at.argument, true),
    };
    const low = view.getUint32(offset + at.timeNs, true);
    const timeNs = view.getUint32(offset + at.timeNs + 4, true) * twoTo32 + low;
    const begin = view.byteOffset + offset + at.headBytes;
    const isAbsent = (key.argument & absentBit) !== 0;
    const text = isAbsent
      ? undefined
      : new Uint8Array(view.buffer, begin, lengthBytes - at.headBytes);
    key.argument &= ~absentBit;
    this.#store.add(key, timeNs, text);
    this.#polledBytes += (lengthBytes + 15) & ~7;
    if (this.#polledBytes < this.#ringBytes - 2 * maxRecordBytes) this.#fullNs = timeNs;
  };

  textOf(state: RecordState, eventName: string, argument: string): Uint8Array | undefined {
    const found = this.#arguments.get(eventName)?.get(argument);
    return found && this.#fetched(state, found);
  }

  addressOf(state: RecordState, eventName: string): Uint8Array | undefined {
    return this.textOf(state, eventName, addressName);
  }

  #fetched(state: RecordState, found: FetchedArgument): Uint8Array | undefined {
    const timeNs = state.timeHigh * twoTo32 + (state.timeLow >>> 0);
    const argument = found.isGiven === true ? found.index + givenArgument : found.index;
    const key = { tid: state.tid, number: found.number, argument };
    const isKnown = this.#isKnown(timeNs);
    let text = isKnown ? this.#store.take(key, timeNs) : undefined;
    if (text === undefined && isKnown && found.name !== addressName) {
      text = this.#textOfUnended(key, timeNs);
    }
    if (text !== undefined) this.#texts++;
    // Where that is often so, there is no telling.
    else if (!mayBeAbsent(found)) this.#missing++;
    return text;
  }

  /** What is fetched at the exit of a call comes too late where the call lasts: the thread waits in it, and its memory tells. */
  #textOfUnended(key: TextKey, timeNs: number): Uint8Array | undefined {
    if (this.#looks >= maxUnendedLooks || !this.#store.isAwaited(key, timeNs)) return undefined;
    this.#looks++;
    const text = readTextOfCall(key, maxTextBytes);
    if (text === undefined) return undefined;
    // Another such call would have left an entry.
    this.poll();
    return this.#store.isAwaited(key, timeNs) ? text : this.#store.take(key, timeNs);
  }

  /** False: something is still being written. */
  #isKnown(timeNs: number): boolean {
    for (let i = 0; i < maxLooks && this.#knownNs < timeNs && !this.#isClosed; i++) this.poll();
    return this.#knownNs >= timeNs;
  }

  /** poll(2) tells that it can be read when it is time to `poll`: the ring fills up. To be left before `close`. */
  get alarmFd(): number {
    return this.#maps.alarm.map.fd;
  }

  /** All events until then were converted: their texts are not wanted any more. */
  release(convertedNs: number): void {
    this.#looks = 0;
    this.#store.release(convertedNs - patienceNs);
  }

  get counts(): ContentsCounts {
    const lost = this.#ringLosses + this.#misses + this.#store.forgotten;
    return { texts: this.#texts, missing: this.#missing, lost };
  }

  /** Again: does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.poll();
    this.#isClosed = true;
    for (const attachment of this.#attachments) attachment.close();
    for (const program of this.#programs) program.close();
    const { wanted, threads, lost, ring, alarm } = this.#maps;
    for (const resource of [wanted, threads, lost, ring, alarm]) resource.close();
  }
}

function ignore(): void {}

function createMaps(
  native: Native,
  ringBytes: number,
  keep: <T extends { close(): void }>(resource: T) => T,
) {
  const array = { type: 'array', keyBytes: 4, valueBytes: 8 } as const;
  return {
    wanted: keep(new BpfMap(native, { ...array, name: 'wanted', maxEntries: numbersEnd })),
    lost: keep(new BpfMap(native, { ...array, name: 'lost', maxEntries: 1 })),
    threads: keep(
      new BpfMap(native, {
        type: 'hash',
        name: 'threads',
        keyBytes: 4,
        valueBytes: threadValue.lengthBytes,
        maxEntries: maxThreads,
        isGrowing: true,
      }),
    ),
    ring: keep(new RingBuffer(native, ringBytes, 'contents')),
    alarm: keep(new RingBuffer(native, alarmRingBytes, 'alarm')),
    alarmBytes: ringBytes * alarmShare,
  };
}

function wantArguments(wanted: BpfMap, texts: readonly FetchedArgument[]): void {
  const bits = new Map<number, number>();
  const oftenAbsent = new Set<number>();
  for (const argument of texts) {
    const { number } = argument;
    bits.set(number, (bits.get(number) ?? 0) | bitOf(argument));
    if (mayBeAbsent(argument)) oftenAbsent.add(number);
  }
  const ownBits = new Map([...oftenAbsent].map((number, i) => [number, (1 << i) >>> 0]));
  const high = toldShift / 8;
  for (const [number, mask] of bits) {
    wanted.key.setUint32(0, number, true);
    wanted.value.setUint32(0, mask, true);
    wanted.value.setUint32(high, ownBits.get(number) ?? 0, true);
    wanted.update();
  }
}

function bitOf(argument: FetchedArgument): number {
  const { name, index, isGiven, isMessage = false } = argument;
  if (name !== addressName) return wantedBit.text(index);
  const place = { argument: index, isMessage };
  return isGiven === true ? wantedBit.givenAddress(place) : wantedBit.takenAddress(place);
}

function mayBeAbsent({ name, index, isGiven, isMessage = false }: FetchedArgument): boolean {
  const which = isGiven === true ? 'given' : 'taken';
  return name === addressName && isOftenAbsent({ argument: index, isMessage }, which);
}

function byEvent(texts: readonly FetchedArgument[]): Map<string, Map<string, FetchedArgument>> {
  const events = new Map<string, Map<string, FetchedArgument>>();
  for (const text of texts) {
    const ofEvent = events.get(text.event) ?? new Map<string, FetchedArgument>();
    events.set(text.event, ofEvent.set(text.name, text));
  }
  return events;
}

const eventName = /^syscall_(entry|exit)_(\w+)$/;

/** Arguments of the layout's system calls that point to texts and socket addresses. */
export function fetchedArgumentsOf(layout: KernelTraceLayout): FetchedArgument[] {
  const numbers = new Map<string, number>();
  for (let number = 0; number < numbersEnd; number++) {
    const call = systemCallOfNumber(number);
    if (call !== undefined) numbers.set(call, number);
  }
  return layout.events.flatMap(({ plan }) => {
    const [, side, call = ''] = eventName.exec(plan.name) ?? [];
    const number = numbers.get(call);
    if (number === undefined) return [];
    return plan.fields.flatMap((field) => {
      if (field.kind === 'user-string') {
        return [{ event: plan.name, name: field.argument, number, index: field.argumentIndex }];
      }
      if (field.kind !== 'user-address') return [];
      const { argumentIndex: index, isMessage } = field;
      const isGiven = side === 'exit';
      return [{ event: plan.name, name: addressName, number, index, isGiven, isMessage }];
    });
  });
}
