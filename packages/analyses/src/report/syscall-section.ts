/** System calls: how many, how long, which fail. Calls that wait by design are told apart from those that work. */
import type { OpenFile, SystemCall, Thread } from '@sonde/linux-model';
import type { Period, ReducerContext } from '../analysis.ts';
import { errnoName } from '../errno.ts';
import { counted, formatCount, formatDuration, formatPercent } from '../printers/human-text.ts';
import { Samples } from '../samples.ts';
import { type Cell, durationCell, numberCell, stringCell } from '../table.ts';
import { distributionCells, distributionColumns, leftOutText } from './distributions.ts';
import { byProcess, processCell, sum } from './names.ts';
import {
  type Finding,
  rowLimit,
  type Section,
  type SectionReducer,
  type SectionResult,
  type SectionTable,
  sectionTable,
} from './section.ts';
import { greatest, TopList } from './top-list.ts';

interface CallUse {
  /** Of the call; with a mark where it is on something else than a file. */
  readonly name: string;
  readonly waits: boolean;
  readonly durations: Samples;
  /** errno → count. */
  readonly errors: Map<number, number>;
  errorCount: number;
}

interface ThreadCalls {
  readonly thread: Thread;
  count: number;
  /** Calls that wait by design left out (ns). */
  workNs: number;
  waitNs: number;
}

interface SlowCall {
  readonly name: string;
  readonly thread: Thread;
  readonly comm: string;
  readonly beginNs: number;
  readonly result: number | undefined;
}

/** What these do is wait: for time, for events, for others. How long says nothing about the kernel. */
const waitingCalls: ReadonlySet<string> = new Set(
  (
    'nanosleep clock_nanosleep pause select pselect6 poll ppoll epoll_wait epoll_pwait epoll_pwait2 futex futex_waitv wait4 waitid ' +
    'rt_sigsuspend rt_sigtimedwait accept accept4 io_getevents io_pgetevents io_uring_enter semop semtimedop msgrcv ' +
    'mq_timedreceive recvfrom recvmsg recvmmsg restart_syscall vfork'
  ).split(' '),
);
/** These wait by design too, on anything but a file of a file system. */
const readingCalls: ReadonlySet<string> = new Set([
  'read',
  'readv',
  'splice',
  'write',
  'writev',
  'sendto',
  'sendmsg',
]);
/** Codes of the kernel's own: the call was interrupted and goes on (include/linux/errno.h, v6.12). */
const restartNames: Readonly<Record<number, string>> = {
  512: 'ERESTARTSYS',
  513: 'ERESTARTNOINTR',
  514: 'ERESTARTNOHAND',
  516: 'ERESTART_RESTARTBLOCK',
};
const errorName = (errno: number): string => restartNames[errno] ?? errnoName(errno);

/** Something ran out, broke or was refused: one is worth a word. */
const graveErrors: ReadonlySet<string> = new Set(
  (
    'EIO ENOSPC EDQUOT ENOMEM EMFILE ENFILE EROFS ENXIO ENODEV ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EHOSTUNREACH ' +
    'ENETUNREACH ENOBUFS ESTALE EDEADLK'
  ).split(' '),
);
/** Results of calls that are asked to try, of searching a path, of looking whether there is something: hardly errors. */
const usualErrors: ReadonlySet<string> = new Set([
  'EAGAIN',
  'ENOENT',
  'ECHILD',
  'ENOTTY',
  'EINTR',
  'ETIMEDOUT',
  'EINPROGRESS',
  'ENODATA',
  ...Object.values(restartNames),
]);
const leastErrors = 20;
const errorShare = 0.2;
/** Less would be shown as 0.0 %. */
const leastShownShare = 0.0005;

class SystemCalls implements SectionReducer {
  readonly #context: ReducerContext;
  readonly #calls = new Map<string, CallUse>();
  /** On pipes, sockets, terminals, eventfds, …; apart, for they wait for others. */
  readonly #elsewhere = new Map<string, CallUse>();
  readonly #threads = new Map<Thread, ThreadCalls>();
  #uncertain = 0;
  readonly #slowest = new TopList<SlowCall>(rowLimit);

  constructor(context: ReducerContext) {
    this.#context = context;
  }

  readonly handlers: SectionReducer['handlers'] = {
    'system-call': (call) => {
      if (!call.isFinished) return;
      if (call.isCertain) this.#add(call);
      else this.#uncertain++;
    },
  };

  #add({ name, thread, beginNs, endNs, result }: SystemCall): void {
    // The call still knows its file here: file operations end after it.
    const isOnFile = isOnDisk(thread);
    const isElsewhere = !isOnFile && readingCalls.has(name);
    const byName = isElsewhere ? this.#elsewhere : this.#calls;
    let use = byName.get(name);
    if (use === undefined) {
      const waits = isElsewhere || waitingCalls.has(name);
      const shown = isElsewhere ? `${name} (pipe, socket…)` : name;
      use = { name: shown, waits, durations: new Samples(), errors: new Map(), errorCount: 0 };
      byName.set(name, use);
    }
    const ns = endNs - beginNs;
    use.durations.add(ns);
    if (result !== undefined && result < 0 && result > -4096) {
      use.errorCount++;
      use.errors.set(-result, (use.errors.get(-result) ?? 0) + 1);
    }
    let own = this.#threads.get(thread);
    if (own === undefined) {
      own = { thread, count: 0, workNs: 0, waitNs: 0 };
      this.#threads.set(thread, own);
    }
    own.count++;
    if (use.waits) {
      own.waitNs += ns;
      return;
    }
    own.workNs += ns;
    if (!this.#slowest.accepts(ns)) return;
    this.#slowest.add(ns, { name, thread, comm: thread.comm, beginNs, result });
  }

  report({ beginNs, endNs }: Period): SectionResult {
    const calls = [...this.#calls.values(), ...this.#elsewhere.values()];
    const count = sum(calls, (call) => call.durations.count);
    if (count === 0) return { headline: '', tables: [], charts: [], findings: [] };
    const perSecond = Math.round(count / Math.max(1e-9, (endNs - beginNs) / 1e9));
    const errors = sum(calls, (call) => call.errorCount);
    const kinds = new Set([...this.#calls.keys(), ...this.#elsewhere.keys()]).size;
    return {
      headline: `${counted(count, 'call')} (${formatCount(perSecond)}/s) of ${counted(kinds, 'kind')}, ${formatCount(errors)} failed${leftOutText(this.#uncertain)}`,
      tables: [
        callTable('calls-by-time', 'Calls that work, by total time', calls, (call) =>
          call.waits ? 0 : call.durations.sum,
        ),
        callTable('calls-by-count', 'Calls by count', calls, (call) => call.durations.count),
        callTable('calls-that-wait', 'Calls that wait by design, by total time', calls, (call) =>
          call.waits ? call.durations.sum : 0,
        ),
        this.#slowestTable(),
        errorTable(calls),
        processTable([...this.#threads.values()]),
      ],
      charts: [],
      findings: [...this.#slowFindings(), ...errorFindings(calls)],
    };
  }

  #slowestTable(): SectionTable {
    const { toAbsoluteNs } = this.#context;
    return sectionTable(
      'slowest-calls',
      'Slowest calls that work',
      [
        { title: 'Began at', class: 'timestamp' },
        { title: 'Duration', class: 'duration' },
        { title: 'System call', class: 'syscall' },
        { title: 'Thread', class: 'process' },
        { title: 'Result', class: 'string' },
      ],
      this.#slowest.all.map(({ value, item }): Cell[] => [
        { class: 'timestamp', value: toAbsoluteNs(item.beginNs) },
        durationCell(value),
        { class: 'syscall', name: item.name },
        { class: 'process', name: item.comm, tid: item.thread.tid },
        stringCell(resultText(item.result)),
      ]),
      'syscallstats --percentiles',
    );
  }

  #slowFindings(): Finding[] {
    const [slowest] = this.#slowest.all;
    const [most] = greatest(this.#calls.values(), 1, (call) =>
      call.waits ? 0 : call.durations.sum,
    );
    if (slowest === undefined || most === undefined) return [];
    const { value, item } = slowest;
    return [
      {
        severity: 'info',
        text: `Most time in system calls that work went to ${most.name}: ${formatDuration(most.durations.sum)} in ${formatCount(most.durations.count)} calls. The slowest was ${item.name} of ${item.comm} (${item.thread.tid}): ${formatDuration(value)}.`,
        command: `syscallstats --percentiles --tid ${item.thread.tid}`,
      },
    ];
  }
}

/** Whether the file call in progress is on a file of a file system, or moves bytes to one. */
function isOnDisk({ fileCall, process }: Thread): boolean {
  if (fileCall === undefined) return false;
  if (isDiskFile(fileCall.file)) return true;
  return fileCall.targetFd >= 0 && isDiskFile(process.files.get(fileCall.targetFd));
}

/** Opened by a path, but who reads waits for a person. */
const terminalPath = /^\/dev\/(?:pts\/|tty|console$|ptmx$)/;
const isDiskFile = (file: OpenFile | undefined): boolean =>
  file?.type === 'disk' && !terminalPath.test(file.path);

function resultText(result: number | undefined): string {
  if (result === undefined) return '?';
  return result < 0 && result > -4096 ? errorName(-result) : String(result);
}

function callTable(
  name: string,
  title: string,
  calls: readonly CallUse[],
  value: (call: CallUse) => number,
): SectionTable {
  return sectionTable(
    name,
    title,
    [
      { title: 'System call', class: 'syscall' },
      { title: 'Total', class: 'duration' },
      { title: 'Errors', class: 'number' },
      ...distributionColumns,
    ],
    greatest(calls, rowLimit, value).map((call) => [
      { class: 'syscall', name: call.name },
      durationCell(call.durations.sum),
      numberCell(call.errorCount),
      ...distributionCells(call.durations),
    ]),
    'syscallstats --percentiles',
  );
}

function errorTable(calls: readonly CallUse[]): SectionTable {
  const rows = calls.flatMap((call) =>
    [...call.errors].map(([errno, count]) => ({ call, errno, count })),
  );
  return sectionTable(
    'errors',
    'Calls that failed',
    [
      { title: 'System call', class: 'syscall' },
      { title: 'Error', class: 'string' },
      { title: 'Count', class: 'number' },
      { title: 'Of its calls', class: 'ratio' },
    ],
    greatest(rows, rowLimit, (row) => row.count).map(({ call, errno, count }) => [
      { class: 'syscall', name: call.name },
      stringCell(errorName(errno)),
      numberCell(count),
      { class: 'ratio', value: count / call.durations.count },
    ]),
    'syscallstats',
  );
}

function processTable(threads: readonly ThreadCalls[]): SectionTable {
  const columns = [
    { title: 'Process', class: 'process' },
    { title: 'Calls', class: 'number' },
    { title: 'Time in calls that work', class: 'duration' },
    { title: 'Time in calls that wait', class: 'duration' },
  ] as const;
  const rows = greatest(byProcess(threads), rowLimit, (group) =>
    sum(group.rows, (row) => row.count),
  ).map((group) => [
    processCell(group),
    numberCell(sum(group.rows, (row) => row.count)),
    durationCell(sum(group.rows, (row) => row.workNs)),
    durationCell(sum(group.rows, (row) => row.waitNs)),
  ]);
  const title = 'Processes by system calls';
  return sectionTable('callers', title, columns, rows, 'syscallstats --group-by process');
}

function errorFindings(calls: readonly CallUse[]): Finding[] {
  return calls.flatMap((call) =>
    [...call.errors]
      .filter(([errno, count]) => {
        const name = errorName(errno);
        if (graveErrors.has(name)) return true;
        // Of what is no link: how realpath finds out.
        const isUsual = usualErrors.has(name) || (call.name === 'readlink' && name === 'EINVAL');
        return !isUsual && count >= leastErrors && count / call.durations.count >= errorShare;
      })
      .map(([errno, count]): Finding => {
        const calls = call.durations.count;
        const isRare = count / calls < leastShownShare;
        const share = isRare
          ? `of ${formatCount(calls)} calls`
          : `${formatPercent(count / calls)} of its calls`;
        const name = errorName(errno);
        return {
          severity: graveErrors.has(name) ? 'medium' : 'info',
          text: `${call.name} failed with ${name} ${formatCount(count)} ${count === 1 ? 'time' : 'times'}, ${share}.`,
          command: 'syscallstats',
        };
      }),
  );
}

export const systemCallSection: Section = {
  id: 'system-calls',
  title: 'System calls',
  kinds: ['system-call'],
  start: (context) => new SystemCalls(context),
};
