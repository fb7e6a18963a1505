/** The report for programs: the same tables, charts and findings, values plain (ns, bytes, ratios). */
import { jsonText, lossDocument, tableDocument } from '../printers/data-formats.ts';
import type { SystemReport } from './system-report.ts';

/** `version` grows when members change their meaning. */
export function formatReportJson(report: SystemReport): string {
  const { hosts, eventCount, losses } = report;
  return jsonText({
    version: 1,
    eventCount,
    ...lossDocument(losses),
    hosts: hosts.map((host) => ({
      ...host,
      sections: host.sections.map(({ tables, ...section }) => ({
        ...section,
        tables: tables
          .filter(({ table }) => table.rows.length > 0)
          .map(({ table, command }) => ({ ...tableDocument(table), command })),
      })),
    })),
  });
}
