import { UsageError } from '@sonde/base';
import { parseFilter } from '@sonde/filter';
import { type ContextName, contextNames } from '@sonde/ftrace';
import { parseProbe, presetNames } from '@sonde/tracer-kernel';
import { flag, option, optionGroup, repeatedOption, type ValuesOf } from '../define-command.ts';
import { oneOf, parseBytes, parseCount, parseProcessId } from '../parse-values.ts';

const defaultContexts: readonly ContextName[] = ['procname', 'pid', 'tid'];

/** Each value may be a list with commas. */
function listOption<T>(summary: string, valueName: string, parse: (text: string) => T) {
  const many = repeatedOption(summary, valueName, (text) => text.split(',').map(parse));
  return many;
}

const secondsPerUnit: Readonly<Record<string, number>> = { ms: 0.001, '': 1, s: 1, m: 60, h: 3600 };

/** `10`, `10s`, `500ms`, `5m`, `1h`: seconds. */
export function parseSeconds(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text) ?? [];
  const seconds = Number(digits) * (secondsPerUnit[unit] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw new UsageError('bad-duration', `"${text}" is no duration; write it like 10s, 500ms or 5m.`);
}

/** `60s` is a time, `500M` a size. @throws UsageError */
export function parseTimeOrSize(text: string): {
  readonly seconds: number | undefined;
  readonly bytes: number | undefined;
} {
  if (/^[\d.]+(ms|s|m|h)$/.test(text)) return { seconds: parseSeconds(text), bytes: undefined };
  if (/^\d+[kMGT]$/.test(text)) return { seconds: undefined, bytes: parseBytes(text) };
  throw new UsageError(
    'bad-time-or-size',
    `"${text}" is neither a time nor a size; write it like 60s, 5m or 500M.`,
  );
}

export const recordOptions = {
  output: option('Folder to write to (default: sonde-DATE-TIME)', 'DIR', String, undefined, {
    short: 'o',
  }),
  verbose: flag('Say what is set up, and how', { short: 'v' }),
  quiet: flag('Print errors only', { short: 'q' }),
  ...optionGroup('What to record', {
    preset: listOption(
      `Sets of events: ${presetNames.join(', ')} (default without other events: lttng-analyses)`,
      'NAME,...',
      oneOf(presetNames),
    ),
    event: {
      ...listOption(
        "Events by LTTng's or ftrace's name, with stars: sched_switch, 'block:*'",
        'NAME,...',
        String,
      ),
      short: 'e',
    },
    syscall: listOption('System calls by name, with stars: openat,read', 'NAME,...', String),
    probe: repeatedOption(
      'A function of a program or library, when it is called (can be repeated): a symbol, a C++ name (shop::Basket::add), or an address (0x11b0)',
      '[NAME=]PATH:FUNC[+OFF]',
      (text) => parseProbe(text, false),
    ),
    probeReturn: repeatedOption(
      'The same when it returns, with what it returns',
      '[NAME=]PATH:FUNC',
      (text) => parseProbe(text, true),
    ),
    context: listOption(
      `Facts beside every event: ${contextNames.join(', ')} (default: ${defaultContexts.join(', ')}), or none`,
      'NAME,...',
      oneOf([...contextNames, 'none'] as const),
    ),
  }),
  ...optionGroup('Of whom', {
    filter: option(
      "Only events for which LTTng's filter expression is true",
      'EXPR',
      parseFilter,
      undefined,
    ),
    pid: listOption('Only processes: their threads, also later ones', 'PID,...', parseProcessId),
    tid: listOption('Only threads', 'TID,...', parseProcessId),
    comm: option('Only threads of this name, with stars', 'NAME', String, undefined),
    followForks: flag('With --pid, --tid or COMMAND: only them, and what they start'),
    excludeSelf: flag('Leave out what this recorder does'),
  }),
  ...optionGroup('How long', {
    duration: option('End after this time', 'TIME', parseSeconds, undefined, { short: 'd' }),
    size: option(
      'End when the trace takes as much; with --raw, what the buffers hold then comes on top',
      'SIZE',
      parseBytes,
      undefined,
    ),
    rotate: option(
      'Begin a new chunk after this time or size: 60s, 500M',
      'TIME|SIZE',
      parseTimeOrSize,
      undefined,
    ),
    keep: option('With --rotate: keep the newest N chunks', 'N', parseCount, undefined),
    snapshot: option(
      'Keep the last events in memory only (10s; or 16M of each CPU); write them when asked to, or when COMMAND fails',
      'TIME|SIZE',
      (text) => {
        const { seconds, bytes } = parseTimeOrSize(text);
        return { seconds, bytesPerCpu: bytes };
      },
      undefined,
    ),
  }),
  recover: option('Complete what a killed recorder left in DIR', 'DIR', String, undefined),
  ...optionGroup('How', {
    raw: flag('Keep what the kernel gives as it is, convert when it is read: least overhead'),
    ctf: option(
      'Format of the trace: 1.8 (default) or 2, which Babeltrace reads since 2.1',
      'VERSION',
      oneOf(['1.8', '2'] as const),
      '1.8' as const,
    ),
    clock: option('Clock of the kernel: mono, boot, …', 'NAME', String, undefined),
    noContents: flag(
      'Leave out what system calls point to (file names, socket addresses): no eBPF',
    ),
    bufferSize: option('Buffer of each CPU (default: 16M)', 'SIZE', parseBytes, undefined),
  }),
};

export type RecordOptions = ValuesOf<typeof recordOptions>;

export function contextsOf({ context }: RecordOptions): readonly ContextName[] {
  const chosen = context.flat();
  if (chosen.length === 0) return defaultContexts;
  return contextNames.filter((name) => chosen.includes(name));
}
