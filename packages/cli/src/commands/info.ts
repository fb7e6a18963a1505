import { formatError } from '@sonde/base';
import { closeTraces, type LogicalTrace, openTraceDirectories } from '@sonde/components';
import { type CommandIo, withArchiveNames } from '../command-io.ts';
import { defineCommand, flag } from '../define-command.ts';
import { exitStatus } from '../exit-status.ts';
import { findOperands, type InputOptions, type TraceFolder } from '../find-operands.ts';
import { countEvents } from '../info/count-events.ts';
import { infoText } from '../info/info-text.ts';
import { describeTrace, type TraceInfo } from '../info/trace-info.ts';
import { Progress, readingProgress } from '../progress.ts';
import { inputOptions } from '../read-options.ts';

export const infoCommand = defineCommand({
  name: 'info',
  summary: 'Tell what traces hold: environment, clocks, streams, packets, events, losses.',
  operands: { usage: 'TRACE...', min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    count: flag('Count the events by name, exactly: reads all packets'),
    json: flag('Print JSON'),
    ...inputOptions,
  },
  notes: `Metadata is checked strictly: what a reader would only warn about is an error here,
unless --lenient. Times are UTC.`,
  async run(io, options, operands) {
    const found = await findOperands(operands, options, io);
    const folders = found.folders.map(({ path }) => path);
    using progress = new Progress(io, true, readingProgress(folders));
    const reporter = new Reporter(io, progress);
    const traces = openTraces(found.folders, options, reporter);
    try {
      const infos: TraceInfo[] = [];
      for (const trace of traces) {
        if (!options.count) reporter.reportDamagedPackets(trace);
        const events = options.count
          ? await countEvents(trace, io.signal, reporter.fault)
          : undefined;
        infos.push(describeTrace(trace, events));
      }
      const text = options.json ? infoJson(infos) : infos.map(infoText).join('\n');
      io.stdout.writeText(withArchiveNames(text, io));
      return reporter.status;
    } finally {
      closeTraces(traces);
      found.close();
    }
  },
});

/** Warnings and faults on standard error; any fault makes the status 1. */
class Reporter {
  status: number = exitStatus.done;
  readonly #io: CommandIo;
  readonly #progress: Progress;

  constructor(io: CommandIo, progress: Progress) {
    this.#io = io;
    this.#progress = progress;
  }

  readonly warn = (message: string): void => this.#print(`WARNING: ${message}`);

  readonly fault = (error: Error): void => {
    this.status = exitStatus.failed;
    this.#print(`sonde: ${formatError(error)}`);
  };

  reportDamagedPackets({ streams }: LogicalTrace): void {
    for (const { packets } of streams) {
      for (const { fault } of packets) if (fault !== undefined) this.fault(fault);
    }
  }

  #print(text: string): void {
    this.#progress.hide();
    this.#io.stderr.writeText(`${withArchiveNames(text, this.#io)}\n`);
  }
}

function openTraces(
  folders: readonly TraceFolder[],
  options: InputOptions,
  { warn, fault }: Reporter,
): readonly LogicalTrace[] {
  const { clockOffset, clockOffsetNs, clockForceCorrelate, lenient } = options;
  return openTraceDirectories(
    folders.map(({ path }) => path),
    {
      metadata: { lenient, strict: !lenient },
      names: new Map(folders.map(({ path, name }) => [path, name])),
      warn,
      onFault: fault,
      forceUnixEpoch: clockForceCorrelate,
      ...(clockOffset === undefined ? {} : { clockOffsetSeconds: clockOffset }),
      ...(clockOffsetNs === undefined ? {} : { clockOffsetNs }),
    },
  );
}

/** Integers beyond 2^53 are strings: most readers of JSON would round them. */
function infoJson(infos: readonly TraceInfo[]): string {
  const exact = (_key: string, value: unknown) =>
    typeof value !== 'bigint'
      ? value
      : Number.isSafeInteger(Number(value))
        ? Number(value)
        : String(value);
  return `${JSON.stringify(infos, exact, 2)}\n`;
}
