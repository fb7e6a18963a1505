/** The report as one page, complete in itself: no script, nothing from the network, every text of the trace escaped. */
import type { TimeFormat } from '../analysis.ts';
import { humanText, joinUnits } from '../printers/human-text.ts';
import { joinPieces, separate } from '../printers/pieces.ts';
import { isLeftAligned } from '../printers/table-text.ts';
import type { Cell, ResultTable } from '../table.ts';
import { escapeHtml } from './escape-html.ts';
import { reportStyle } from './report-style.ts';
import { absenceOf, commandText, hostFacts } from './report-text.ts';
import type { Finding, SectionReport } from './section.ts';
import { chartSvg } from './svg-chart.ts';
import type { HostReport, SystemReport } from './system-report.ts';

export interface ReportHtmlStyle {
  readonly times: TimeFormat;
  /** The trace as it stands in commands. */
  readonly trace: string;
}

/** In pieces. */
export function* reportHtmlPieces(report: SystemReport, style: ReportHtmlStyle): Generator<string> {
  yield* joinPieces(separate(pageLines(report, style), '\n'));
  yield '\n';
}

function* pageLines(report: SystemReport, style: ReportHtmlStyle): Generator<string> {
  const title = `Report on ${report.hosts.map(({ name }) => name).join(', ') || style.trace}`;
  yield* [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    // Even if something slipped through: nothing is loaded, nothing runs.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${reportStyle}</style>`,
    '</head>',
    '<body>',
  ];
  for (const [i, host] of report.hosts.entries()) yield* hostLines(report, host, i, style);
  if (report.hosts.length === 0) yield '<p>There are no kernel events to report on.</p>';
  yield '<footer>Made by <code>sonde report</code>. Percentiles are samples, not estimates. Durations below the resolution of the trace’s clock are 0.</footer>';
  yield '</body>';
  yield '</html>';
}

const idOf = (hostNumber: number, section: SectionReport): string => `h${hostNumber}-${section.id}`;

function* hostLines(
  report: SystemReport,
  host: HostReport,
  number: number,
  style: ReportHtmlStyle,
): Generator<string> {
  const { times } = style;
  const shown = host.sections.filter(({ headline }) => headline !== '');
  const absent = host.sections.filter(({ headline }) => headline === '');
  const { begin, end } = host.timeRange;
  const links = shown.map(
    (section) => `<a href="#${idOf(number, section)}">${escapeHtml(section.title)}</a>`,
  );
  yield* [
    '<main>',
    `<h1>Report on ${escapeHtml(host.name)}</h1>`,
    `<p class="facts">${escapeHtml(hostFacts(report, host).join(' · '))}</p>`,
    `<p class="facts">${escapeHtml(`${times.dateTime(begin)} to ${times.time(end)}`)} · <code>${escapeHtml(style.trace)}</code></p>`,
    `<nav>${links.join('\n')}</nav>`,
    '<h2>What stands out</h2>',
    findingsHtml(host.findings, style),
  ];
  for (const section of shown) yield* sectionLines(section, idOf(number, section), style);
  if (absent.length > 0) yield '<h2>Not reported</h2>';
  for (const section of absent) {
    yield `<p class="missing">${escapeHtml(`${section.title}: ${absenceOf(section)}`)}</p>`;
  }
  yield '</main>';
}

const severityWords = { high: 'Look here', medium: 'Worth knowing', info: 'Fact' } as const;

function findingsHtml(findings: readonly Finding[], { trace }: ReportHtmlStyle): string {
  if (findings.length === 0) return '<p>Nothing.</p>';
  const items = findings.map(
    ({ severity, text, command }) =>
      `<li class="${severity}"><span class="severity">${severityWords[severity]}</span>${escapeHtml(joinUnits(text))} <br><code>${escapeHtml(commandText(command, trace))}</code></li>`,
  );
  return ['<ul class="findings">', ...items, '</ul>'].join('\n');
}

function* sectionLines(
  section: SectionReport,
  id: string,
  style: ReportHtmlStyle,
): Generator<string> {
  yield `<section id="${id}">`;
  yield `<h2>${escapeHtml(section.title)}</h2>`;
  yield `<p class="headline">${escapeHtml(joinUnits(section.headline))}</p>`;
  if (section.missing !== undefined) {
    yield `<p class="missing">${escapeHtml(section.missing)}</p>`;
  }
  for (const chart of section.charts) yield chartSvg(chart);
  for (const { table, command } of section.tables) yield* tableLines(table, command, style);
  yield '</section>';
}

function* tableLines(
  { tableClass, rows }: ResultTable,
  command: string | undefined,
  { times, trace }: ReportHtmlStyle,
): Generator<string> {
  if (rows.length === 0) {
    yield '';
    return;
  }
  const { columns, title } = tableClass;
  const classOf = (i: number): string => {
    const column = columns[i]!;
    if (column.class === 'path') return ' class="path"';
    return isLeftAligned(column) ? '' : ' class="n"';
  };
  const header = columns.map(({ title: text }, i) => `<th${classOf(i)}>${escapeHtml(text)}</th>`);
  const rowHtml = (row: readonly Cell[]): string => {
    const cells = columns.map((_, i) => {
      const text = escapeHtml(humanText(row[i], times));
      // Long paths are cut by the browser; the whole is under the pointer. Marks keep their order in a cell that runs from the right.
      return columns[i]!.class === 'path'
        ? `<td class="path" title="${text}"><bdi>${text}</bdi></td>`
        : `<td${classOf(i)}>${text}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  };
  const more =
    command === undefined ? '' : ` <code>${escapeHtml(commandText(command, trace))}</code>`;
  yield `<h3>${escapeHtml(title)}${more}</h3>`;
  yield '<div class="scroll"><table>';
  yield `<thead><tr>${header.join('')}</tr></thead>`;
  let left = rows.length;
  let begin = '<tbody>';
  for (const row of rows) {
    left--;
    yield `${begin}${rowHtml(row)}${left === 0 ? '</tbody>' : ''}`;
    begin = '';
  }
  yield '</table></div>';
}
