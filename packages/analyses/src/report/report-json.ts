/** The report for programs: the same tables, charts and findings, values plain (ns, bytes, ratios). */
import { lossDocument, tableDocument } from '../printers/data-formats.ts';
import { jsonPieces } from '../printers/json-pieces.ts';
import { joinPieces } from '../printers/pieces.ts';
import type { SystemReport } from './system-report.ts';

/** In pieces. `version` grows when members change their meaning. */
export function* reportJsonPieces(report: SystemReport): Generator<string> {
  const { hosts, eventCount, losses } = report;
  const document = {
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
  };
  yield* joinPieces(jsonPieces(document));
  yield '\n';
}
