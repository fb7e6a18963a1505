import { writeFileSync } from 'node:fs';
import type { CommandIo } from '../command-io.ts';
import { defineCommand } from '../define-command.ts';
import { findOperands, type TraceFolder } from '../find-operands.ts';
import { readingProgress } from '../progress.ts';
import { decoderText, metadataText } from '../read-modes.ts';
import { readOptions } from '../read-options.ts';
import { planRead, type ReadOptions } from '../read-plan.ts';
import { openRegistry } from '../registry.ts';
import { runGraph } from '../run-graph.ts';

export const readCommand = defineCommand({
  name: 'read',
  summary: 'Print or convert traces (also: `convert`, or no command at all).',
  operands: { usage: 'TRACE...', min: 0, max: Number.POSITIVE_INFINITY },
  options: readOptions,
  notes: `TRACE is a folder that holds traces at any depth, or an archive of one (.tar, .tar.gz,
.tar.xz, .zip). Several traces are merged by time.

TIME is [YYYY-MM-DD] hh:mm[:ss[.fraction]], YYYY-MM-DD, or seconds since the
origin of the clock (mostly 1970).

EXPR compares fields of the event, contexts ($ctx.NAME) and the name, as with LTTng:
  sonde read --filter 'prev_comm == "node" && $ctx.cpu_id < 2' TRACE
  sonde read --event 'sched_*' --begin 10:00:00 --limit 20 TRACE
  sonde read -o ctf-2 -w converted TRACE`,
  async run(io, options, operands, order) {
    const registry = await openRegistry(options.pluginPath, io);
    const found = await findOperands(operands, options, io);
    try {
      const text = textWithoutGraph(options, found.folders);
      if (text !== undefined) {
        writeText(text, options.output, io);
        return 0;
      }
      const plan = planRead(registry, options, order, found.folders, io.env);
      const describeProgress = readingProgress(found.folders.map(({ path }) => path));
      return await runGraph(io, { ...plan, describeProgress });
    } finally {
      found.close();
    }
  },
});

function textWithoutGraph(
  options: ReadOptions,
  folders: readonly TraceFolder[],
): string | undefined {
  const { explainDecoder, outputFormat } = options;
  if (explainDecoder !== undefined) return decoderText(explainDecoder, folders, options);
  return outputFormat === 'ctf-metadata' ? metadataText(folders, options) : undefined;
}

function writeText(text: string, path: string | undefined, io: CommandIo): void {
  if (path === undefined) io.stdout.writeText(text);
  else writeFileSync(path, text);
}
