/** The long options that the original LTTng analyses had, by family: what their abbreviations meant. */
const common = [
  'help',
  'refresh',
  'gmt',
  'skip-validation',
  'begin',
  'end',
  'timerange',
  'period',
  'period-captures',
  'period-begin',
  'period-end',
  'period-begin-key',
  'period-end-key',
  'period-key-value',
  'cpu',
  'progress-use-size',
  'no-intersection',
  'debug',
  'no-color',
  'no-progress',
  'mi-version',
  'metadata',
  'test-compatibility',
  'output-progress',
];
const processes = ['procname', 'tid'];
const top = ['limit', 'top'];
const bounds = ['min', 'max'];
const frequencies = ['freq', 'freq-resolution', 'freq-uniform', 'freq-series'];
const lists = ['log', 'stats'];

const byFamily: Readonly<Record<string, readonly string[]>> = {
  cputop: [...processes, ...top],
  memtop: [...processes, ...top],
  syscallstats: processes,
  io: [...top, ...bounds, ...frequencies, ...lists, 'usage', 'minsize', 'maxsize'],
  irq: [...bounds, ...frequencies, ...lists, 'irq', 'softirq'],
  sched: [
    ...processes,
    ...top,
    ...bounds,
    ...frequencies,
    ...lists,
    'total',
    'per-tid',
    'per-prio',
  ],
  periods: [
    ...top,
    ...bounds,
    ...frequencies,
    ...lists,
    'min-duration',
    'max-duration',
    'select',
    'aggregate-by',
    'group-by',
    'order-by',
  ],
};

/** Empty: an analysis of ours. */
export function originalOptions(family: string): ReadonlySet<string> {
  const own = byFamily[family];
  return new Set(own === undefined ? [] : [...common, ...own]);
}
