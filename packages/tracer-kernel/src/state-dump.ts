/**
 * LTTng's state dump, made from /proc and /sys: what was there before the first event. It is no atomic picture: a process that begins or
 * ends meanwhile may be in it or not; the events, which are on by then, tell.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { StateDumpEventName, StateDumpValues, ThreadFacts } from '@sonde/ftrace';

export interface DumpedEvent {
  readonly name: StateDumpEventName;
  readonly values: StateDumpValues;
  /** For the table of threads; with `lttng_statedump_process_state` only. */
  readonly thread?: ThreadFacts & { readonly tid: number };
}

/** Of one thread, as /proc/PID/task/TID/stat has it. */
interface ThreadStat {
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly flags: number;
  readonly priority: number;
  readonly cpuId: number;
}

const kernelThreadFlag = 0x0020_0000; // PF_KTHREAD (include/linux/sched.h, v6.12)
/** `lttng_thread_status` of lttng-modules. */
const status = { waitCpu: 2, zombie: 4, wait: 5, dead: 7 } as const;
const systemCallMode = 5;
const noSubmode = 1;
/**
 * The kernel does not tell addresses of file tables: each process gets a number of its own here. Processes that share a table
 * (CLONE_FILES without CLONE_THREAD) look as if they did not.
 */
const fileTableBase = 0x10_0000_0000;
const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'uts', 'time'] as const;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function parseStat(text: string): ThreadStat {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    comm: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    flags: Number(fields[6]),
    priority: Number(fields[15]),
    cpuId: Number(fields[36]),
  };
}

const identityKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;

/** What is known of one thread from /proc; undefined: it is gone. For threads that no event told of. */
export function threadFactsOf(tid: number): ThreadFacts | undefined {
  return readThread(tid, false);
}

/** The same, with its namespaces and users. */
export function threadFactsWithIdentity(tid: number): ThreadFacts | undefined {
  return readThread(tid, true);
}

function readThread(tid: number, hasIdentity: boolean): ThreadFacts | undefined {
  const stat = read(`/proc/${tid}/stat`);
  const text = read(`/proc/${tid}/status`);
  if (stat === undefined || text === undefined) return undefined;
  const pid = Number(/^Tgid:\s+(\d+)/m.exec(text)?.[1] ?? tid);
  const path = `/proc/${tid}`;
  const facts = factsOf(tid, pid, parseStat(stat), text, namespaceOf(path, 'pid'));
  if (!hasIdentity) return facts;
  const kinds = identityKinds.map((kind) => [kind, namespaceOf(path, kind)]);
  return { ...facts, identity: identityOf(Object.fromEntries(kinds), text) };
}

/** Under the names of contexts. */
function identityOf(
  namespaces: Readonly<Record<string, number>>,
  statusText: string,
): Record<string, number> {
  const identity: Record<string, number> = {};
  for (const kind of identityKinds) identity[`${kind}_ns`] = namespaces[kind] ?? 0;
  for (const [line, names] of [
    ['Uid', ['uid', 'euid', 'suid']],
    ['Gid', ['gid', 'egid', 'sgid']],
  ] as const) {
    const ids = new RegExp(`^${line}:\\s+(.*)$`, 'm').exec(statusText)?.[1]?.split(/\s+/) ?? [];
    for (const [i, name] of names.entries()) if (i in ids) identity[name] = Number(ids[i]);
  }
  return identity;
}

/** IDs of a thread in its PID namespaces, the root's first. */
function namespaceIds(statusText: string, name: 'NSpid' | 'NStgid', otherwise: number): number[] {
  const line = new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(statusText)?.[1];
  return line === undefined ? [otherwise] : line.split(/\s+/).map(Number);
}

function factsOf(
  tid: number,
  pid: number,
  { comm, ppid, priority }: ThreadStat,
  statusText: string,
  pidNamespace: number,
): ThreadFacts & { readonly tid: number } {
  const vtids = namespaceIds(statusText, 'NSpid', tid);
  const vpids = namespaceIds(statusText, 'NStgid', pid);
  return {
    tid,
    pid,
    ppid,
    comm,
    priority,
    vtid: vtids.at(-1)!,
    vpid: vpids.at(-1)!,
    // In an inner namespace, /proc does not tell the parent's ID.
    vppid: vtids.length === 1 ? ppid : 0,
    pidNamespace,
  };
}

/** Inode of a namespace: `pid:[4026531836]`. 0: not told. */
function namespaceOf(processPath: string, kind: string): number {
  const link = readLink(`${processPath}/ns/${kind}`);
  return Number(/\[(\d+)\]/.exec(link ?? '')?.[1] ?? 0);
}

/** All events, first `lttng_statedump_start`, last `lttng_statedump_end`. Reads while it is iterated. */
export function* dumpState(): Generator<DumpedEvent> {
  yield { name: 'lttng_statedump_start', values: {} };
  for (const entry of list('/proc')) {
    if (/^\d+$/.test(entry)) yield* dumpProcess(Number(entry));
  }
  yield* dumpNetworkInterfaces();
  yield* dumpBlockDevices();
  yield* dumpInterrupts();
  yield* dumpCpus();
  yield { name: 'lttng_statedump_end', values: {} };
}

function* dumpProcess(pid: number): Generator<DumpedEvent> {
  const path = `/proc/${pid}`;
  // Threads have those of their process, nearly always: they are read once.
  const namespaces = Object.fromEntries(
    ['pid', 'user', ...namespaceKinds].map((kind) => [kind, namespaceOf(path, kind)]),
  );
  let isKernelThread = false;
  for (const task of list(`${path}/task`)) {
    const stat = read(`${path}/task/${task}/stat`);
    const statusText = read(`${path}/task/${task}/status`);
    if (stat === undefined || statusText === undefined) continue;
    const thread = parseStat(stat);
    isKernelThread = (thread.flags & kernelThreadFlag) !== 0;
    yield* dumpThread(Number(task), pid, thread, statusText, namespaces);
  }
  if (!isKernelThread) yield* dumpFiles(pid);
}

function* dumpThread(
  tid: number,
  pid: number,
  stat: ThreadStat,
  statusText: string,
  namespaces: Readonly<Record<string, number>>,
): Generator<DumpedEvent> {
  const { comm, state, ppid, flags, cpuId } = stat;
  yield {
    name: 'lttng_statedump_process_state',
    values: {
      tid,
      pid,
      ppid,
      name: comm,
      type: (flags & kernelThreadFlag) === 0 ? 0 : 1,
      mode: systemCallMode,
      submode: noSubmode,
      status: statusOf(state),
      cpu: cpuId,
      file_table_address: fileTableBase + pid,
    },
    thread: {
      ...factsOf(tid, pid, stat, statusText, namespaces['pid'] ?? 0),
      identity: identityOf(namespaces, statusText),
    },
  };
  const vtids = namespaceIds(statusText, 'NSpid', tid);
  const vpids = namespaceIds(statusText, 'NStgid', pid);
  for (let level = vtids.length - 1; level >= 0; level--) {
    yield {
      name: 'lttng_statedump_process_pid_ns',
      values: {
        tid,
        vtid: vtids[level] ?? tid,
        vpid: vpids[level] ?? pid,
        vppid: level === 0 ? ppid : 0,
        ns_level: level,
        // Inodes of outer namespaces are not told.
        ns_inum: level === vtids.length - 1 ? (namespaces['pid'] ?? 0) : 0,
      },
    };
  }
  yield {
    name: 'lttng_statedump_process_user_ns',
    values: {
      tid,
      vuid: Number(/^Uid:\s+(\d+)/m.exec(statusText)?.[1] ?? 0),
      vgid: Number(/^Gid:\s+(\d+)/m.exec(statusText)?.[1] ?? 0),
      ns_level: 0,
      ns_inum: namespaces['user'] ?? 0,
    },
  };
  for (const kind of namespaceKinds) {
    yield {
      name: `lttng_statedump_process_${kind}_ns`,
      values: { tid, ns_inum: namespaces[kind] ?? 0 },
    };
  }
}

function statusOf(state: string): number {
  switch (state) {
    case 'R':
      return status.waitCpu;
    case 'Z':
      return status.zombie;
    case 'X':
      return status.dead;
    default:
      return status.wait;
  }
}

function* dumpFiles(pid: number): Generator<DumpedEvent> {
  for (const fd of list(`/proc/${pid}/fd`)) {
    const filename = readLink(`/proc/${pid}/fd/${fd}`);
    if (filename === undefined) continue;
    const info = read(`/proc/${pid}/fdinfo/${fd}`) ?? '';
    const flags = Number.parseInt(/^flags:\s+([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
    const accessMode = flags & 3;
    yield {
      name: 'lttng_statedump_file_descriptor',
      values: {
        file_table_address: fileTableBase + pid,
        fd: Number(fd),
        flags,
        fmode: accessMode === 0 ? 1 : accessMode === 1 ? 2 : 3,
        filename,
        pid,
      },
    };
  }
}

function* dumpNetworkInterfaces(): Generator<DumpedEvent> {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const ipv4 = addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    for (const address of ipv4.length > 0 ? ipv4 : ['0.0.0.0']) {
      // In network order, as LTTng has it: 127.0.0.1 is 0x0100007f on a little-endian machine.
      const value = address.split('.').reduceRight((sum, byte) => sum * 256 + Number(byte), 0);
      yield {
        name: 'lttng_statedump_network_interface',
        values: { name, address_ipv4: value },
      };
    }
  }
}

function* dumpBlockDevices(): Generator<DumpedEvent> {
  for (const diskname of list('/sys/class/block')) {
    const numbers = read(`/sys/class/block/${diskname}/dev`)?.trim().split(':').map(Number);
    const [major, minor] = numbers ?? [];
    if (major === undefined || minor === undefined) continue;
    const dev = major * 2 ** 20 + minor;
    yield { name: 'lttng_statedump_block_device', values: { dev, diskname } };
  }
}

function* dumpInterrupts(): Generator<DumpedEvent> {
  for (const irq of list('/sys/kernel/irq')) {
    const actions = read(`/sys/kernel/irq/${irq}/actions`)?.trim() ?? '';
    const name = read(`/sys/kernel/irq/${irq}/chip_name`)?.trim() ?? '';
    for (const action of actions.split(',').filter(Boolean)) {
      yield {
        name: 'lttng_statedump_interrupt',
        values: { irq: Number(irq), name, action, tid: 0 },
      };
    }
  }
}

const architectures: Readonly<Record<string, string>> = { x64: 'x86', ia32: 'x86' };

function* dumpCpus(): Generator<DumpedEvent> {
  for (const block of (read('/proc/cpuinfo') ?? '').split('\n\n')) {
    const lineOf = (key: string): string | undefined =>
      new RegExp(`^${key}\\s*:\\s*(.*)$`, 'm').exec(block)?.[1];
    const cpuId = lineOf('processor');
    if (cpuId === undefined) continue;
    yield {
      name: 'lttng_statedump_cpu_topology',
      values: {
        architecture: architectures[process.arch] ?? process.arch,
        cpu_id: Number(cpuId),
        vendor: lineOf('vendor_id') ?? '',
        family: Number(lineOf('cpu family') ?? 0),
        model: Number(lineOf('model') ?? 0),
        model_name: lineOf('model name') ?? '',
        physical_id: Number(lineOf('physical id') ?? 0),
        core_id: Number(lineOf('core id') ?? 0),
        cores: Number(lineOf('cpu cores') ?? 1),
      },
    };
  }
}
