/** What programs at points and at steps of chains have in common. */
import { Assembler, type BpfMap, type Register } from '@sonde/ebpf';
import type { Expression } from '../expression.ts';
import type { ExpressionWriter } from './emit-expression.ts';
import { emitRecord, type RecordRequest } from './emit-record.ts';
import type { Target } from './event-access.ts';
import { type CounterName, frame, maxKeyWords, type SettingName } from './layout.ts';
import type { PlannedPoint, TrackerPlan } from './plan-types.ts';
import { SharedValues, type Sharing } from './shared-values.ts';
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
export interface ProgramPiece extends Sharing {
  readonly target: Target;
  write(code: Assembler, shared: SharedValues): void;
}

/** One program of pieces at the same target: each has its say, in this order. */
export function assemble(pieces: readonly ProgramPiece[]): Assembler {
  const code = new Assembler().move('r6', 'r1');
  const shared = new SharedValues(code, pieces);
  for (const piece of pieces) piece.write(code, shared);
  // 1: a perf event goes on to its other users. Other kinds of programs may return what they like, functions 0.
  shared.close(pieces[0]!.target.programType === 'tracepoint' ? 1 : 0);
  return code;
}

/**
 * Registers: `r6` context, `r7` pending operation, `r8` the time, `r9` the counters of this CPU; the frame is laid out in layout.ts.
 */
export class ProgramParts {
  readonly code: Assembler;
  readonly context: ProgramContext;
  readonly shared: SharedValues;
  readonly #out: string;

  constructor(context: ProgramContext, code: Assembler, shared: SharedValues) {
    this.context = context;
    this.code = code;
    this.shared = shared;
    this.#out = code.freshLabel('out');
  }

  /** Nothing happens while the tracker is off. */
  open(): void {
    this.loadSetting('r1', 'isOn');
    this.code.jumpIf('r1', '==', 0, this.#out);
    this.shared.openCounters(this.context.maps.place.memory);
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

  loadSetting(to: Register, name: SettingName): void {
    const { place } = this.context.maps;
    this.code.moveMapValue(to, place.memory.settings, place.settingAt(name)).load(to, to, 0, 'u64');
  }

  count(name: CounterName): void {
    const offset = this.context.maps.place.counterAt(name);
    this.code.load('r1', 'r9', offset, 'u64').add('r1', 1).store('r9', offset, 'r1', 'u64');
  }

  /** Writes the key into the frame; with zeros behind it where the number of an operation follows. */
  key(key: readonly Expression[], expressions: ExpressionWriter): void {
    const words = this.context.plan.keepsAll ? maxKeyWords : key.length;
    for (let word = 0; word < words; word++) {
      const at = frame.key + 8 * word;
      if (key[word] === undefined) this.code.store('r10', at, 0, 'u64');
      else {
        expressions.number(key[word]!);
        this.code.store('r10', at, 'r0', 'u64');
      }
    }
  }

  /** Tells a delay (in the frame) above the threshold, within the rate limit. */
  alert(planned: PlannedPoint, expressions: ExpressionWriter): void {
    const { code } = this;
    const quiet = code.freshLabel('quiet');
    const late = code.freshLabel('late');
    code.load('r2', 'r10', frame.delayNs, 'u64');
    this.loadSetting('r3', 'thresholdNs');
    code.jumpIf('r2', '>', 'r3', late).label(quiet);
    code.rare(() => {
      code.label(late);
      this.#tell(planned, expressions, quiet);
      code.jump(quiet);
    });
  }

  /** Goes to `quiet` where it is one too many. */
  #tell(planned: PlannedPoint, expressions: ExpressionWriter, quiet: string): void {
    const { code } = this;
    const { place } = this.context.maps;
    const same = code.freshLabel('same');
    if (planned.point.time !== undefined) code.call('ktime_get_ns').move('r8', 'r0');
    this.limit(['rateWindowNs', 'rateCount'], 'limited', quiet);
    code.load('r3', 'r1', place.settingAt('isWorst'), 'u64').jumpIf('r3', '==', 0, same);
    code.load('r2', 'r10', frame.delayNs, 'u64');
    code.store('r1', place.settingAt('thresholdNs'), 'r2', 'u64');
    code.label(same);
    this.count('alerts');
    this.record(planned, expressions, 'alert', 'pending');
    if (!givesUserStackLater(this.context.plan, planned)) return;
    code.store('r9', place.counterAt('userStackWanted'), 'r8', 'u64');
  }

  /** Of what happens more often in a second (it is `r8`) than the tracker's rate allows, the rest is counted and goes to `next`. `r1`: settings. */
  limit(
    [windowName, countName]: readonly [SettingName, SettingName],
    counter: CounterName,
    next: string,
  ): void {
    const { code } = this;
    const { place } = this.context.maps;
    const [inWindow, limited, allowed] = ['window', 'limited', 'allowed'].map((name) =>
      code.freshLabel(name),
    ) as [string, string, string];
    const [windowAt, countAt] = [place.settingAt(windowName), place.settingAt(countName)];
    code.moveMapValue('r1', place.memory.settings).load('r3', 'r1', windowAt, 'u64');
    code.move('r4', 'r8').alu('sub', 'r4', 'r3').jumpIf('r4', '<', secondNs, inWindow);
    code.store('r1', windowAt, 'r8', 'u64').store('r1', countAt, 0, 'u64');
    code.label(inWindow).load('r3', 'r1', countAt, 'u64');
    code.load('r4', 'r1', place.settingAt('ratePerS'), 'u64').jumpIf('r3', '>=', 'r4', limited);
    code.add('r3', 1).store('r1', countAt, 'r3', 'u64').jump(allowed);
    code.label(limited);
    this.count(counter);
    code.jump(next).label(allowed);
  }

  record(
    planned: PlannedPoint,
    expressions: ExpressionWriter,
    kind: RecordRequest['kind'],
    stackOf: RecordRequest['stackOf'],
  ): void {
    const { code } = this;
    const { plan, ring, trackerIndex, maps } = this.context;
    const lostLabel = code.freshLabel('lost');
    const done = code.freshLabel('told');
    const { place } = maps;
    const request = { kind, trackerIndex, ring, place, planned, stackOf, lostLabel };
    emitRecord(code, plan, expressions, request);
    code.jump(done).label(lostLabel);
    this.count('ringLost');
    code.label(done);
    this.shared.reloadCounters(this.context.maps.place.memory);
  }
}
