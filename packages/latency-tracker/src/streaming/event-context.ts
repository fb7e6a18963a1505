import type { EventRecordClass, RecordCursor } from '@sonde/trace-model';
import type { PairMatcher } from '../pair-matcher.ts';

/** What is known of one CPU between events. */
export class CpuState {
  readonly id: number;
  /** Who runs, from `sched_switch`; NaN: not known yet. */
  tid = Number.NaN;
  comm = '';
  /** End of the last gap in its events (ns). */
  gapEndNs = Number.NEGATIVE_INFINITY;

  constructor(id: number) {
    this.id = id;
  }
}

/** One traced machine: keys of two machines are never the same. */
export class HostState {
  readonly cpus = new Map<number, CpuState>();
  /** By index of the tracker. */
  readonly matchers: PairMatcher[] = [];
  /** End of the last gap on any CPU (ns). */
  gapEndNs = Number.NEGATIVE_INFINITY;

  cpu(id: number): CpuState {
    let cpu = this.cpus.get(id);
    if (cpu === undefined) {
      cpu = new CpuState(id);
      this.cpus.set(id, cpu);
    }
    return cpu;
  }
}

/** The event that is being handled: one object, changed from event to event. */
export class EventContext {
  host: HostState = new HostState();
  cpu: CpuState = this.host.cpu(0);
  timeNs = 0;
  /** Of the system call event, empty for others. */
  systemCall = '';
  cursor: RecordCursor | undefined;
  eventRecordClass: EventRecordClass | undefined;
}
