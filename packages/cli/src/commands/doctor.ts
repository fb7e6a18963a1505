import { examineMachine, type Finding, openTracefs, removeOrphans } from '@sonde/tracer-kernel';
import type { CommandIo } from '../command-io.ts';
import { defineCommand, flag } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';

const signs = { works: 'ok  ', optional: '–   ', fails: 'FAIL' } as const;

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Tell what this machine allows: tracing, filters, probes, eBPF.',
  options: {
    clean: flag('Remove what killed recorders left in the kernel'),
    json: flag('Print JSON'),
  },
  notes: `Everything is tried out, and leaves nothing behind. The exit status is 1 when the kernel can't
be recorded. --clean removes instances of tracefs and uprobes of recorders that do not run any
more; never those of running ones, nor those of other programs.`,
  async run(io, { clean, json }) {
    if (clean) cleanUp(io, json);
    const findings = await examineMachine();
    io.stdout.writeText(
      json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(line).join(''),
    );
    const isBroken = findings.some(({ state }) => state === 'fails');
    return isBroken ? exitStatus.failed : exitStatus.done;
  },
});

function cleanUp(io: CommandIo, json: boolean): void {
  const { instances, uprobes } = removeOrphans(openTracefs());
  if (json) return;
  const what =
    instances.length + uprobes === 0 ? 'nothing' : [...instances, `${uprobes} uprobes`].join(', ');
  io.stdout.writeText(`Removed: ${what}.\n`);
}

function line({ name, state, reason, remedy }: Finding): string {
  const text = `${signs[state]} ${name.padEnd(13)} ${reason}`;
  return `${remedy === '' ? text : `${text} ${remedy}`}\n`;
}
