import type { ClockInfo, EventCounts, StreamInfo, TraceInfo } from './trace-info.ts';

/** The text of `sonde info` for one trace. */
export function infoText(info: TraceInfo): string {
  const lines = [
    `Trace ${info.name === undefined ? info.path : `${info.name} (${info.path})`}`,
    ...summaryRows(info),
    ...section(
      'Environment',
      Object.entries(info.environment).map(([name, value]) => [name, String(value)]),
    ),
    ...section('Clocks', info.clocks.map(clockRow)),
    ...streamLines(info),
    ...(info.events === undefined ? [] : eventLines(info.events)),
  ];
  return `${lines.join('\n')}\n`;
}

function summaryRows(info: TraceInfo): string[] {
  const time = (ns: bigint | undefined) => (ns === undefined ? undefined : formatTime(ns, info));
  const { events } = info;
  return alignRows(
    [
      ['Format', `CTF ${info.ctfVersion}`],
      ['Namespace', info.namespace],
      ['UID', info.uid],
      ['Begin', time(info.beginNs)],
      ['End', time(info.endNs)],
      ['Duration', info.durationNs === undefined ? undefined : formatDuration(info.durationNs)],
      ['First event', time(events?.firstNs)],
      ['Last event', time(events?.lastNs)],
      ['Events', events === undefined ? undefined : groupDigits(events.total)],
      ['Streams', String(info.streams.length)],
      ['Packets', `${groupDigits(info.packets)}, ${formatBytes(info.bytes)}`],
      [
        'Discarded',
        `${counted(info.discardedEvents, 'event')}, ${counted(info.discardedPackets, 'packet')}`,
      ],
      ['Event classes', groupDigits(info.eventClasses)],
    ],
    '  ',
  );
}

function clockRow(clock: ClockInfo): [string, string] {
  const parts = [
    `${groupDigits(clock.frequencyHz)} Hz`,
    clock.origin === 'unix-epoch' ? 'from the Unix epoch' : `origin: ${clock.origin}`,
    `offset ${formatSeconds(clock.offsetNs)} s`,
    clock.precisionCycles === undefined ? '' : `precision ${clock.precisionCycles} cycles`,
    clock.uid === undefined ? '' : `UID ${clock.uid}`,
    clock.description ?? '',
  ];
  return [clock.name || '(no name)', parts.filter((part) => part !== '').join(', ')];
}

function streamLines(info: TraceInfo): string[] {
  if (info.streams.length === 0) return [];
  const head = ['class', 'id', 'packets', 'size', 'begin', 'end', 'discarded', 'file'];
  const rows = info.streams.map((stream) => streamRow(stream, info));
  return ['  Streams:', ...alignTable([head, ...rows], '    ', ['file', 'begin', 'end'])];
}

function streamRow(stream: StreamInfo, info: TraceInfo): string[] {
  const time = (ns: bigint | undefined) => (ns === undefined ? '-' : formatTimeOfDay(ns, info));
  const { discardedEvents, discardedPackets } = stream;
  const discarded =
    discardedEvents === 0n && discardedPackets === 0n
      ? '0'
      : `${groupDigits(discardedEvents)} ev ${groupDigits(discardedPackets)} pkt`;
  return [
    String(stream.classId),
    stream.id === undefined ? '-' : String(stream.id),
    groupDigits(stream.packets),
    formatBytes(stream.bytes),
    time(stream.beginNs),
    time(stream.endNs),
    discarded,
    stream.path,
  ];
}

function eventLines({ byName, total }: EventCounts): string[] {
  if (byName.length === 0) return ['  No events.'];
  const head = ['count', 'share', 'per second', 'event'];
  const rows = byName.map(({ name, count, perSecond }) => [
    groupDigits(count),
    `${((100 * count) / total).toFixed(1)} %`,
    perSecond === undefined ? '-' : groupDigits(Math.round(perSecond)),
    name,
  ]);
  return ['  Events by name:', ...alignTable([head, ...rows], '    ', ['event'])];
}

function section(heading: string, rows: readonly [string, string][]): string[] {
  return rows.length === 0 ? [] : [`  ${heading}:`, ...alignRows(rows, '    ')];
}

function alignRows(
  rows: readonly (readonly [string, string | undefined])[],
  indent: string,
): string[] {
  const shown = rows.filter((row): row is [string, string] => row[1] !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 1;
  return shown.map(([name, value]) => `${indent}${`${name}:`.padEnd(width)} ${value}`);
}

/** Columns two spaces apart, numbers to the right. */
function alignTable(
  rows: readonly (readonly string[])[],
  indent: string,
  leftColumns: readonly string[],
): string[] {
  const head = rows[0]!;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      leftColumns.includes(head[column]!)
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

function counted(count: bigint, noun: string): string {
  return `${groupDigits(count)} ${noun}${count === 1n ? '' : 's'}`;
}

function groupDigits(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function formatDuration(durationNs: bigint): string {
  return `${formatSeconds(durationNs)} s`;
}

function formatSeconds(ns: bigint): string {
  const [sign, magnitude] = ns < 0n ? ['-', -ns] : ['', ns];
  const fraction = String(magnitude % 1_000_000_000n).padStart(9, '0');
  return `${sign}${magnitude / 1_000_000_000n}.${fraction}`;
}

const greatestDateNs = 8_640_000_000_000_000_000_000n;

function formatTime(ns: bigint, { timesAreUnix }: TraceInfo): string {
  if (!timesAreUnix || ns < 0n || ns > greatestDateNs) return `${formatSeconds(ns)} s`;
  const date = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString();
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0');
  return `${date.slice(0, -5).replace('T', ' ')}.${fraction} UTC`;
}

function formatTimeOfDay(ns: bigint, info: TraceInfo): string {
  return formatTime(ns, info)
    .replace(/^\S+-\S+ /, '')
    .replace(/ UTC$/, '');
}
