import { formatError } from '@sonde/base';
import { closeTraces, type LogicalTrace, openTraceDirectories } from '@sonde/components';
import { withArchiveNames } from '../command-io.ts';
import { defineCommand, flag } from '../define-command.ts';
import { findOperands, type InputOptions, type TraceFolder } from '../find-operands.ts';
import { countEvents } from '../info/count-events.ts';
import { infoText } from '../info/info-text.ts';
import { describeTrace, type TraceInfo } from '../info/trace-info.ts';
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
    let isDamaged = false;
    const print = (message: string) => {
      io.stderr.writeText(`${withArchiveNames(message, io)}\n`);
    };
    const warn = (message: string) => print(`WARNING: ${message}`);
    const report = (error: Error) => {
      isDamaged = true;
      print(`sonde: ${formatError(error)}`);
    };
    const traces = openTraces(found.folders, options, warn, report);
    try {
      const infos: TraceInfo[] = [];
      for (const trace of traces) {
        for (const { packets } of trace.streams) {
          for (const { fault } of packets) if (fault !== undefined && !options.count) report(fault);
        }
        const events = options.count ? await countEvents(trace, io.signal, report) : undefined;
        const info = describeTrace(trace, events);
        infos.push(info);
        if (!options.json)
          io.stdout.writeText(
            `${infos.length > 1 ? '\n' : ''}${withArchiveNames(infoText(info), io)}`,
          );
      }
      if (options.json) io.stdout.writeText(`${withArchiveNames(infoJson(infos), io)}\n`);
      return isDamaged ? 1 : 0;
    } finally {
      closeTraces(traces);
      found.close();
    }
  },
});

function openTraces(
  folders: readonly TraceFolder[],
  options: InputOptions,
  warn: (message: string) => void,
  onFault: (error: Error) => void,
): readonly LogicalTrace[] {
  const { clockOffset, clockOffsetNs, clockForceCorrelate, lenient } = options;
  return openTraceDirectories(
    folders.map(({ path }) => path),
    {
      metadata: { lenient, strict: !lenient },
      names: new Map(folders.map(({ path, name }) => [path, name])),
      warn,
      onFault,
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
  return JSON.stringify(infos, exact, 2);
}
