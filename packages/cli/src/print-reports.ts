/** Reports of analyses in the format that the options ask for, in pieces: tables may be longer than any string. */
import {
  type AnalysisOptions,
  blockPieces,
  csvPrinter,
  jsonPrinter,
  lamiPieces,
  lossNotices,
  markdownPrinter,
  type Report,
  type ReportPrinter,
  textPieces,
} from '@sonde/analyses';
import type { AnalysisCommandOptions } from './analysis-options.ts';
import type { CommandIo } from './command-io.ts';
import type { ByteOutput } from './fd-output.ts';
import { timeFormat } from './time-format.ts';

/** Waits for the reader of a full pipe before the next piece is made. @throws OutputClosedError when the reader went away. */
export function writePieces(output: ByteOutput, pieces: Iterable<string | Uint8Array>): void {
  for (const piece of pieces) {
    if (typeof piece === 'string') output.writeText(piece);
    else output.write(piece);
  }
}

/** Undefined: text, or the machine interface, which has the tables of all reports together. */
export function printerFor(
  analysis: { readonly name: string },
  options: AnalysisCommandOptions,
): ReportPrinter | undefined {
  if (options.mi) return undefined;
  if (options.csv) return csvPrinter();
  if (options.json) {
    const { compare } = options;
    return jsonPrinter(analysis, compare === undefined ? {} : { comparedWith: compare });
  }
  return options.markdown ? markdownPrinter() : undefined;
}

/** The rows as they are now: of threads that go on, names may change later. */
export function settled(report: Report): Report {
  const tables = report.tables.map((table) => ({ ...table, rows: [...table.rows] }));
  return { ...report, tables };
}

/** A report as text, as soon as it is known. */
export function printText(io: CommandIo, report: Report, options: AnalysisOptions): void {
  writePieces(io.stdout, textPieces(report, options, { columns: io.stdout.columns }));
}

/** @param printer - May have printed some already. */
export function printReports(
  io: CommandIo,
  options: AnalysisCommandOptions,
  reports: readonly Report[],
  printer: ReportPrinter | undefined,
): void {
  if (options.mi) {
    writePieces(io.stdout, lamiPieces(reports));
  } else if (printer !== undefined) {
    for (const report of reports) writePieces(io.stdout, printer.report(report));
    writePieces(io.stdout, printer.end());
  } else {
    for (const report of reports) printCompared(io, options, report);
  }
}

/** Text for both sides of `--compare`. */
function printCompared(io: CommandIo, options: AnalysisCommandOptions, report: Report): void {
  const times = timeFormat(options.gmt, true);
  const range = ({ timeRange }: Pick<Report, 'timeRange'>): string =>
    `[${times.dateTime(timeRange.begin)}, ${times.dateTime(timeRange.end)}]`;
  const { other } = report;
  const head = [
    `A: ${range(report)}`,
    ...(other === undefined ? [] : [`B: ${range(other)}`]),
    ...lossNotices(report).map((notice) => `${notice}.`),
  ];
  const style = { times, columns: io.stdout.columns };
  writePieces(io.stdout, blockPieces(head, report.text, style));
}
