import { defineCommand } from '../define-command.ts';
import { findOperands } from '../find-operands.ts';
import { readOptions } from '../read-options.ts';
import { planRead } from '../read-plan.ts';
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
    const registry = await openRegistry(options.pluginPath);
    const found = await findOperands(operands, options, io);
    try {
      return await runGraph(io, planRead(registry, options, order, found.folders));
    } finally {
      found.close();
    }
  },
});
