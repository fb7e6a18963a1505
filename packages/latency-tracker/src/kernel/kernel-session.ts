/**
 * Trackers in the running kernel. Nothing of them is left behind when the process ends, however it does: programs and maps are its
 * descriptors.
 */
import { SondeError, UsageError } from '@sonde/base';
import {
  type Attachment,
  Btf,
  explainBpfFailure,
  hasExchange,
  Native,
  type ProgramStatistics,
  RingBuffer,
} from '@sonde/ebpf';
import type {
  Alert,
  StackFrame,
  Tracker,
  TrackerSession,
  TrackerSettings,
  TrackerSnapshot,
} from '../declaration.ts';
import { type CommonMemory, commonMemories, type TrackerPlace } from './common-memory.ts';
import { type AccessKind, accessKinds } from './event-access.ts';
import { KernelTracker } from './kernel-tracker.ts';
import { maxBits, record, recordKinds } from './layout.ts';
import { ownTgid } from './own-process.ts';
import { type ChoiceOptions, PlanChoice } from './plan-choice.ts';
import type { TrackerPlan } from './plan-types.ts';
import { type ReadRecord, RecordReader } from './read-record.ts';
import { attachShared, canBeShared, groupBy } from './shared-programs.ts';
import { Symbolizer } from './symbolizer.ts';
import { keepsWakerStack } from './tracker-plan.ts';

export interface KernelOptions {
  readonly onAlert?: (alert: Alert) => void;
  /**
   * An alert or a timeout has come; what it is, `onAlert` tells when names for its stacks have been found. With this, the kernel's names
   * are read at the beginning: it takes more than half a second.
   */
  readonly onUrgent?: () => void;
  /**
   * True: the stacks of alerts are addresses, and `named` finds their names for those who want them. It takes more time than all else
   * about an alert, and of thousands in a second most are not looked at.
   */
  readonly namesLater?: boolean;
  /** How often alerts are looked for (ms). */
  readonly pollMs?: number;
  /** False: as on a kernel that does not tell its types. */
  readonly useTypes?: boolean;
  /** The best way to see events that is tried. Default: `typed`. */
  readonly access?: AccessKind;
  /** True: also what threads of this process do. */
  readonly includeSelf?: boolean;
  /** False: threads that are switched in don't give their user-space stacks. It takes a program at each switch. Default: they do. */
  readonly userStacks?: boolean;
  /** Room for alerts that wait to be read: a power of two. */
  readonly ringBytes?: number;
}

export interface ProgramCost extends ProgramStatistics {
  /** `wakeup+runq`: they share it. */
  readonly tracker: string;
  readonly program: string;
}

const defaultPollMs = 50;
/**
 * For a second of all alerts at their usual limit, which may come at its beginning: with stacks they have 2 KiB each. It counts twice as
 * memory of this process, so there is an end.
 */
const ringBytesFor = (trackerCount: number): number =>
  1 << (21 + Math.min(2, Math.ceil(Math.log2(trackerCount))));
const minSweepMs = 50;
const maxSweepMs = 1000;

/**
 * Loads and attaches the programs of all trackers, and switches them on at once.
 * @throws SondeError `no-bpf` where eBPF can't be used, UsageError where the kernel has not what a tracker needs
 */
export async function openKernelSession(
  trackers: readonly Tracker[],
  options: KernelOptions = {},
): Promise<KernelSession> {
  let native: Native;
  try {
    native = await Native.open();
  } catch (error) {
    throw explainBpfFailure(error);
  }
  return new KernelSession(native, trackers, options);
}

export class KernelSession implements TrackerSession {
  readonly notes: string[] = [];
  readonly #native: Native;
  readonly #btf: Btf | undefined;
  readonly #ownTgid: number | undefined;
  readonly #ring: RingBuffer;
  readonly #memories: CommonMemory[] = [];
  readonly #trackers: KernelTracker[] = [];
  /** Of programs that trackers share. */
  readonly #attachments: Attachment[] = [];
  readonly #readers: RecordReader[] = [];
  readonly #symbolizer = new Symbolizer();
  readonly #onAlert: ((alert: Alert) => void) | undefined;
  readonly #onUrgent: (() => void) | undefined;
  readonly #namesLater: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #sweepTimer: NodeJS.Timeout;
  readonly #sweptMs = new Map<KernelTracker, number>();
  /** Alerts whose user-space stack is to come, by tracker and end. */
  readonly #partial = new Map<string, Alert>();
  #isClosed = false;

  constructor(native: Native, trackers: readonly Tracker[], options: KernelOptions) {
    this.#native = native;
    this.#btf = options.useTypes === false ? undefined : kernelTypes(this.notes);
    this.#ownTgid = options.includeSelf ? undefined : ownTgid();
    const best = this.#btf === undefined && options.access !== 'recorded' ? 'raw' : options.access;
    this.#onAlert = options.onAlert;
    this.#onUrgent = options.onUrgent;
    this.#namesLater = options.namesLater ?? false;
    if (options.onUrgent !== undefined) this.#symbolizer.readKernel();
    try {
      this.#ring = new RingBuffer(
        native,
        options.ringBytes ?? ringBytesFor(trackers.length),
        'alerts',
      );
    } catch (error) {
      throw explainBpfFailure(error);
    }
    try {
      this.#addAll(trackers, {
        btf: this.#btf,
        accessKinds: accessKinds.slice(accessKinds.indexOf(best ?? 'typed')),
        hasUserStacks: options.userStacks ?? true,
        hasExchange: hasExchange(native),
      });
      const shareable = this.#trackers.flatMap(({ pieces }) =>
        pieces.filter(({ piece }) => canBeShared(piece)),
      );
      this.#attachments.push(...attachShared(native, shareable));
    } catch (error) {
      this.#release();
      throw error;
    }
    const nowNs = process.hrtime.bigint();
    for (const tracker of this.#trackers) tracker.switchOn(nowNs);
    this.#timer = setInterval(() => this.poll(), options.pollMs ?? defaultPollMs);
    this.#sweepTimer = setInterval(() => this.#sweep(), minSweepMs);
  }

  /** Looks for timeouts and garbage, each tracker four times in its time. */
  #sweep(): void {
    const nowMs = performance.now();
    for (const tracker of this.#trackers) {
      const periodMs = Math.min(Math.max(tracker.lifeNs / 4e6, minSweepMs), maxSweepMs);
      if (nowMs - (this.#sweptMs.get(tracker) ?? 0) < periodMs - minSweepMs / 2) continue;
      this.#sweptMs.set(tracker, nowMs);
      tracker.sweep(Number(process.hrtime.bigint()));
    }
  }

  get backEnd(): string {
    const types = new Set(
      this.#trackers.flatMap(({ programs }) => programs.map(({ type }) => typeNames[type])),
    );
    return `in the kernel (${[...types].join(', ')})`;
  }

  /** All are planned before the first is loaded: what they keep lies side by side. */
  #addAll(trackers: readonly Tracker[], options: ChoiceOptions): void {
    const choices = trackers.map((tracker) => new PlanChoice(tracker, options));
    const places = this.#placesOf(choices.map(({ plan }) => plan));
    for (const [i, choice] of choices.entries()) this.#add(choice, places[i]!);
  }

  #placesOf(plans: readonly TrackerPlan[]): TrackerPlace[] {
    const memories = commonMemories(this.#native, plans);
    this.#memories.push(...memories);
    return memories.flatMap(({ places }) => places);
  }

  /** Tries its plans, the best first. Another plan than the first has a place of its own. */
  #add(choice: PlanChoice, firstPlace: TrackerPlace): void {
    for (let place = firstPlace; ; place = this.#placesOf([choice.plan])[0]!) {
      try {
        this.#load(choice.plan, place);
        this.#noteChoice(choice.plan, choice.reasons);
        return;
      } catch (error) {
        choice.refuse(error);
      }
    }
  }

  #load(plan: TrackerPlan, place: TrackerPlace): void {
    const environment = {
      btf: this.#btf,
      ring: this.#ring,
      trackerIndex: this.#trackers.length,
      tell: (alert: Alert) => this.#tell(alert),
      ownTgid: this.#ownTgid,
    };
    this.#trackers.push(new KernelTracker(this.#native, plan, place, environment));
    this.#readers.push(new RecordReader(plan));
  }

  #noteChoice({ tracker, set, ...plan }: TrackerPlan, reasons: readonly string[]): void {
    if (reasons.length > 0) {
      const [begin, end] = [set.begin[0]!.event, set.end[0]!.event];
      const why = [...new Set(reasons)].map((reason) => reason.replace(/\.$/, '')).join('; ');
      this.notes.push(`${tracker.name}: measured from ${begin} to ${end}, because ${why}`);
    }
    if (tracker.histogram.bits > maxBits) {
      const [wanted, given] = [2 ** tracker.histogram.bits, 2 ** maxBits];
      this.notes.push(
        `${tracker.name}: ${given} buckets in each power of two, not ${wanted}: no more fit into the kernel's maps`,
      );
    }
    if (!keepsWakerStack(tracker, set)) return;
    this.notes.push(
      plan.keepsInTask
        ? `${tracker.name}: the stack of the waker is taken at each wakeup, which costs more than all the rest`
        : `${tracker.name}: stacks of wakers need the kernel's types; there are none`,
    );
  }

  /** Hands over the alerts that are there. Called by a timer. */
  poll(): void {
    if (this.#isClosed) return;
    const waited = [...this.#partial.keys()];
    this.#ring.poll((view, offset) => {
      const kind = view.getUint32(offset + record.kind, true);
      if (kind === recordKinds.alert || kind === recordKinds.timeout) this.#onUrgent?.();
      const read = this.#readers[view.getUint32(offset + record.tracker, true)]?.read(view, offset);
      if (read !== undefined) this.#handle(read);
    });
    // Since the poll before: their user-space stacks were lost.
    for (const key of waited) this.#complete(key, undefined);
  }

  #handle(read: ReadRecord): void {
    if (read.type === 'user-stack') {
      this.#complete(`${read.tracker} ${read.endNs}`, read.stack);
      return;
    }
    const { alert, isPartial } = read;
    if (isPartial) this.#partial.set(`${alert.tracker} ${alert.endNs}`, alert);
    else this.#tell(alert);
  }

  /** Tells an alert with the user-space stack that has come. */
  #complete(key: string, userStack: readonly StackFrame[] | undefined): void {
    const alert = this.#partial.get(key);
    if (!this.#partial.delete(key)) return;
    this.#tell({ ...alert!, userStack });
  }

  #tell(alert: Alert): void {
    this.#onAlert?.(this.#namesLater ? alert : this.named(alert));
  }

  /** An alert of this session with names for what is in its stacks. */
  named(alert: Alert): Alert {
    return this.#symbolizer.named(alert);
  }

  snapshot(): readonly TrackerSnapshot[] {
    this.poll();
    for (const memory of this.#memories) memory.readCounters();
    return this.#trackers.map((tracker) => tracker.snapshot());
  }

  snapshotAndReset(): readonly TrackerSnapshot[] {
    const snapshots = this.snapshot();
    for (const tracker of this.#trackers) tracker.reset();
    return snapshots;
  }

  set(name: string, settings: TrackerSettings): void {
    const found = this.#trackers.find(({ plan }) => plan.tracker.name === name);
    if (found === undefined) {
      const names = this.#trackers.map(({ plan }) => plan.tracker.name).join(', ');
      throw new UsageError('no-tracker', `No tracker ${name} runs here; there are ${names}.`);
    }
    found.set(settings, process.hrtime.bigint());
  }

  /** What the kernel counted for each program. Run times need `enableRunStatistics`. */
  costs(): readonly ProgramCost[] {
    const pieces = this.#trackers.flatMap((tracker) => tracker.pieces);
    return [...groupBy(pieces, ({ program }) => program)].map(([program, parts]) => ({
      tracker: parts.map(({ tracker }) => tracker).join('+'),
      program: program.name,
      ...program.statistics(),
    }));
  }

  /** No event is counted from here on; what was counted stays readable until `close`. */
  stop(): void {
    if (this.#isClosed) return;
    for (const tracker of this.#trackers) tracker.switchOff();
  }

  close(): void {
    if (this.#isClosed) return;
    this.stop();
    this.poll();
    for (const key of this.#partial.keys()) this.#complete(key, undefined);
    clearInterval(this.#timer);
    clearInterval(this.#sweepTimer);
    this.#release();
  }

  #release(): void {
    this.#isClosed = true;
    for (const tracker of this.#trackers) tracker.switchOff();
    // The last attached go first: begins before ends.
    for (const attachment of this.#attachments.reverse()) attachment.close();
    for (const tracker of this.#trackers) tracker.close();
    for (const memory of this.#memories) memory.close();
    this.#ring.close();
  }
}

const typeNames = {
  tracepoint: 'tracepoint',
  'raw-tracepoint': 'raw tracepoint',
  'typed-tracepoint': 'tp_btf',
  'function-entry': 'fentry',
  'function-exit': 'fexit',
  iterator: 'iterator',
} as const;

function kernelTypes(notes: string[]): Btf | undefined {
  try {
    return Btf.ofKernel();
  } catch (error) {
    if (!(error instanceof SondeError)) throw error;
    notes.push(
      `${error.message} Raw tracepoints and recorded fields are used instead, which cost more.`,
    );
    return undefined;
  }
}
