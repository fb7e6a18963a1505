import { UsageError } from '@sonde/base';
import { dimensions, durationNs } from '@sonde/latency-tracker';
import { flag, option, optionGroup, repeatedOption, type ValuesOf } from '../define-command.ts';
import { oneOf, parseCount } from '../parse-values.ts';
import { inputOptions } from '../read-options.ts';

export const formats = ['text', 'json', 'lt', 'openmetrics'] as const;
export type LatencyFormat = (typeof formats)[number];

export interface AlertAction {
  readonly kind: 'snapshot' | 'exec';
  /** Program and arguments of `exec`. */
  readonly command: readonly string[];
}

/** `snapshot`, or `exec PROGRAM ARGUMENT…`: words, quotes around those with spaces; no shell looks at them. */
export function parseAlertAction(text: string): AlertAction {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
  const [kind, ...command] = words;
  if (kind === 'snapshot' && command.length === 0) return { kind, command };
  if (kind === 'exec' && command.length > 0) return { kind, command };
  throw new UsageError('bad-action', `"${text}" is neither snapshot nor exec PROGRAM...`);
}

export interface Setting {
  readonly name: 'threshold' | 'timeout' | 'worst' | 'on';
  readonly value: number | boolean;
}

/** `threshold=2ms`, `timeout=1s`, `worst=on`, `on=off`. */
export function parseSetting(text: string): Setting {
  const [, name, value = ''] = /^(threshold|timeout|worst|on)=(.+)$/.exec(text) ?? [];
  if (name === 'threshold' || name === 'timeout') return { name, value: durationNs(value) };
  if ((name === 'worst' || name === 'on') && /^(?:on|off)$/.test(value)) {
    return { name, value: value === 'on' };
  }
  throw new UsageError(
    'bad-setting',
    `"${text}" is no setting; there are threshold=DURATION, timeout=DURATION, worst=on|off, on=on|off.`,
  );
}

/** Of `--alerts`. */
export function parseAlertCount(text: string): number | 'all' {
  if (text === 'all' || /^\d+$/.test(text)) return text === 'all' ? text : parseCount(text);
  throw new UsageError('bad-number', `"${text}" is neither a count nor all.`);
}

/** `127.0.0.1:9100`; nothing but this machine may connect. */
function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, host = '127.0.0.1', port] =
    /^(?:(127\.0\.0\.1|localhost|\[::1\]):)?(\d+)$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(
      'bad-address',
      `"${text}" is no port of this machine; write 127.0.0.1:PORT.`,
    );
  }
  return { host: host === '[::1]' ? '::1' : host, port: Number(port) };
}

const trackerOptions = optionGroup('Trackers', {
  list: flag('List the trackers, and exit'),
  tracker: repeatedOption('Also the trackers in the JSON file PATH', 'PATH', String),
  begin: repeatedOption('A tracker of your own: where it begins', 'EVENT', String),
  end: repeatedOption('Where it ends', 'EVENT', String),
  key: option(
    'What identifies it: expressions over fields; $tid, $cpu, …',
    'EXPR,...',
    String,
    undefined,
  ),
  endKey: option('The same at the end; default: as --key', 'EXPR,...', String, undefined),
  when: option('Begin only where this is true', 'EXPR', String, undefined),
  keep: option(
    'Of two begins with one key, keep: last, first, all',
    'WHICH',
    oneOf(['last', 'first', 'all'] as const),
    undefined,
  ),
});

const limitOptions = optionGroup('Limits', {
  threshold: option('Alert above it (with unit: 500us, 2ms)', 'DURATION', durationNs, undefined),
  timeout: option('Tell what has been pending so long', 'DURATION', durationNs, undefined),
  gc: option('Forget what has been pending so long', 'DURATION', durationNs, undefined),
  worst: flag('After each alert the threshold becomes its delay'),
  self: flag('Live: also what this process does'),
  follow: flag('With a TRACE that is still being written: go on with it, until Ctrl-C'),
  duration: option('Live, or with --follow: stop after it', 'DURATION', durationNs, undefined),
  set: repeatedOption(
    'Change a running `sonde latency`: threshold=2ms, timeout=1s, worst=on, on=off',
    'NAME=VALUE',
    parseSetting,
  ),
});

const outputOptions = optionGroup('Output', {
  format: option(
    `${formats.join(', ')}. Default: text`,
    'FORMAT',
    oneOf(formats),
    'text' as LatencyFormat,
    { short: 'f' },
  ),
  top: option('Rows of tables, and over a trace the longest alerts; 0: all', 'N', parseCount, 10),
  alerts: option(
    'Live, as text: print so many alerts a second, or all; 0: none',
    'N|all',
    parseAlertCount,
    10 as number | 'all',
  ),
  by: option(`Distributions by ${dimensions.join(', ')}`, 'WHAT', oneOf(dimensions), undefined),
  stacks: option(
    "Stacks with alerts: none, kernel, user, both, all (also wakers' at each wakeup)",
    'WHICH',
    oneOf(['none', 'kernel', 'user', 'both', 'all'] as const),
    'kernel',
  ),
  gmt: flag('Print times in UTC, not local time'),
  listen: option(
    'Live, or with --follow: serve OpenMetrics at /metrics',
    '127.0.0.1:PORT',
    parseListen,
    undefined,
  ),
  recordAlerts: option(
    'Write alerts as a CTF trace into the new folder DIR',
    'DIR',
    String,
    undefined,
  ),
  onAlert: option(
    "With an alert: 'snapshot' of the running `sonde record`, or 'exec PROGRAM...'",
    'ACTION',
    parseAlertAction,
    undefined,
  ),
});

export const latencyOptions = {
  ...trackerOptions,
  ...limitOptions,
  ...outputOptions,
  ...inputOptions,
};
export type LatencyOptions = ValuesOf<typeof latencyOptions>;
