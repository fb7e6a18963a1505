import {
  Graph,
  type Message,
  type ParameterMap,
  type SinkClass,
  sourceFromMessages,
} from '@sonde/graph';
import { encodeRecord } from '../src/encode-record.ts';
import { filterFilter } from '../src/flt-filter.ts';

export interface MessageRun {
  readonly text: string;
  readonly warnings: readonly string[];
  readonly error: unknown;
}

/** Sends messages through `flt.utils.filter` (when it has parameters) into a sink; errors are part of the result. */
export async function runMessages(
  messages: readonly Message[],
  sink: SinkClass,
  parameters: ParameterMap = {},
  filter?: ParameterMap,
): Promise<MessageRun> {
  const parts: Buffer[] = [];
  const warnings: string[] = [];
  const graph = new Graph({
    output: { isTerminal: false, write: (bytes) => void parts.push(Buffer.from(bytes)) },
    warn: (message) => void warnings.push(message),
  });
  let error: unknown;
  try {
    await graph.add('source', {
      kind: 'src',
      plugin: 'test',
      className: 'messages',
      description: '',
      parameterHelp: {},
      create: () =>
        sourceFromMessages([messages], { encodeRecord, earliestNs: earliest(messages) }),
    });
    await graph.add('sink', sink, parameters);
    if (filter !== undefined) await graph.add('filter', filterFilter, filter);
    graph.connect(filter === undefined ? 'source:sink' : 'source:filter');
    if (filter !== undefined) graph.connect('filter:sink');
    await graph.run();
  } catch (cause) {
    error = cause;
  }
  return { text: Buffer.concat(parts).toString(), warnings, error };
}

function earliest(messages: readonly Message[]): bigint {
  for (const message of messages) {
    if (message.type === 'event' && message.time) return message.time.nsFromOrigin;
  }
  return 0n;
}
