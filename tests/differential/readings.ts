/** The ways of reading a trace whose results have to agree. */
import {
  ctfFsSink,
  ctfFsSource,
  findTraces,
  jsonLinesSink,
  muxerFilter,
  openTraceDirectories,
  prettySink,
} from '@sonde/components';
import { type BackEnd, DataStreamReader, decodeScope } from '@sonde/ctf';
import { type ComponentContext, Graph, type ParameterMap, type SinkClass } from '@sonde/graph';
import { type Downstream, type RecordCursor, scopes } from '@sonde/trace-model';
import { createJsonLinesSink } from '../../packages/components/src/sink-json/sink-json-lines.ts';
import { createPrettySink } from '../../packages/components/src/sink-pretty/sink-pretty.ts';

async function run(folder: string, sink: SinkClass, parameters: ParameterMap): Promise<string> {
  const parts: Buffer[] = [];
  const write = (bytes: Uint8Array) => void parts.push(Buffer.from(bytes));
  const graph = new Graph({ output: { isTerminal: false, write }, warn: () => {} });
  await graph.add('source', ctfFsSource, { inputs: findTraces(folder) });
  await graph.add('muxer', muxerFilter);
  await graph.add('sink', sink, parameters);
  graph.connect('source:muxer');
  graph.connect('muxer:sink');
  await graph.run();
  return Buffer.concat(parts).toString();
}

export function printed(folder: string, backEnd: BackEnd): Promise<string> {
  const sink = {
    ...prettySink,
    create: (context: ComponentContext) => createPrettySink(context, backEnd),
  };
  return run(folder, sink, { 'clock-cycles': true });
}

/**
 * Two things which Babeltrace 2.0 prints otherwise: several labels have no braces, and hexadecimal numbers of 61 to 64 bits are 0 (a
 * shift by the whole width of a word).
 */
export function asBabeltraceBefore21(text: string): string {
  const string = '"(?:[^"\\\\]|\\\\.)*"';
  const labels = new RegExp(`\\( \\{ (${string}(?:, ${string})*) \\} : container`, 'g');
  return text.replace(labels, '( $1 : container').replace(/0x[0-9A-F]+/g, '0x');
}

export function json(folder: string, backEnd: BackEnd): Promise<string> {
  const create = (context: ComponentContext) => createJsonLinesSink(context, backEnd);
  return run(folder, { ...jsonLinesSink, create }, {});
}

/** Writes the trace as the other version of CTF, or the same. */
export async function convert(folder: string, version: '1.8' | '2.0', to: string): Promise<void> {
  await run(folder, ctfFsSink, { path: to, 'ctf-version': version, quiet: true });
}

/** Every record of every stream with all its fields, without any sink. */
export function decodedRecords(folder: string, backEnd: BackEnd): string[] {
  const records: string[] = [];
  const show = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
  const downstream: Downstream = {
    eventHandler: () => (cursor: RecordCursor) => {
      const fields = scopes.map((scope) => decodeScope(cursor, scope));
      records.push(
        `${cursor.eventRecordClass.name} ${cursor.timeNs} ${JSON.stringify(fields, show)}`,
      );
      return -1;
    },
    streamBeginning() {},
    streamEnd() {},
    packetBeginning() {},
    packetEnd() {},
    discardedEvents() {},
    discardedPackets() {},
    inactivity() {},
  };
  for (const { streams } of openTraceDirectories(findTraces(folder), {})) {
    for (const { stream, packets, clock } of streams) {
      const origin = { nsFromOrigin: 0n };
      const reader = new DataStreamReader(stream, packets, clock, origin, downstream, { backEnd });
      while (reader.run(Number.POSITIVE_INFINITY, 1000) !== 'end');
      for (const source of packets.sources) source.close();
    }
  }
  return records;
}
