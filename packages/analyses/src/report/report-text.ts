/** The report for terminals: findings first, then each section. `--brief` leaves the tables out. */
import type { TimeFormat } from '../analysis.ts';
import { describeDiscarded, describeUnrecorded } from '../losses.ts';
import { cellWidth, padStart } from '../number-format.ts';
import { formatCount, formatDuration, joinUnits, safeText } from '../printers/human-text.ts';
import { joinPieces } from '../printers/pieces.ts';
import { formatTableRows } from '../printers/table-text.ts';
import { chartLines } from './chart-text.ts';
import type { Finding, SectionReport } from './section.ts';
import type { HostReport, SystemReport } from './system-report.ts';

export interface ReportTextStyle {
  readonly times: TimeFormat;
  /** Width to fit. */
  readonly columns: number;
  readonly hasColors: boolean;
  /** The trace as it stands in commands. */
  readonly trace: string;
  /** Findings and headlines only. */
  readonly isBrief: boolean;
}

const briefFindings = 8;

type Paint = (text: string) => string;

interface Pen {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly severity: Readonly<Record<Finding['severity'], Paint>>;
}

function penOf(hasColors: boolean): Pen {
  const paint =
    (code: string): Paint =>
    (text) =>
      hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    bold: paint('1'),
    dim: paint('2'),
    severity: { high: paint('1;31'), medium: paint('33'), info: paint('36') },
  };
}

/** In pieces. */
export function reportTextPieces(report: SystemReport, style: ReportTextStyle): Generator<string> {
  return joinPieces(reportLines(report, style));
}

function* reportLines(report: SystemReport, style: ReportTextStyle): Generator<string> {
  const pen = penOf(style.hasColors);
  for (const host of report.hosts) {
    for (const line of hostLines(report, host, style, pen)) yield `${line}\n`;
  }
  if (report.hosts.length === 0) yield 'There are no kernel events to report on.\n';
}

/** `1,234 events, none lost` */
export function eventsText({ eventCount, losses }: SystemReport): string {
  const [lost, unrecorded] = [describeDiscarded(losses), describeUnrecorded(losses)].map((text) =>
    text?.replace(/\d{4,}/g, (digits) => formatCount(Number(digits))),
  );
  const facts = [
    `${formatCount(eventCount)} events`,
    ...(lost === undefined ? [] : [`${lost} LOST: figures are too low`]),
    ...(unrecorded === undefined ? [] : [`${unrecorded} NOT RECORDED: who ran then is unknown`]),
    ...(lost === undefined && unrecorded === undefined ? ['none lost'] : []),
  ];
  return facts.join(', ');
}

/** Kernel, tracer, length, CPUs, events. */
export function hostFacts(report: SystemReport, host: HostReport): string[] {
  return [
    host.kernel,
    host.tracer,
    formatDuration(host.durationNs),
    `${host.cpuCount} CPU${host.cpuCount === 1 ? '' : 's'}`,
    eventsText(report),
  ].filter((fact) => fact !== '');
}

function* hostLines(
  report: SystemReport,
  host: HostReport,
  style: ReportTextStyle,
  pen: Pen,
): Generator<string> {
  const { times, columns, isBrief } = style;
  const { begin, end } = host.timeRange;
  const shown = host.sections.filter(({ headline }) => headline !== '');
  const absent = host.sections.filter(({ headline }) => headline === '');
  const findings = isBrief ? host.findings.slice(0, briefFindings) : host.findings;
  yield* [
    pen.bold(safeText(`Report on ${host.name}`)),
    ...wrap(safeText(hostFacts(report, host).join(', ')), columns, ''),
    `${times.dateTime(begin)} to ${times.time(end)}`,
    '',
    pen.bold('What stands out'),
    ...findings.flatMap((finding) => findingLines(finding, style, pen)),
  ];
  if (findings.length === 0) yield '  Nothing.';
  if (isBrief) yield* ['', pen.bold('In short')];
  for (const section of shown) yield* sectionLines(section, style, pen);
  if (absent.length > 0) yield '';
  for (const section of absent) yield* absentLines(section, style);
}

function findingLines({ severity, text, command }: Finding, style: ReportTextStyle, pen: Pen) {
  const marks = { high: '!!', medium: ' !', info: ' -' };
  const [first = '', ...rest] = wrap(safeText(text), style.columns - 5, '     ');
  const mark = pen.severity[severity](marks[severity]);
  const more = pen.dim(`     ${commandText(command, style.trace)}`);
  return [`  ${mark} ${first.trimStart()}`, ...rest, ...(style.isBrief ? [] : [more])];
}

export function commandText(command: string, trace: string): string {
  return `sonde ${command} ${trace}`;
}

/** Why there is nothing to say. */
export const absenceOf = ({ missing }: SectionReport): string =>
  missing ?? 'Its events were traced, but none occurred.';

function absentLines(section: SectionReport, style: ReportTextStyle): string[] {
  return wrap(`${section.title}: not reported. ${absenceOf(section)}`, style.columns, '');
}

function* sectionLines(
  section: SectionReport,
  style: ReportTextStyle,
  pen: Pen,
): Generator<string> {
  const { columns, times, isBrief, trace } = style;
  const title = pen.bold(section.title);
  const headline = wrap(safeText(section.headline), columns - 2, '  ');
  if (isBrief) {
    const [first = '', ...rest] = wrap(
      `${section.title}: ${safeText(section.headline)}`,
      columns - 2,
      '    ',
    );
    yield* [`  ${first.trimStart()}`, ...rest];
    return;
  }
  yield* ['', title, ...headline];
  if (section.missing !== undefined) yield* wrap(section.missing, columns - 2, '  ');
  for (const chart of section.charts) yield* chartLines(chart, columns);
  for (const { table, command } of section.tables) {
    if (table.rows.length === 0) continue;
    const heading = `  ${table.tableClass.title}`;
    const more = command === undefined ? '' : commandText(command, trace);
    const room = columns - cellWidth(heading) - 2;
    const right = more === '' || cellWidth(more) > room ? '' : pen.dim(padStart(more, room));
    yield* ['', `${pen.bold(heading)}  ${right}`.trimEnd()];
    yield* formatTableRows(table, { times, columns, indent: '  ', emphasise: pen.dim });
  }
}

/** Words in lines no wider than `columns`, each behind `indent`. */
function wrap(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const joined of joinUnits(text).split(' ')) {
    const word = joined.replaceAll('\u00a0', ' ');
    if (line !== '' && cellWidth(line) + 1 + cellWidth(word) > columns - indent.length) {
      lines.push(`${indent}${line}`);
      line = word;
    } else line += line === '' ? word : ` ${word}`;
  }
  return [...lines, `${indent}${line}`];
}
