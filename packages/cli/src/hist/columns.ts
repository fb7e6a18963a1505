/** What `sonde hist` shows: latencies at every level, side by side. */
import { findTracker, Histogram, type Tracker, type TrackerSnapshot } from '@sonde/latency-tracker';

type Labels = Readonly<Record<string, number | string>>;

export interface Column {
  readonly group: string;
  readonly name: string;
  readonly tracker: string;
  /** Which of the tracker's series belong to it. */
  readonly takes: (labels: Labels) => boolean;
}

/** System calls by what they do to files, as latency-tracker classed them. */
const calls: Readonly<Record<string, string>> = {
  read: 'read pread64 readv preadv preadv2 recvfrom recvmsg getdents getdents64 statfs fstatfs',
  write:
    'write pwrite64 writev pwritev pwritev2 sendto sendmsg sendmmsg mkdir mkdirat rmdir creat mknod mknodat vmsplice',
  'r+w': 'sendfile sendfile64 splice copy_file_range',
  sync: 'fsync fdatasync sync syncfs sync_file_range',
  open: 'open openat openat2 dup dup2 dup3 pipe pipe2 socket connect execve chdir fchdir mount umount umount2 swapon',
  close: 'close swapoff shutdown',
};

const callColumns: readonly Column[] = Object.entries(calls).map(([name, list]) => {
  const names = new Set(list.split(' '));
  return {
    group: 'syscall',
    name,
    tracker: 'syscall',
    takes: ({ call }) => names.has(String(call)),
  };
});

const all = (): boolean => true;

const readWrite = (group: string, tracker: string): Column[] => [
  { group, name: 'read', tracker, takes: ({ op }) => op === 0 },
  { group, name: 'write', tracker, takes: ({ op }) => op === 1 },
];

/** Those of the original's table, in its order. */
export const fileColumns: readonly Column[] = [
  ...callColumns,
  { group: 'fs', name: 'read', tracker: 'fs_read', takes: all },
  { group: 'fs', name: 'write', tracker: 'fs_write', takes: all },
  ...readWrite('iosched', 'iosched'),
  ...readWrite('block', 'block'),
];

export const columns: readonly Column[] = [
  ...fileColumns,
  { group: 'cpu', name: 'wake', tracker: 'wakeup', takes: all },
  { group: 'irq', name: 'hard', tracker: 'irq', takes: all },
  { group: 'irq', name: 'soft', tracker: 'softirq', takes: all },
  { group: 'net', name: 'rx', tracker: 'net_rx', takes: all },
];

/** Sub-buckets: at most 3 % wide, so that percentiles are good. */
const bits = 5;

/** The trackers behind the columns. */
export function histTrackers(thresholdNs: number | undefined): Tracker[] {
  const names = [...new Set(columns.map(({ tracker }) => tracker))];
  return names.map((name) => {
    const tracker = findTracker(name)!;
    const alert = thresholdNs === undefined ? tracker.alert : { ...tracker.alert, thresholdNs };
    return { ...tracker, histogram: { kind: 'hdr', bits }, alert };
  });
}

/** The distribution of a column in a snapshot of all trackers. Undefined: its tracker does not run. */
export function columnHistogram(
  column: Column,
  snapshots: readonly TrackerSnapshot[],
): Histogram | undefined {
  const snapshot = snapshots.find(({ tracker }) => tracker.name === column.tracker);
  if (snapshot === undefined) return undefined;
  const histogram = new Histogram(bits);
  for (const { labels, histogram: each } of snapshot.series) {
    if (column.takes(labels)) histogram.merge(each);
  }
  return histogram;
}
