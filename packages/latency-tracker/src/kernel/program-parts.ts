/** What programs at points and at steps of chains have in common. */
import { Assembler, type BpfMap } from '@sonde/ebpf';
import type { Expression } from '../expression.ts';
import type { ExpressionWriter } from './emit-expression.ts';
import { emitRecord, type RecordRequest } from './emit-record.ts';
import type { Target } from './event-access.ts';
import {
  type CounterName,
  counterOffset,
  frame,
  maxKeyWords,
  settings,
  userStackWantedOffset,
} from './layout.ts';
import type { PlannedPoint, TrackerPlan } from './plan-types.ts';
import type { TrackerMaps } from './tracker-maps.ts';
import { givesUserStackLater } from './user-stacks.ts';

const secondNs = 1_000_000_000;

/** What all programs of a tracker have in common. */
export interface ProgramContext {
  readonly plan: TrackerPlan;
  readonly maps: TrackerMaps;
  readonly ring: BpfMap;
  readonly trackerIndex: number;
  /** This process, which is left out; undefined: it is not. */
  readonly ownTgid: number | undefined;
}

/** What a tracker does at an event, as a part of a program: several trackers may share one. */
export interface ProgramPiece {
  readonly target: Target;
  /** @param sharesTime - The time is read once for all pieces. */
  write(code: Assembler, sharesTime: boolean): void;
}

/** One program of pieces at the same target: each has its say, in this order. */
export function assemble(pieces: readonly ProgramPiece[]): Assembler {
  const code = new Assembler().move('r6', 'r1');
  const sharesTime = pieces.length > 1;
  if (sharesTime) code.store('r10', frame.nowNs, 0, 'u64');
  for (const piece of pieces) piece.write(code, sharesTime);
  // 1: a perf event goes on to its other users. Other kinds of programs may return what they like, functions 0.
  return code.move('r0', pieces[0]!.target.programType === 'tracepoint' ? 1 : 0).exit();
}

/**
 * Registers: `r6` context, `r7` pending operation, `r8` the time, `r9` the counters of this CPU; the frame is laid out in layout.ts.
 */
export class ProgramParts {
  readonly code: Assembler;
  readonly context: ProgramContext;
  readonly sharesTime: boolean;
  readonly #out: string;

  constructor(context: ProgramContext, code: Assembler, sharesTime: boolean) {
    this.context = context;
    this.code = code;
    this.sharesTime = sharesTime;
    this.#out = code.freshLabel('out');
  }

  /** Nothing happens while the tracker is off. */
  open(): void {
    const { code } = this;
    code.moveMapValue('r1', this.context.maps.settings, settings.isOn).load('r1', 'r1', 0, 'u64');
    code.jumpIf('r1', '==', 0, this.#out);
    this.loadCounters();
  }

  close(): void {
    this.code.label(this.#out);
  }

  /** What this process does goes on to `next`, unless it is asked for. */
  leaveOutOwn(process: Expression | undefined, expressions: ExpressionWriter, next: string): void {
    const { ownTgid } = this.context;
    if (ownTgid === undefined || process === undefined) return;
    const right = { type: 'integer', value: ownTgid } as const;
    expressions.condition({ type: 'binary', operator: '!=', left: process, right }, next);
  }

  /** `r8` = the time: read once where it is shared. */
  readTime(): void {
    const { code } = this;
    if (!this.sharesTime) {
      code.call('ktime_get_ns').move('r8', 'r0');
      return;
    }
    const known = code.freshLabel('known');
    code.load('r8', 'r10', frame.nowNs, 'u64').jumpIf('r8', '!=', 0, known);
    code.call('ktime_get_ns').move('r8', 'r0').store('r10', frame.nowNs, 'r8', 'u64').label(known);
  }

  loadCounters(): void {
    const code = this.code.store('r10', frame.zeroKey, 0, 'u32');
    code.move('r2', 'r10').add('r2', frame.zeroKey).moveMap('r1', this.context.maps.counters);
    code.call('map_lookup_elem').jumpIf('r0', '==', 0, this.#out).move('r9', 'r0');
  }

  count(name: CounterName): void {
    const offset = counterOffset(name);
    this.code.load('r1', 'r9', offset, 'u64').add('r1', 1).store('r9', offset, 'r1', 'u64');
  }

  /** Writes the key into the frame, with zeros behind it: every byte of it counts. */
  key(key: readonly Expression[], expressions: ExpressionWriter): void {
    for (let word = 0; word < maxKeyWords; word++) {
      const at = frame.key + 8 * word;
      if (key[word] === undefined) this.code.store('r10', at, 0, 'u64');
      else {
        expressions.number(key[word]!);
        this.code.store('r10', at, 'r0', 'u64');
      }
    }
  }

  /** Tells a delay (in the frame) above the threshold, within the rate limit. Goes to `quiet` where it is not told. */
  alert(planned: PlannedPoint, expressions: ExpressionWriter, quiet: string): void {
    const { code } = this;
    const { maps } = this.context;
    const inWindow = code.freshLabel('window');
    const limited = code.freshLabel('limited');
    const allowed = code.freshLabel('allowed');
    const same = code.freshLabel('same');
    code.load('r2', 'r10', frame.delayNs, 'u64');
    code.moveMapValue('r1', maps.settings, settings.thresholdNs).load('r3', 'r1', 0, 'u64');
    code.jumpIf('r2', '<=', 'r3', quiet);
    if (planned.point.time !== undefined) code.call('ktime_get_ns').move('r8', 'r0');
    code.moveMapValue('r1', maps.settings).load('r3', 'r1', settings.rateWindowNs, 'u64');
    code.move('r4', 'r8').alu('sub', 'r4', 'r3').jumpIf('r4', '<', secondNs, inWindow);
    code.store('r1', settings.rateWindowNs, 'r8', 'u64').store('r1', settings.rateCount, 0, 'u64');
    code.label(inWindow).load('r3', 'r1', settings.rateCount, 'u64');
    code.load('r4', 'r1', settings.ratePerS, 'u64').jumpIf('r3', '>=', 'r4', limited);
    code.add('r3', 1).store('r1', settings.rateCount, 'r3', 'u64').jump(allowed);
    code.label(limited);
    this.count('limited');
    code.jump(quiet).label(allowed);
    code.load('r3', 'r1', settings.isWorst, 'u64').jumpIf('r3', '==', 0, same);
    code.load('r2', 'r10', frame.delayNs, 'u64').store('r1', settings.thresholdNs, 'r2', 'u64');
    code.label(same);
    this.count('alerts');
    this.record(planned, expressions, 'alert', 'pending');
    if (!givesUserStackLater(this.context.plan, planned)) return;
    code.store('r9', userStackWantedOffset, 'r8', 'u64');
  }

  record(
    planned: PlannedPoint,
    expressions: ExpressionWriter,
    kind: RecordRequest['kind'],
    stackOf: RecordRequest['stackOf'],
  ): void {
    const { code } = this;
    const { plan, ring, trackerIndex } = this.context;
    const lostLabel = code.freshLabel('lost');
    const done = code.freshLabel('told');
    const request = { kind, trackerIndex, ring, planned, stackOf, lostLabel };
    emitRecord(code, plan, expressions, request);
    code.jump(done).label(lostLabel);
    this.count('ringLost');
    code.label(done);
    this.loadCounters();
  }
}
