/** src.ftrace.raw: reads raw recordings of ftrace, as if they were CTF traces of LTTng. */
import { UsageError } from '@sonde/base';
import {
  type ComponentContext,
  type OutputPortInfo,
  ParameterReader,
  type Source,
  type SourceClass,
} from '@sonde/graph';
import type { Downstream, MessageIterator, TimeOrigin } from '@sonde/trace-model';
import { formatFault } from '../ctf-fs/fault-text.ts';
import { findTraces } from '../ctf-fs/find-traces.ts';
import { ctfFsSource } from '../src-ctf-fs.ts';
import { type OpenedRecordings, openRawRecordings, rawKindOf } from './raw-recordings.ts';

export const ftraceRawSource: SourceClass = {
  kind: 'src',
  plugin: 'ftrace',
  className: 'raw',
  description: "Read raw recordings of Linux's ftrace: trace-cmd's trace.dat, sonde record --raw.",
  parameterHelp: {
    inputs: 'Array of files `trace.dat` and folders with `ftrace.json` (required).',
  },
  create: async (context) => {
    const opened = openRawRecordings(inputsOf(context), {
      warn: (message) => context.warn(message),
      ...(context.continueOnError && {
        onFault: context.onFault ?? ((error: Error) => context.warn(formatFault(error))),
      }),
    });
    try {
      const inputs = opened.paths.flatMap((path) => findTraces(path));
      const source = await ctfFsSource.create({ ...context, parameters: { inputs } });
      return new FtraceRawSource(source, opened);
    } catch (error) {
      opened.close();
      throw error;
    }
  },
};

/** The source of the converted traces, which go away with it. */
class FtraceRawSource implements Source {
  readonly #source: Source;
  readonly #opened: OpenedRecordings;

  constructor(source: Source, opened: OpenedRecordings) {
    this.#source = source;
    this.#opened = opened;
  }

  get outputPorts(): readonly OutputPortInfo[] {
    return this.#source.outputPorts;
  }

  get earliestNs(): bigint | undefined {
    return this.#source.earliestNs;
  }

  open(port: string, origin: TimeOrigin, downstream: Downstream): MessageIterator {
    return this.#source.open(port, origin, downstream);
  }

  close(): void {
    this.#source.close();
    this.#opened.close();
  }
}

function inputsOf(context: ComponentContext): readonly string[] {
  const reader = new ParameterReader(context.parameters, context.name);
  const inputs = reader.strings('inputs') ?? [];
  reader.rejectOthers();
  const other = inputs.find((path) => rawKindOf(path) === undefined);
  if (inputs.length === 0 || other !== undefined) {
    throw new UsageError(
      'bad-parameter',
      `${context.name} needs the parameter "inputs": raw recordings of ftrace${other === undefined ? '' : `, which ${other} is not`}.`,
    );
  }
  return inputs;
}
