/** Segments as lines that a person can check: `100..250 system-call cpu=0 cat(7) read ret=5`. */
import type { LinuxModel, OpenFile, SegmentKind, SegmentKinds, Thread } from '@sonde/linux-model';

const who = (thread: Thread | undefined): string =>
  thread === undefined
    ? '-'
    : `${thread.comm}(${thread.tid}${thread.pid >= 0 && thread.pid !== thread.tid ? ` of ${thread.pid}` : ''})`;
const what = (file: OpenFile | undefined): string =>
  file === undefined
    ? '-'
    : `${file.fd}:${file.path}[${file.type}${file.isCloseOnExec ? ' cloexec' : ''}]`;
/** NaN: not seen. */
const ns = (time: number): string => (Number.isNaN(time) ? '?' : String(time));

type Formatters = { readonly [K in SegmentKind]: (segment: SegmentKinds[K]) => string };

const formatters: Formatters = {
  switch: (s) => `cpu=${s.cpu.id} ${who(s.previous)} → ${who(s.next)} state=${s.state}`,
  'scheduling-slice': (s) =>
    `cpu=${s.cpu.id} ${who(s.thread)} state=${s.endState} prio=${s.priority ?? '?'}`,
  'wakeup-latency': (s) =>
    `cpu=${s.cpu.id} ${who(s.thread)} by ${who(s.waker)} (${s.wakerContext}) target=${s.targetCpuId} prio=${s.priority ?? '?'}`,
  'off-cpu': (s) => `cpu=${s.cpu.id} ${who(s.thread)} state=${s.endState} woken=${ns(s.wakeupNs)}`,
  'system-call': (s) =>
    `cpu=${s.cpu.id} ${who(s.thread)} ${s.isCompat ? 'compat ' : ''}${s.name} ret=${s.result ?? '?'}${s.isFinished ? '' : ' unfinished'}`,
  'file-operation': (s) =>
    `${who(s.thread)} ${s.kind} ${s.name} ${what(s.file)}${s.targetFile === undefined ? '' : ` → ${what(s.targetFile)}`} bytes=${s.sizeBytes ?? '-'}${s.errno === 0 ? '' : ` errno=${s.errno}`}`,
  'block-request': (s) =>
    `${s.deviceName} ${s.isWrite ? 'write' : 'read'} ${s.sectorCount}@${s.sector} ${who(s.thread)} insert=${ns(s.insertNs)}${s.requeueCount > 0 ? ` requeued=${s.requeueCount}` : ''}${s.errno > 0 ? ` errno=${s.errno}` : ''}`,
  'hard-irq': (s) => `cpu=${s.cpu.id} ${s.irq} ${s.name}${s.isHandled ? '' : ' unhandled'}`,
  'soft-irq': (s) => `cpu=${s.cpu.id} ${s.vector} raised=${ns(s.raiseNs)}`,
  'timer-expiry': (s) =>
    `cpu=${s.cpu.id} ${s.kind} ${BigInt.asUintN(64, BigInt(s.timer))} late=${ns(s.latenessNs)}`,
  'network-packet': (s) => `cpu=${s.cpu.id} ${s.direction} ${s.interfaceName} ${s.sizeBytes}`,
  'network-transmission': (s) =>
    `cpu=${s.cpu.id} ${s.interfaceName} ${s.sizeBytes} ${who(s.thread)}`,
  'page-operation': (s) => `cpu=${s.cpu.id} ${s.kind} order=${s.order} ${who(s.thread)}`,
  migration: (s) => `${who(s.thread)} ${s.fromCpuId} → ${s.toCpuId}`,
  'priority-change': (s) => `${who(s.thread)} ${s.priority}`,
  'thread-life': (s) =>
    `${s.kind} ${who(s.thread)}${s.parent === undefined ? '' : ` from ${who(s.parent)}`}${s.thread.containerId === undefined ? '' : ` in ${s.thread.containerId}`}`,
  'file-life': (s) => `${s.kind} ${s.file.process.pid} ${what(s.file)}`,
  'cpu-power': (s) => `cpu=${s.cpu.id} ${s.kind} ${s.value}`,
  doubt: (s) => who(s.thread),
  gap: (s) => `cpu=${s.cpu.id} ${s.count ?? '?'} ${s.what}`,
};

/** Collects the segments of some kinds in the order they come; `~` at the end: not certain. */
export function collectSegments(model: LinuxModel, kinds: readonly SegmentKind[]): string[] {
  const lines: string[] = [];
  for (const kind of kinds) {
    model.on(kind, (segment) => {
      const format = formatters[kind] as (value: typeof segment) => string;
      const time =
        'timeNs' in segment ? `${segment.timeNs}` : `${segment.beginNs}..${segment.endNs}`;
      const doubt = 'isCertain' in segment && !segment.isCertain ? ' ~' : '';
      lines.push(`${time} ${kind} ${format(segment)}${doubt}`);
    });
  }
  return lines;
}
