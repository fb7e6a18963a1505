import type { Cpu } from './cpu.ts';
import type { Host } from './host.ts';
import type {
  ContextSwitch,
  FileOperation,
  HardIrq,
  OffCpu,
  PageOperation,
  SchedulingSlice,
  SoftIrq,
  SystemCall,
  WakeupLatency,
} from './segments.ts';
import type { Thread } from './threads.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The objects in which a host's frequent segments are told: one of each kind, used again and again. Times begin as NaN, so that V8 keeps them
 * as plain doubles in the object.
 */
export interface SegmentBuffers {
  readonly slice: Mutable<SchedulingSlice>;
  readonly contextSwitch: Mutable<ContextSwitch>;
  readonly wakeupLatency: Mutable<WakeupLatency>;
  readonly offCpu: Mutable<OffCpu>;
  readonly systemCall: Mutable<SystemCall>;
  readonly fileOperation: Mutable<FileOperation>;
  readonly hardIrq: Mutable<HardIrq>;
  readonly softIrq: Mutable<SoftIrq>;
  readonly pageOperation: Mutable<PageOperation>;
}

export function makeSegmentBuffers(host: Host, cpu: Cpu, thread: Thread): SegmentBuffers {
  const { NaN: no } = Number;
  const segment = { host, beginNs: no, endNs: no, isCertain: false };
  return {
    slice: { ...segment, cpu, thread, endState: -1, priority: undefined },
    contextSwitch: { host, timeNs: no, cpu, previous: thread, next: thread, state: 0 },
    wakeupLatency: {
      ...segment,
      cpu,
      thread,
      waker: undefined,
      wakerContext: 'unknown',
      targetCpuId: -1,
      priority: undefined,
    },
    offCpu: { ...segment, cpu, thread, endState: -1, wakeupNs: no },
    systemCall: {
      ...segment,
      cpu,
      thread,
      name: '',
      isCompat: false,
      result: undefined,
      isFinished: false,
    },
    fileOperation: {
      ...segment,
      kind: 'read',
      thread,
      name: '',
      fd: -1,
      file: undefined,
      targetFile: undefined,
      sizeBytes: undefined,
      errno: 0,
    },
    hardIrq: { ...segment, cpu, irq: -1, name: '', isHandled: false },
    softIrq: { ...segment, cpu, vector: -1, raiseNs: no },
    pageOperation: { host, timeNs: no, kind: 'allocate', order: 0, cpu, thread: undefined },
  };
}
