/** What the table of threads learns from events, whether or not they are recorded. */
import type { EventFormat } from '../format/event-format.ts';
import type { RecordState } from '../layout/record-state.ts';

/** Looks at the payload at `at` of the state's view, before the record is written. The format's fixed fields are there. */
export type Observe = (state: RecordState, at: number) => void;

const commBytes = 16;
const kernelPriorityOffset = 100;

/** Offsets of the fields, where the kernel has all of them in the expected length. */
function offsetsOf(
  format: EventFormat,
  lengths: Readonly<Record<string, number>>,
): Record<string, number> | undefined {
  const offsets: Record<string, number> = {};
  for (const [name, lengthBytes] of Object.entries(lengths)) {
    const field = format.fields.find((candidate) => candidate.name === name);
    if (field?.arrayKind.endsWith('loc') || field?.lengthBytes !== lengthBytes) return undefined;
    offsets[name] = field.offsetBytes;
  }
  return offsets;
}

function bytesAt({ view }: RecordState, at: number, lengthBytes: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, lengthBytes);
}

function observeFork(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, { parent_pid: 4, child_pid: 4 });
  if (o === undefined) return undefined;
  const { parent_pid: parent = 0, child_pid: child = 0 } = o;
  return (state, at) => {
    const parentTid = state.view.getInt32(at + parent, state.littleEndian);
    const childTid = state.view.getInt32(at + child, state.littleEndian);
    state.processes.fork(parentTid, childTid, state);
  };
}

function observeNewTask(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, { pid: 4, clone_flags: 8 });
  if (o === undefined) return undefined;
  const { pid = 0, clone_flags: flags = 0 } = o;
  return (state, at) => {
    const { view, littleEndian } = state;
    const low = view.getUint32(at + flags + (littleEndian ? 0 : 4), littleEndian);
    state.processes.willFork(view.getInt32(at + pid, littleEndian), low);
  };
}

function observeRename(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, { newcomm: commBytes });
  if (o === undefined) return undefined;
  const pid = format.fields.find(({ name, lengthBytes }) => name === 'pid' && lengthBytes === 4);
  const { newcomm = 0 } = o;
  return (state, at) => {
    // Since 6.15 the event has no `pid`: threads rename themselves.
    const tid =
      pid === undefined ? state.tid : state.view.getInt32(at + pid.offsetBytes, state.littleEndian);
    state.processes.rename(tid, bytesAt(state, at + newcomm, commBytes), state);
  };
}

function observeExec(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, { pid: 4, old_pid: 4 });
  if (o === undefined) return undefined;
  const { pid = 0, old_pid: oldPid = 0 } = o;
  return (state, at) => {
    const { view, littleEndian, processes } = state;
    processes.exec(view.getInt32(at + pid, littleEndian), view.getInt32(at + oldPid, littleEndian));
  };
}

function observeFree(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, { pid: 4 });
  if (o === undefined) return undefined;
  const { pid = 0 } = o;
  return (state, at) =>
    state.processes.free(state.view.getInt32(at + pid, state.littleEndian), state);
}

/** The names and priorities of the two threads. */
function observeSwitch(format: EventFormat): Observe | undefined {
  const o = offsetsOf(format, {
    prev_comm: commBytes,
    prev_pid: 4,
    prev_prio: 4,
    next_comm: commBytes,
    next_pid: 4,
    next_prio: 4,
  });
  if (o === undefined) return undefined;
  const { prev_comm: prevComm = 0, prev_pid: prevPid = 0, prev_prio: prevPrio = 0 } = o;
  const { next_comm: nextComm = 0, next_pid: nextPid = 0, next_prio: nextPrio = 0 } = o;
  return (state, at) => {
    const { view, littleEndian, processes } = state;
    processes.observe(
      view.getInt32(at + prevPid, littleEndian),
      view,
      at + prevComm,
      view.getInt32(at + prevPrio, littleEndian) - kernelPriorityOffset,
      state,
    );
    processes.observe(
      view.getInt32(at + nextPid, littleEndian),
      view,
      at + nextComm,
      view.getInt32(at + nextPrio, littleEndian) - kernelPriorityOffset,
      state,
    );
  };
}

/** Events that the table of threads is kept from: whoever records enables them, if only to be looked at. */
export const observedEvents: readonly { readonly system: string; readonly name: string }[] = [
  { system: 'task', name: 'task_newtask' },
  { system: 'task', name: 'task_rename' },
  { system: 'sched', name: 'sched_process_fork' },
  { system: 'sched', name: 'sched_process_exec' },
  { system: 'sched', name: 'sched_process_free' },
];

const observers: Readonly<Record<string, (format: EventFormat) => Observe | undefined>> = {
  'task/task_newtask': observeNewTask,
  'task/task_rename': observeRename,
  'sched/sched_process_fork': observeFork,
  'sched/sched_process_exec': observeExec,
  'sched/sched_process_free': observeFree,
};

/** Undefined: the event tells nothing about threads. `needsNames`: names and priorities are shown with events. */
export function observerOf(format: EventFormat, needsNames: boolean): Observe | undefined {
  const key = `${format.system}/${format.name}`;
  if (needsNames && key === 'sched/sched_switch') return observeSwitch(format);
  return Object.hasOwn(observers, key) ? observers[key]?.(format) : undefined;
}
