export * from './analysis.ts';
export { arrangeReport, findColumn, joinHosts } from './arrange.ts';
export { type Catalogue, catalogue, findAnalysis } from './catalogue.ts';
export { type Losses, lossNotices, lossWarnings } from './losses.ts';
export { formatSize } from './number-format.ts';
export type { PeriodOptions } from './period-collector.ts';
export { type PeriodDefinition, parseCaptures, parsePeriod } from './period-language.ts';
export { PeriodRun } from './period-run.ts';
export { findPeriodAnalysis, type PeriodAnalysis, periodAnalyses } from './periods.ts';
export { compareCells } from './printers/cell-text.ts';
export { compareReports } from './printers/compare.ts';
export {
  csvPrinter,
  jsonPrinter,
  markdownPrinter,
  type ReportPrinter,
} from './printers/data-formats.ts';
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  safeText,
} from './printers/human-text.ts';
export { lamiError, lamiMetadata, lamiPieces, lamiVersion } from './printers/lami.ts';
export { blockPieces, formatText, textPieces } from './printers/text.ts';
export { type ReportHtmlStyle, reportHtmlPieces } from './report/report-html.ts';
export { reportJsonPieces } from './report/report-json.ts';
export { type ReportTextStyle, reportTextPieces } from './report/report-text.ts';
export type { Chart, Finding, SectionReport, Severity } from './report/section.ts';
export {
  type HostReport,
  type SystemReport,
  type SystemReportRun,
  startSystemReport,
} from './report/system-report.ts';
export { makeRows, type Rows } from './rows.ts';
export { AnalysisRun, type AnalysisRunOptions, type PeriodPlan } from './run.ts';
export { type GroupBy, groupings } from './subjects.ts';
export * from './table.ts';
export { formatTextBlock, type TextBlock } from './text-block.ts';
export { formatFields, type TrackedEvent, type TrackOptions, TrackRun } from './track-process.ts';
