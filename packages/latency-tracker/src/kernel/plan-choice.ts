/** Which of a tracker's sets of points is used, and how its events are seen: the best that this kernel has, and takes. */
import { SondeError, UsageError } from '@sonde/base';
import { type Btf, explainBpfFailure, SystemCallError } from '@sonde/ebpf';
import type { PointSet, Tracker } from '../declaration.ts';
import type { AccessKind } from './event-access.ts';
import type { TrackerPlan } from './plan-types.ts';
import { planTracker } from './tracker-plan.ts';

export interface ChoiceOptions {
  readonly btf: Btf | undefined;
  /** Ways to see events, the best first. */
  readonly accessKinds: readonly AccessKind[];
  readonly hasUserStacks: boolean;
  /** Programs may exchange words in memory. */
  readonly hasExchange: boolean;
}

interface Candidate {
  readonly set: PointSet;
  readonly access: AccessKind;
}

export class PlanChoice {
  /** Why what is better is not used. */
  readonly reasons: string[] = [];
  readonly #tracker: Tracker;
  readonly #options: ChoiceOptions;
  /** Not tried yet, the best first. */
  #candidates: readonly Candidate[];
  #last: Candidate | undefined;
  #plan: TrackerPlan;

  /** @throws UsageError where the kernel has not what any of them needs */
  constructor(tracker: Tracker, options: ChoiceOptions) {
    this.#tracker = tracker;
    this.#options = options;
    this.#candidates = tracker.anyOf.flatMap((set) =>
      (set.via === 'function' ? (['typed'] as const) : options.accessKinds).map((access) => ({
        set,
        access,
      })),
    );
    this.#plan = this.#next(undefined);
  }

  get plan(): TrackerPlan {
    return this.#plan;
  }

  /** The kernel did not take the plan: it becomes the next best. */
  refuse(error: unknown): void {
    this.#note(error);
    this.#plan = this.#next(error);
  }

  #next(failure: unknown): TrackerPlan {
    let cause = failure;
    for (;;) {
      const [candidate, ...others] = this.#candidates;
      if (candidate === undefined) {
        const message = `The tracker ${this.#tracker.name} can't run in this kernel: ${this.reasons.join(' ')}`;
        throw new UsageError('not-in-kernel', message, {}, { cause });
      }
      this.#candidates = others;
      this.#last = candidate;
      try {
        return this.#planFor(candidate);
      } catch (error) {
        cause = error;
        this.#note(error);
      }
    }
  }

  #planFor({ set, access }: Candidate): TrackerPlan {
    const { btf, hasUserStacks, hasExchange } = this.#options;
    const types = { btf, access, hasExchange };
    const plan = planTracker(this.#tracker, withKnownFunctions(set, btf), types);
    return hasUserStacks ? plan : { ...plan, userStackTarget: undefined };
  }

  /** @throws what is no refusal of this kernel */
  #note(error: unknown): void {
    if (!(error instanceof SondeError)) throw error;
    const { set } = this.#last!;
    const isRefused = error instanceof SystemCallError && error.errnoName === 'EPERM';
    if (isRefused && set.via !== 'function') throw explainBpfFailure(error);
    if (isRefused) this.reasons.push('this kernel refuses function hooks (EPERM)');
    else this.reasons.push(error.message.split('\n', 1)[0]!);
    // What is not there is not there, however one looks.
    if (error instanceof UsageError) {
      this.#candidates = this.#candidates.filter((candidate) => candidate.set !== set);
    }
  }
}

/** Functions of file systems that are not in the kernel have nothing to measure. */
function withKnownFunctions(set: PointSet, btf: Btf | undefined): PointSet {
  if (set.via !== 'function') return set;
  const isKnown = ({ event }: { readonly event: string }): boolean =>
    btf?.find('function', event) !== undefined;
  const begin = set.begin.filter(isKnown);
  const end = set.end.filter(isKnown);
  if (begin.length > 0 && end.length > 0) return { ...set, begin, end };
  const names = set.begin.map(({ event }) => event).join(', ');
  throw new UsageError('no-event', `this kernel has no function ${names}`);
}
