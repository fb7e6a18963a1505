/** Contexts of events, under LTTng's names (lttng-add-context(1)), from the table of threads and the records' common fields. */
import type { StructureMember } from '@sonde/trace-model';
import type { ThreadInfo } from '../process/process-table.ts';
import { type FieldClassFactory, type IntegerShape, member, textArray } from './field-classes.ts';

const int32: IntegerShape = { lengthBits: 32, isSigned: true, base: 10 };
const int8: IntegerShape = { lengthBits: 8, isSigned: true, base: 10 };
const uint8: IntegerShape = { lengthBits: 8, isSigned: false, base: 10 };
const uint32: IntegerShape = { lengthBits: 32, isSigned: false, base: 10 };
const address: IntegerShape = { lengthBits: 64, isSigned: false, base: 16 };

const procnameBytes = 16;
const idlePriority = 20;

/** One number of the current thread. */
type ThreadNumber = (thread: ThreadInfo) => number;

const known = (value: number, otherwise: number): number => (value < 0 ? otherwise : value);

const threadNumbers = {
  tid: (t) => t.tid,
  pid: (t) => known(t.pid, t.tid),
  ppid: (t) => t.ppid,
  prio: (t) => known(t.priority, idlePriority),
  nice: (t) => (t.priority < 0 ? 0 : t.priority - idlePriority),
  vtid: (t) => known(t.vtid, t.tid),
  vpid: (t) => known(t.vpid, known(t.pid, t.tid)),
  vppid: (t) => known(t.vppid, t.ppid),
} satisfies Readonly<Record<string, ThreadNumber>>;

/** What a thread has of its own that no event tells of: read from /proc when the thread is first seen. All are unsigned. */
export const identityNames = [
  'cgroup_ns',
  'ipc_ns',
  'mnt_ns',
  'net_ns',
  'pid_ns',
  'time_ns',
  'user_ns',
  'uts_ns',
  'uid',
  'euid',
  'suid',
  'gid',
  'egid',
  'sgid',
] as const;
export type IdentityName = (typeof identityNames)[number];

function isIdentityName(name: ContextName): name is IdentityName {
  return (identityNames as readonly string[]).includes(name);
}

/** Namespaces that are not known are 0, as with LTTng; users and groups are those that nobody has. */
const identityNumbers = Object.fromEntries(
  identityNames.map((name): [IdentityName, ThreadNumber] => {
    const unknown = name.endsWith('_ns') ? 0 : -1;
    return [name, ({ identity }) => identity?.[name] ?? unknown];
  }),
) as Readonly<Record<IdentityName, ThreadNumber>>;

/** `common_flags` and `common_preempt_count` (include/linux/trace_events.h, v6.12). */
const irqsOffFlag = 0x01;
const needReschedFlags = 0x02 | 0x04;

const recordNumbers = {
  interruptible: {
    shape: int8,
    of: (flags: number, _preemptCount: number): number => ((flags & irqsOffFlag) === 0 ? 1 : 0),
  },
  preemptible: {
    shape: int8,
    of: (flags: number, preemptCount: number): number =>
      (flags & irqsOffFlag) === 0 && (preemptCount & 0xf) === 0 ? 1 : 0,
  },
  need_reschedule: {
    shape: uint8,
    of: (flags: number): number => ((flags & needReschedFlags) === 0 ? 0 : 1),
  },
} as const;

export type ContextName =
  | 'procname'
  | keyof typeof threadNumbers
  | IdentityName
  | keyof typeof recordNumbers
  | 'callstack-kernel'
  | 'callstack-user';

/** All that can be asked for. */
export const contextNames: readonly ContextName[] = [
  'procname',
  ...(Object.keys(threadNumbers) as (keyof typeof threadNumbers)[]),
  ...identityNames,
  ...(Object.keys(recordNumbers) as (keyof typeof recordNumbers)[]),
  'callstack-kernel',
  'callstack-user',
];

/**
 * The chosen contexts in the order they are written: those of the thread, which are the same until another one runs; those of the
 * record; call stacks.
 */
export class ContextPlan {
  readonly hasProcname: boolean;
  readonly threadNumbers: readonly ThreadNumber[];
  readonly recordNumbers: readonly ((flags: number, preemptCount: number) => number)[];
  /** Whether what /proc alone tells of a thread is shown. */
  readonly hasIdentity: boolean;
  readonly hasKernelStack: boolean;
  readonly hasUserStack: boolean;
  /** Whether names or priorities are shown: then scheduler events are looked at for them. */
  readonly needsNames: boolean;
  /** Bytes of the contexts of the thread. */
  readonly threadBytes: number;
  readonly members: readonly StructureMember[];

  constructor(names: readonly ContextName[], factory: FieldClassFactory) {
    const isWanted = (name: ContextName): boolean => names.includes(name);
    const members: StructureMember[] = [];
    this.hasProcname = isWanted('procname');
    if (this.hasProcname) members.push(member('procname', textArray(procnameBytes)));
    const threads = names.filter((name) => name in threadNumbers) as (keyof typeof threadNumbers)[];
    for (const name of threads) members.push(member(name, factory.integer(int32)));
    const identities = names.filter(isIdentityName);
    for (const name of identities) members.push(member(name, factory.integer(uint32)));
    this.hasIdentity = identities.length > 0;
    this.threadNumbers = [
      ...threads.map((name) => threadNumbers[name]),
      ...identities.map((name) => identityNumbers[name]),
    ];
    const records = names.filter((name) => name in recordNumbers) as (keyof typeof recordNumbers)[];
    for (const name of records) {
      members.push(member(name, factory.integer(recordNumbers[name].shape)));
    }
    this.recordNumbers = records.map((name) => recordNumbers[name].of);
    this.hasKernelStack = isWanted('callstack-kernel');
    this.hasUserStack = isWanted('callstack-user');
    const stack = (name: string) => factory.sequence(name, uint32, factory.integer(address));
    if (this.hasKernelStack) members.push(...stack('callstack_kernel'));
    if (this.hasUserStack) members.push(...stack('callstack_user'));
    this.members = members;
    this.threadBytes = (this.hasProcname ? procnameBytes : 0) + this.threadNumbers.length * 4;
    this.needsNames = this.hasProcname || isWanted('prio') || isWanted('nice');
  }

  /** Writes the contexts of a thread. */
  writeThread(thread: ThreadInfo, target: DataView, position: number, littleEndian: boolean): void {
    let at = position;
    if (this.hasProcname) {
      for (let i = 0; i < procnameBytes; i++) target.setUint8(at++, thread.comm[i] ?? 0);
    }
    for (const numberOf of this.threadNumbers) {
      target.setInt32(at, numberOf(thread), littleEndian);
      at += 4;
    }
  }
}
