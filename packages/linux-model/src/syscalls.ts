import type { Cpu } from './cpu.ts';
import { beginFileCall, endFileCall } from './file-call-state.ts';
import {
  argumentsOf,
  type FileCall,
  type FileCallArguments,
  fileCallFields,
  fileCallOf,
} from './file-calls.ts';
import type { Host } from './host.ts';
import { runningByContext } from './missing-switches.ts';
import type { Binding, FieldSpecs, Rule, Transition } from './rule.ts';
import {
  contextInteger,
  contextText,
  integer,
  optionalField,
  optionalInteger,
  rule,
} from './rule.ts';
import { systemCallOfNumber } from './system-call-numbers.ts';
import { beginSystemCall, reportUnfinished } from './system-call-state.ts';
import type { Thread } from './threads.ts';

const entryPrefixes = [
  'syscall_entry_',
  'compat_syscall_entry_',
  'sys_enter_',
  'compat_sys_',
  'sys_',
] as const;
const exitPrefixes = [
  'syscall_exit_',
  'compat_syscall_exit_',
  'sys_exit_',
  'exit_syscall',
] as const;
/** Events that have the number of the call, and its arguments as six registers. */
const rawEntries = new Set(['syscall_entry_unknown', 'compat_syscall_entry_unknown', 'sys_enter']);
const rawExits = new Set(['syscall_exit_unknown', 'compat_syscall_exit_unknown', 'sys_exit']);
/** Old LTTng's entries of exit(2) and exit_group(2), which look like ftrace's exits. */
const exitingCalls = new Map([
  ['sys_exit', 'exit'],
  ['sys_exit_group', 'exit_group'],
]);
/** From here on, numbers are the same on all architectures (include/uapi/asm-generic/unistd.h, v6.12). */
const firstCommonNumber = 424;

interface CallName {
  readonly name: string;
  readonly isCompat: boolean;
}

/** `syscall_entry_openat`, `compat_syscall_entry_openat`, `sys_enter_openat`, `sys_openat` → `openat`. */
export function systemCallName(eventName: string): CallName {
  const exiting = exitingCalls.get(eventName);
  if (exiting !== undefined) return { name: exiting, isCompat: false };
  const isCompat = eventName.startsWith('compat_');
  const plain = isCompat ? eventName.slice('compat_'.length) : eventName;
  return {
    name: plain.replace(/^(?:syscall_(?:entry|exit)_|sys_(?:enter|exit)_|sys_)/, ''),
    isCompat,
  };
}

export function isSystemCallExit(eventName: string): boolean {
  if (eventName === 'sys_exit_group') return false;
  return rawExits.has(eventName) || exitPrefixes.some((prefix) => eventName.startsWith(prefix));
}

/** True for the names that `sys_` alone would claim wrongly. */
export function isSystemCallEntry(eventName: string): boolean {
  return (
    !isSystemCallExit(eventName) && entryPrefixes.some((prefix) => eventName.startsWith(prefix))
  );
}

/** The name behind a number, as far as the trace's architecture is known. */
function nameOfNumber(host: Host, number: number, isCompat: boolean): string {
  const isKnown = !isCompat && (host.isX86 || number >= firstCommonNumber);
  return (isKnown ? systemCallOfNumber(number) : undefined) ?? 'unknown';
}

/**
 * Who made the call: the thread running there, but where a context knows better. Contexts say it where the trace has no `sched_switch`, and
 * after a gap. Before a CPU's first switch nobody is taken to run.
 */
function callerOf(
  host: Host,
  cpu: Cpu,
  { contextTid: tid, contextComm: comm }: Identity,
  isExact: boolean,
  timeNs: number,
): Thread | undefined {
  const running = cpu.thread;
  if (running !== undefined) {
    if (isExact && tid !== running.tid && tid !== undefined && tid > 0) {
      return runningByContext(host, cpu, tid, comm, timeNs);
    }
    return running.tid === 0 ? undefined : running;
  }
  if (tid === undefined || tid <= 0) return undefined;
  const isInGap = cpu.lastGapEndNs !== Number.NEGATIVE_INFINITY;
  return host.identifiesByContext || isInGap ? host.threads.ensure(tid, comm) : undefined;
}

interface Identity {
  readonly contextTid: number | undefined;
  readonly contextPid: number | undefined;
  readonly contextComm: string | undefined;
}

const identityFields = {
  contextTid: contextInteger('tid', 'vtid', 'perf_tid'),
  contextPid: contextInteger('pid', 'vpid', 'perf_pid'),
  contextComm: contextText('procname'),
};

function beginCall(
  host: Host,
  thread: Thread,
  { name, isCompat }: CallName,
  fileCall: FileCall | undefined,
  event: FileCallArguments & Identity,
  timeNs: number,
): void {
  beginSystemCall(thread, name, isCompat, timeNs);
  thread.fileCall = undefined;
  if (fileCall === undefined || !host.followsFiles) return;
  if (thread.pid === -1 && event.contextPid !== undefined && event.contextPid > 0) {
    host.threads.joinProcess(thread, event.contextPid);
  }
  beginFileCall(host, thread, fileCall, event, timeNs);
}

/** The entry rule of one event class: file calls keep their arguments until the exit. */
function entryRule(eventName: string): Rule {
  const call = systemCallName(eventName);
  const fileCall = fileCallOf(call.name);
  const fields: FieldSpecs =
    fileCall === undefined ? identityFields : { ...identityFields, ...fileCallFields(fileCall) };
  const bind = (host: Host, { hasThreadContext }: Binding): Transition<FieldSpecs> => {
    return (record, timeNs, cpu) => {
      const event = record as unknown as FileCallArguments & Identity;
      const thread = callerOf(host, cpu, event, hasThreadContext, timeNs);
      if (thread !== undefined) beginCall(host, thread, call, fileCall, event, timeNs);
    };
  };
  return { names: [eventName], fields, bind };
}

function rawEntryRule(eventName: string): Rule {
  const { isCompat } = systemCallName(eventName);
  const fields = {
    ...identityFields,
    number: integer('id'),
    registers: optionalField('args'),
  };
  return rule([eventName], fields, (host, { hasThreadContext }) => (event, timeNs, cpu) => {
    const { contextTid, contextPid, contextComm, registers } = event;
    const thread = callerOf(host, cpu, event, hasThreadContext, timeNs);
    if (thread === undefined) return;
    const name = nameOfNumber(host, event.number, isCompat);
    const fileCall = fileCallOf(name);
    const known =
      fileCall === undefined ? ({} as FileCallArguments) : argumentsOf(fileCall, registers);
    const identity = { contextTid, contextPid, contextComm };
    beginCall(host, thread, { name, isCompat }, fileCall, { ...known, ...identity }, timeNs);
  });
}

/**
 * Whether an exit belongs to the call in progress. Where not, one of them lost its other half. A 64-bit task that has become a 32-bit one
 * in execve comes back under a foreign name.
 */
const matches = (pending: CallName, name: string | undefined, isCompat: boolean): boolean =>
  name === undefined || pending.name === name || pending.isCompat !== isCompat;

interface ExitEvent extends Identity {
  readonly result: number | undefined;
  readonly pair: unknown;
}

function endCall(
  host: Host,
  cpu: Cpu,
  event: ExitEvent,
  name: string | undefined,
  isCompat: boolean,
  isExact: boolean,
  timeNs: number,
): void {
  const thread = callerOf(host, cpu, event, isExact, timeNs);
  const pending = thread?.systemCall;
  if (thread === undefined || pending === undefined || Number.isNaN(pending.beginNs)) return;
  const { beginNs } = pending;
  pending.beginNs = Number.NaN;
  if (!matches(pending, name, isCompat)) {
    thread.fileCall = undefined;
    return;
  }
  const channel = host.channels['system-call'];
  if (channel.isWanted) {
    const { systemCall } = host.buffers;
    systemCall.cpu = cpu;
    systemCall.thread = thread;
    systemCall.name = pending.name;
    systemCall.isCompat = pending.isCompat;
    systemCall.result = event.result;
    systemCall.isFinished = true;
    systemCall.beginNs = beginNs;
    systemCall.endNs = timeNs;
    systemCall.isCertain = beginNs >= host.lastGapEndNs && beginNs >= thread.doubtedUntilNs;
    channel.emit(systemCall);
  }
  if (thread.fileCall !== undefined) {
    endFileCall(host, thread, event.result, event.pair, beginNs, timeNs);
  }
}

function exitRule(eventName: string): Rule {
  const { name, isCompat } = systemCallName(eventName);
  // Up to LTTng 2.5 there is one exit for all.
  const expected = eventName === 'exit_syscall' ? undefined : name;
  const fields = {
    ...identityFields,
    result: optionalInteger('ret'),
    pair: optionalField('fildes', 'socket', 'usockvec'),
  };
  return rule([eventName], fields, (host, { hasThreadContext }) => (event, timeNs, cpu) => {
    endCall(host, cpu, event, expected, isCompat, hasThreadContext, timeNs);
  });
}

function rawExitRule(eventName: string): Rule {
  const { isCompat } = systemCallName(eventName);
  const fields = { ...identityFields, number: integer('id'), result: optionalInteger('ret') };
  return rule([eventName], fields, (host, { hasThreadContext }) => (event, timeNs, cpu) => {
    const { contextTid, contextPid, contextComm, result } = event;
    const exit = { contextTid, contextPid, contextComm, result, pair: undefined };
    const name = nameOfNumber(host, event.number, isCompat);
    endCall(host, cpu, exit, name, isCompat, hasThreadContext, timeNs);
  });
}

/** The rules for a system call event, made for its name; the first whose fields it has holds. None: it is not one. */
export function systemCallRules(eventName: string): Rule[] {
  if (rawEntries.has(eventName)) return [rawEntryRule(eventName)];
  if (eventName === 'sys_exit') return [rawExitRule(eventName), entryRule(eventName)];
  if (rawExits.has(eventName)) return [rawExitRule(eventName)];
  if (isSystemCallExit(eventName)) return [exitRule(eventName)];
  return isSystemCallEntry(eventName) ? [entryRule(eventName)] : [];
}

/** Reports the calls that have not returned. */
export function finishSystemCalls(host: Host, timeNs: number): void {
  for (const thread of host.threads.values()) reportUnfinished(host, thread, timeNs);
}
