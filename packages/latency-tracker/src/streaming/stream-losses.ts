/** From what data streams lost to the `Losses` of each tracker. */
import type { StreamGap, StreamGaps } from '@sonde/linux-model';
import type { DataStreamClass } from '@sonde/trace-model';
import { eventMatches, plainName } from '../event-names.ts';
import type { ChainRun } from './chain-run.ts';
import { type CpuState, forgetWhoRuns, type HostState } from './event-context.ts';
import { LossyStream } from './lossy-stream.ts';
import type { TrackerRun } from './tracker-run.ts';

export type Run = TrackerRun | ChainRun;

export interface StreamState {
  readonly host: HostState;
  cpu: CpuState;
  readonly dataStreamClass: DataStreamClass;
  readonly hasCpuId: boolean;
  /** False: `cpu` is a guess. */
  knowsCpu: boolean;
  readonly gaps: StreamGaps;
  /** While it says that it lost events, and not yet when. */
  lossy: LossyStream | undefined;
}

/** What a data stream's lost events can do. */
interface LossEffect {
  readonly runs: readonly Run[];
  readonly hasSwitches: boolean;
}

/** Undefined: the stream's events may be of any. */
const cpuOf = ({ knowsCpu, cpu }: StreamState): CpuState | undefined =>
  knowsCpu ? cpu : undefined;

/** Kernels lose events of the scheduler uncounted: does that change pairs? */
export const usesScheduler = ({ pairEventNames }: Run): boolean =>
  pairEventNames.some((name) => plainName(name).startsWith('sched_'));

export class StreamLosses {
  readonly #runs: readonly Run[];
  readonly #wantsTask: boolean;
  readonly #effects = new WeakMap<DataStreamClass, LossEffect>();

  /** @param wantsTask - Some expression asks who runs. */
  constructor(runs: readonly Run[], wantsTask: boolean) {
    this.#runs = runs;
    this.#wantsTask = wantsTask;
  }

  /** @param beginNs - Of the packet. */
  noteLossy(state: StreamState, beginNs = Number.NaN): void {
    const { gaps, host } = state;
    this.leaveLossy(state);
    if (!gaps.isLossy) return;
    state.lossy = new LossyStream(gaps, cpuOf(state), beginNs);
    for (const { index } of this.#effectOf(state).runs) {
      host.losses[index]!.beginLossy(state.lossy);
    }
  }

  leaveLossy(state: StreamState): void {
    const { host, lossy } = state;
    if (lossy === undefined) return;
    for (const { index } of this.#effectOf(state).runs) host.losses[index]!.endLossy(lossy);
    state.lossy = undefined;
  }

  /** @param lastNs - Time of the last event, for gaps that don't say when. */
  lost(state: StreamState, { beginNs, endNs, isOver }: StreamGap, lastNs: number): void {
    const { host } = state;
    const cpu = cpuOf(state);
    const knownNs = Number.isNaN(beginNs) ? Number.NEGATIVE_INFINITY : beginNs;
    const fromNs = state.lossy?.sinceNs(knownNs) ?? knownNs;
    const untilNs = Number.isNaN(endNs) ? Math.max(lastNs, fromNs) : endNs;
    const { runs, hasSwitches } = this.#effectOf(state);
    // First: who ran there does not run elsewhere.
    if (hasSwitches) {
      for (const each of cpu === undefined ? host.cpus.values() : [cpu]) forgetWhoRuns(each);
    }
    for (const { index } of runs) {
      host.losses[index]!.add({ cpu, beginNs: fromNs, endNs: untilNs }, isOver);
    }
  }

  /** `tid` is switched out, who was not switched in there. */
  missedSwitch(host: HostState, cpu: CpuState, tid: number, endNs: number): void {
    for (const run of this.#runs) {
      const losses = host.losses[run.index]!;
      if (usesScheduler(run)) {
        losses.add({ cpu, beginNs: cpu.sinceNs, endNs }, true);
      } else if (run.followsThreads) {
        losses.doubt(cpu.tid, endNs);
        losses.doubt(tid, endNs);
      }
    }
    cpu.sinceNs = endNs;
    cpu.tid = tid;
  }

  #effectOf({ dataStreamClass }: StreamState): LossEffect {
    let effect = this.#effects.get(dataStreamClass);
    if (effect === undefined) {
      const names = [...dataStreamClass.eventRecordClasses.values()].map(({ name = '' }) => name);
      const hasSwitches = names.some((name) => plainName(name) === 'sched_switch');
      const runs = this.#runs.filter(
        (run) =>
          (hasSwitches && (run.followsThreads || this.#wantsTask)) ||
          run.eventNames.some((wanted) => names.some((name) => eventMatches(wanted, name))),
      );
      effect = { runs, hasSwitches };
      this.#effects.set(dataStreamClass, effect);
    }
    return effect;
  }
}
