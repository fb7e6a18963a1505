import type { Alert, StackFrame } from '../declaration.ts';
import { formatDuration } from '../duration.ts';
import { deviceText, keyText, printable, valueText } from './value-text.ts';

/** `do_sys_poll+0x1c`, else the address. */
export function frameText({ address, symbol }: StackFrame): string {
  return symbol === undefined ? `0x${address.toString(16)}` : printable(symbol);
}

const kindWords = {
  alert: '',
  waiting: 'still waiting',
  timeout: 'timeout, still pending',
  gc: 'given up',
} as const;

/** Who, and what is known: `mariadbd (812) call=read ret=8`. */
export function alertWho(alert: Alert): string {
  const parts: string[] = [];
  if (alert.tid !== undefined) {
    parts.push(
      alert.comm === undefined ? `${alert.tid}` : `${printable(alert.comm)} (${alert.tid})`,
    );
  } else {
    if (alert.comm !== undefined) parts.push(printable(alert.comm));
    parts.push(`key=${keyText(alert.key)}`);
  }
  for (const [name, value] of Object.entries(alert.info)) {
    parts.push(`${name}=${valueText(name, value)}`);
  }
  const words = kindWords[alert.kind];
  if (words !== '') parts.push(`[${words}]`);
  if (alert.isUncertain === true) parts.push('[uncertain: events were lost]');
  return parts.join(' ');
}

/** One line for people; stacks on lines of their own. */
export function alertText(alert: Alert, time: string): string {
  const delay = formatDuration(alert.delayNs).padStart(8);
  const lines = [`${time} ${alert.tracker} ${delay}  cpu ${alert.cpuId}  ${alertWho(alert)}`];
  for (const [which, stack] of [
    ['kernel', alert.kernelStack],
    ['user', alert.userStack],
    ['waker', alert.wakerStack],
  ] as const) {
    if (stack === undefined || stack.length === 0) continue;
    lines.push(`    ${which}:`, ...stack.map((frame) => `      ${frameText(frame)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** For `JSON.stringify`: times as texts, for they are beyond 2^53. */
export function alertJson(alert: Alert): Readonly<Record<string, unknown>> {
  const { tracker, kind, beginNs, endNs, delayNs, outId, key, cpuId, tid, comm, info } = alert;
  return {
    t: String(endNs),
    tracker,
    event: kind,
    uncertain: alert.isUncertain,
    begin: String(beginNs),
    delay: delayNs,
    comm,
    tid,
    cpu: cpuId,
    key,
    out_id: outId,
    info,
    stack: alert.kernelStack?.map(frameText),
    user_stack: alert.userStack?.map(frameText),
    waker_stack: alert.wakerStack?.map(frameText),
  };
}

/** `cb_flag` of latency-tracker: 0 normal, 1 timeout, 3 gc. */
const flags = { alert: 0, waiting: 0, timeout: 1, gc: 3 } as const;

const stackText = (alert: Alert): string => (alert.kernelStack ?? []).map(frameText).join(' ');

/** Fields of the module's events, in its order; see docs/differences.md for those that a trace can't give. */
function ltFields(alert: Alert): [event: string, fields: string] {
  const { delayNs, info, outId } = alert;
  const comm = printable(alert.comm ?? '');
  const tid = alert.tid ?? -1;
  const flag = flags[alert.kind];
  const task = `comm=${comm}, pid=${tid}`;
  switch (alert.tracker) {
    case 'wakeup':
      return ['wakeup', `${task}, delay=${delayNs}, flag=${flag}`];
    case 'offcpu':
      return [
        'offcpu_sched_switch',
        `${task}, delay=${delayNs}, flag=${flag}, stack=${stackText(alert)}`,
      ];
    case 'syscall': {
      const start = `${task}, start_ts=${alert.beginNs}, delay=${delayNs}`;
      return alert.kind === 'waiting'
        ? ['syscall_stack', `${start} flag=${flag}, stack=${stackText(alert)}`]
        : ['syscall', start];
    }
    case 'block': {
      const [device, sector] = alert.key.map(Number);
      return [
        'block',
        `dev=(${deviceText(device ?? 0)}), sector=${info['sector'] ?? sector ?? 0}, delay=${delayNs}`,
      ];
    }
    case 'net_rx':
      return [
        'net',
        `iface=${printable(String(info['iface'] ?? ''))}, delay=${delayNs}, flag=${flag}, out_id=${outId}`,
      ];
    case 'ttfb':
      return ['ttfb', `${task}, delay=${delayNs}`];
    default: {
      return [alert.tracker, `${task}, key=${keyText(alert.key)}, delay=${delayNs}, flag=${flag}`];
    }
  }
}

/** latency-tracker's line, as its tracepoints print it. */
export function alertLt(alert: Alert): string {
  const [event, fields] = ltFields(alert);
  return `latency_tracker_${event}: ${fields}\n`;
}
