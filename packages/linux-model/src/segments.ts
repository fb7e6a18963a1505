/**
 * What the model tells its consumers: *segments* have a begin and an end, *points* one time. All times are numbers of ns since
 * the run's TimeOrigin. Objects are reused: valid until the handler returns; threads, files and hosts in them live on.
 */
import type { Cpu } from './cpu.ts';
import type { OpenFile } from './files.ts';
import type { Host } from './host.ts';
import type { Thread } from './threads.ts';

interface Segment {
  readonly host: Host;
  readonly beginNs: number;
  readonly endNs: number;
  /** False: events were discarded in between, or the trace began in the middle, so that times or values are guesses. */
  readonly isCertain: boolean;
}

/**
 * One thread running on one CPU, from switch-in to switch-out: maybe the idle thread (tid 0), or, while events were discarded, nobody
 * knows which (`ThreadTable.unknown`, tid -1). The slices of a CPU follow one another without a gap.
 */
export interface SchedulingSlice extends Segment {
  readonly cpu: Cpu;
  readonly thread: Thread;
  /** `prev_state` of the switch-out, masked to the task states; -1: the trace ended, or events were discarded, first. */
  readonly endState: number;
  readonly priority: number | undefined;
}

/** From the first wakeup of a thread that was not running to its switch-in. */
export interface WakeupLatency extends Segment {
  /** CPU of the switch-in. */
  readonly cpu: Cpu;
  readonly thread: Thread;
  /** Who ran where the wakeup happened. Undefined: the idle thread, or somebody unknown. */
  readonly waker: Thread | undefined;
  /**
   * Whether it was `waker` itself, or a timer or interrupt that came over it. `unknown`: nobody subscribed to interrupts. `timer` only where
   * somebody subscribed to timers too.
   */
  readonly wakerContext: WakerContext;
  /** CPU that the wakeup chose, by its event; -1: it doesn't say. */
  readonly targetCpuId: number;
  readonly priority: number | undefined;
}

export type WakerContext = 'thread' | 'timer' | 'hard-irq' | 'soft-irq' | 'unknown';

/** From the switch-out of a thread to its next switch-in: blocked, then waiting for a CPU. */
export interface OffCpu extends Segment {
  readonly cpu: Cpu;
  readonly thread: Thread;
  readonly endState: number;
  /** When it was woken; NaN: it was preempted, or the wakeup was not seen. */
  readonly wakeupNs: number;
}

/** One system call. Calls without an exit are reported when their thread dies or the model finishes, with `isFinished` false. */
export interface SystemCall extends Segment {
  readonly cpu: Cpu;
  readonly thread: Thread;
  /** Without `syscall_entry_`, `compat_`, `sys_`. */
  readonly name: string;
  readonly isCompat: boolean;
  /** Undefined: the exit event has no `ret`. */
  readonly result: number | undefined;
  readonly isFinished: boolean;
}

export type FileOperationKind = 'open' | 'close' | 'read' | 'write' | 'read-write' | 'sync';

/** A system call on a file, socket, pipe…, or a request of io_uring: what the I/O analyses count. */
export interface FileOperation extends Segment {
  readonly kind: FileOperationKind;
  readonly thread: Thread;
  /** System call name; `io_uring read` for what io_uring does. */
  readonly name: string;
  /** -1: none (`sync`), or the open failed. */
  readonly fd: number;
  /** The open file, undefined for none (`sync`, failed open, bad descriptor). */
  readonly file: OpenFile | undefined;
  /** `read-write` only: where the bytes went (`splice`, `sendfile`), `file` being where they came from. */
  readonly targetFile: OpenFile | undefined;
  /** Bytes moved; undefined: not an operation with a size (`recvmmsg` tells messages only), or it failed. */
  readonly sizeBytes: number | undefined;
  /** Positive errno; 0: success. */
  readonly errno: number;
}

export interface BlockRequest extends Segment {
  readonly device: number;
  /** Name from the state dump, else `(major,minor)`. */
  readonly deviceName: string;
  readonly sector: number;
  readonly sectorCount: number;
  readonly isWrite: boolean;
  /** Who issued it; undefined: unknown. */
  readonly thread: Thread | undefined;
  /** NaN: not seen. `beginNs` is the (last) issue. */
  readonly insertNs: number;
  /** How often the driver gave it back. */
  readonly requeueCount: number;
  /** Positive errno of the completion; 0: success, or not told. */
  readonly errno: number;
}

export interface HardIrq extends Segment {
  readonly cpu: Cpu;
  readonly irq: number;
  /** Handler name of this entry. */
  readonly name: string;
  readonly isHandled: boolean;
}

export interface SoftIrq extends Segment {
  readonly cpu: Cpu;
  readonly vector: number;
  /** NaN: not seen. */
  readonly raiseNs: number;
}

/** From the start of a timer's handler to its end; an interval timer's expiry is a moment. */
export interface TimerExpiry extends Segment {
  readonly cpu: Cpu;
  /** `hrtimer`: high resolution; `timer`: of the timer wheel; `itimer`: setitimer's. */
  readonly kind: TimerKind;
  /** Kernel address of the timer as a signed number (an identity only); of an `itimer` the id of the thread group. */
  readonly timer: number;
  /** How much later than asked it ran (ns); 0 within its slack; NaN: the start was not seen, or another clock. */
  readonly latenessNs: number;
}

export type TimerKind = 'hrtimer' | 'timer' | 'itimer';

/** From the queueing of a packet for transmission to its handing over to the driver. */
export interface NetworkTransmission extends Segment {
  readonly interfaceName: string;
  readonly sizeBytes: number;
  readonly cpu: Cpu;
  /** Who ran at the queueing; undefined: idle or unknown. */
  readonly thread: Thread | undefined;
}

interface Point {
  readonly host: Host;
  readonly timeNs: number;
}

/** One `sched_switch`: what slices and latencies are made of. */
export interface ContextSwitch extends Point {
  readonly cpu: Cpu;
  readonly previous: Thread;
  readonly next: Thread;
  /** Task state of `previous`, masked to the states. */
  readonly state: number;
}

export interface NetworkPacket extends Point {
  readonly direction: 'sent' | 'received';
  readonly interfaceName: string;
  readonly sizeBytes: number;
  readonly cpu: Cpu;
}

export interface PageOperation extends Point {
  readonly kind: 'allocate' | 'free';
  /** 2^order pages of memory; 0 to 31. */
  readonly order: number;
  readonly cpu: Cpu;
  /** Who ran there; undefined: idle or unknown. */
  readonly thread: Thread | undefined;
}

export interface Migration extends Point {
  readonly thread: Thread;
  readonly fromCpuId: number;
  readonly toCpuId: number;
  /** CPU that the event was raised on. */
  readonly cpu: Cpu;
}

export interface PriorityChange extends Point {
  readonly thread: Thread;
  readonly priority: number;
}

export interface ThreadLife extends Point {
  readonly kind: 'fork' | 'exec' | 'exit' | 'state-dump';
  readonly thread: Thread;
  readonly parent: Thread | undefined;
}

/** A descriptor came to be, got another name, or was closed. */
export interface FileLife extends Point {
  readonly kind: 'open' | 'rename' | 'close';
  readonly file: OpenFile;
}

/** Idle states and frequencies of a CPU, as the events say. */
export interface CpuPower extends Point {
  readonly kind: 'idle' | 'frequency';
  readonly cpu: Cpu;
  /** Idle: the state, -1 when it ends; frequency: kHz. */
  readonly value: number;
}

/** A gap, or a missing switch, touches a thread: it ran there when it began or when it ended. */
export interface Doubt extends Point {
  readonly thread: Thread;
}

/**
 * Events that a tracer discarded on one CPU, or a switch that it did not record and counted nowhere: from the switch before. LTTng loses them between packets, and between the last record and the end of one. Other
 * tracers' gaps last from the end of one packet to the end of the next.
 */
export interface Gap extends Segment {
  readonly cpu: Cpu;
  readonly what: 'events' | 'packets' | 'switches';
  /** Undefined: unknown; 0: they were told with the gap before. Of switches at least so many. */
  readonly count: number | undefined;
}

/** The kinds that can be subscribed to. */
export interface SegmentKinds {
  switch: ContextSwitch;
  'scheduling-slice': SchedulingSlice;
  'wakeup-latency': WakeupLatency;
  'off-cpu': OffCpu;
  'system-call': SystemCall;
  'file-operation': FileOperation;
  'block-request': BlockRequest;
  'hard-irq': HardIrq;
  'soft-irq': SoftIrq;
  'timer-expiry': TimerExpiry;
  'network-packet': NetworkPacket;
  'network-transmission': NetworkTransmission;
  'page-operation': PageOperation;
  migration: Migration;
  'priority-change': PriorityChange;
  'thread-life': ThreadLife;
  'file-life': FileLife;
  'cpu-power': CpuPower;
  gap: Gap;
  doubt: Doubt;
}
export type SegmentKind = keyof SegmentKinds;
