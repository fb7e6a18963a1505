import { UsageError } from '@sonde/base';
import { flightRecorders, openTracefs } from '@sonde/tracer-kernel';
import { defineCommand } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { parseProcessId } from '../parse-values.ts';

export const snapshotCommand = defineCommand({
  name: 'snapshot',
  summary: 'Let a running `sonde record --snapshot` write what it holds.',
  operands: { usage: '[PID]', min: 0, max: 1 },
  options: {},
  notes: `The recorder tells where it writes. Its process ID is only needed where several run.`,
  async run(io, _options, [text]) {
    const recorders = flightRecorders(openTracefs());
    const wanted = text === undefined ? undefined : parseProcessId(text);
    const found = wanted === undefined ? recorders : recorders.filter((pid) => pid === wanted);
    const [pid] = found;
    if (pid === undefined) {
      const who = wanted === undefined ? 'No' : `Process ${wanted} is no`;
      throw new UsageError(
        'no-recorder',
        `${who} \`sonde record --snapshot\`${wanted === undefined ? ' is running.' : '.'}`,
      );
    }
    if (found.length > 1) {
      throw new UsageError(
        'several-recorders',
        `Several are running: ${found.join(', ')}. Say which.`,
      );
    }
    process.kill(pid, 'SIGUSR1');
    io.stdout.writeText(`Asked process ${pid} for a snapshot.\n`);
    return exitStatus.done;
  },
});
