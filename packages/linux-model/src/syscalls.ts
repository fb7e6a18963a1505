import {
  beginFileCall,
  endFileCall,
  type FileCallArguments,
  fileCallFields,
  fileCallOf,
} from './file-calls.ts';
import type { Host } from './host.ts';
import type { FieldSpecs, Rule, Transition } from './rule.ts';
import { contextInteger, contextText, familyRule, optionalInteger } from './rule.ts';
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

interface CallName {
  readonly name: string;
  readonly isCompat: boolean;
}

/** `syscall_entry_openat`, `compat_syscall_entry_openat`, `sys_enter_openat`, `sys_openat` → `openat`. */
export function systemCallName(eventName: string): CallName {
  const isCompat = eventName.startsWith('compat_');
  const plain = isCompat ? eventName.slice('compat_'.length) : eventName;
  return {
    name: plain.replace(/^(?:syscall_(?:entry|exit)_|sys_(?:enter|exit)_|sys_)/, ''),
    isCompat,
  };
}

/** True for the names that `sys_` alone would claim wrongly. */
export function isSystemCallEntry(eventName: string): boolean {
  if (eventName.startsWith('sys_exit')) return false;
  return entryPrefixes.some((prefix) => eventName.startsWith(prefix));
}

export function isSystemCallExit(eventName: string): boolean {
  return exitPrefixes.some((prefix) => eventName.startsWith(prefix));
}

/** Who made the call: the thread running there; by the contexts where the trace has no `sched_switch`. */
function callerOf(
  host: Host,
  running: Thread | undefined,
  tid: number | undefined,
  comm: string | undefined,
): Thread | undefined {
  if (running !== undefined) return running.tid === 0 ? undefined : running;
  if (!host.identifiesByContext || tid === undefined) return undefined;
  return host.threads.ensure(tid, comm);
}

type EntryFields = FileCallArguments & {
  contextTid: number | undefined;
  contextPid: number | undefined;
  contextComm: string | undefined;
};

const identityFields = {
  contextTid: contextInteger('tid', 'vtid'),
  contextPid: contextInteger('pid', 'vpid'),
  contextComm: contextText('procname'),
};

/** Starts a call on a thread; a call that was still open lost its exit. */
function beginCall(thread: Thread, call: CallName, timeNs: number): void {
  const pending = thread.systemCall;
  if (pending === undefined) {
    thread.systemCall = { name: call.name, isCompat: call.isCompat, beginNs: timeNs };
    return;
  }
  pending.name = call.name;
  pending.isCompat = call.isCompat;
  pending.beginNs = timeNs;
}

/** The entry rule of one event class: file calls keep their arguments until the exit. */
function entryRule(eventName: string): Rule {
  const call = systemCallName(eventName);
  const fileCall = fileCallOf(call.name);
  const fields: FieldSpecs =
    fileCall === undefined ? identityFields : { ...identityFields, ...fileCallFields(fileCall) };
  const bind = (host: Host): Transition<FieldSpecs> => {
    return (record, timeNs, cpu) => {
      const event = record as unknown as EntryFields;
      const thread = callerOf(host, cpu.thread, event.contextTid, event.contextComm);
      if (thread === undefined) return;
      beginCall(thread, call, timeNs);
      if (fileCall === undefined || !host.followsFiles) {
        thread.fileCall = undefined;
        return;
      }
      if (thread.process.pid === -1 && event.contextPid !== undefined) {
        host.threads.joinProcess(thread, event.contextPid);
      }
      beginFileCall(host, thread, fileCall, event, timeNs);
    };
  };
  return { names: [eventName], fields, bind };
}

function exitRule(eventName: string): Rule {
  return familyRule(
    [eventName],
    {
      ...identityFields,
      result: optionalInteger('ret'),
      first: optionalInteger('fd0'),
      pair: { ...optionalInteger('fildes', 'usockvec'), isOptional: true },
    },
    (host) => {
      const channel = host.channels['system-call'];
      return (event, timeNs, cpu) => {
        const thread = callerOf(host, cpu.thread, event.contextTid, event.contextComm);
        const pending = thread?.systemCall;
        if (thread === undefined || pending === undefined || Number.isNaN(pending.beginNs)) {
          return;
        }
        const { beginNs } = pending;
        if (channel.isWanted) {
          channel.emit({
            host,
            cpu,
            thread,
            name: pending.name,
            isCompat: pending.isCompat,
            result: event.result,
            isFinished: true,
            beginNs,
            endNs: timeNs,
            isCertain: beginNs >= host.lastGapEndNs,
          });
        }
        if (thread.fileCall !== undefined) {
          endFileCall(host, thread, event.result, event.pair, beginNs, timeNs);
        }
        pending.beginNs = Number.NaN;
      };
    },
  );
}

/** The rule for a system call event, made for its name; undefined: not one. */
export function systemCallRule(eventName: string): Rule | undefined {
  if (isSystemCallExit(eventName)) return exitRule(eventName);
  if (isSystemCallEntry(eventName)) return entryRule(eventName);
  return undefined;
}

/** Reports the calls that never returned. */
export function finishSystemCalls(host: Host, timeNs: number): void {
  const channel = host.channels['system-call'];
  if (!channel.isWanted) return;
  for (const thread of host.threads.values()) {
    const pending = thread.systemCall;
    if (pending === undefined || Number.isNaN(pending.beginNs)) continue;
    channel.emit({
      host,
      cpu: host.cpu(Math.max(0, thread.runningOn)),
      thread,
      name: pending.name,
      isCompat: pending.isCompat,
      result: undefined,
      isFinished: false,
      beginNs: pending.beginNs,
      endNs: timeNs,
      isCertain: false,
    });
  }
}
