import type { EventRecordClass, RecordCursor } from '@sonde/trace-model';
import type { PairMatcher } from '../pair-matcher.ts';
import { CgroupTable } from './cgroups.ts';
import type { Losses } from './losses.ts';

/** What is known of one CPU between events. */
export class CpuState {
  readonly id: number;
  /** Who runs, from `sched_switch`; NaN: not known yet, or not any more after a gap. */
  tid = Number.NaN;
  comm = '';
  /** Since when it runs (ns). */
  sinceNs = Number.NaN;

  constructor(id: number) {
    this.id = id;
  }
}

/** One traced machine: keys of two machines are never the same. */
export class HostState {
  readonly cpus = new Map<number, CpuState>();
  /** Its traces have `sched_switch`. */
  seesSwitches = false;
  readonly cgroups: CgroupTable = new CgroupTable();
  /** By index of the tracker; chains have none. */
  readonly matchers: PairMatcher[] = [];
  /** By index of the tracker. */
  readonly losses: Losses[] = [];

  cpu(id: number): CpuState {
    let cpu = this.cpus.get(id);
    if (cpu === undefined) {
      cpu = new CpuState(id);
      this.cpus.set(id, cpu);
    }
    return cpu;
  }
}

/** Nobody knows who runs there. */
export function forgetWhoRuns(cpu: CpuState): void {
  cpu.tid = Number.NaN;
  cpu.comm = '';
  cpu.sinceNs = Number.NaN;
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
  /** The traces tell control groups by other means than a context. */
  tellsCgroups = false;
}
