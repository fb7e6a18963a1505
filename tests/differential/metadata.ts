/** The metadata of a random trace, in both versions. */
import type { ByteOrder } from './bits.ts';
import type { StructureField } from './compound-fields.ts';
import type { IntegerField, VariableLengthField } from './fields.ts';
import type { Random } from './random.ts';
import { type Json, jsonText, tsdlNumber, tsdlString } from './syntax.ts';

export interface Clock {
  readonly tsdl: string;
  readonly json: Json;
}

export interface EventClass {
  readonly id: number;
  readonly name: string;
  readonly specificContext: StructureField | undefined;
  readonly payload: StructureField;
}

export interface StreamClass {
  readonly id: number;
  readonly packetContext: StructureField | undefined;
  readonly eventHeader: StructureField | undefined;
  readonly commonContext: StructureField | undefined;
  readonly events: readonly EventClass[];
  readonly parts: PacketParts;
}

/** The fields with a meaning, whose values the writer of packets sets. */
export interface PacketParts {
  packetSize?: IntegerField;
  contentSize?: IntegerField;
  begin?: IntegerField;
  end?: IntegerField;
  discarded?: IntegerField;
  sequence?: IntegerField;
  id?: IntegerField | VariableLengthField;
  compact?: { readonly first: IntegerField; readonly extended: bigint; readonly id: IntegerField };
  timestamps: (IntegerField | VariableLengthField)[];
  /** Fewest bits in which the clock is told. */
  clockBits: number;
}

export interface TraceParts {
  readonly random: Random;
  readonly order: ByteOrder;
  readonly uuid: readonly number[] | undefined;
  readonly environment: ReadonlyMap<string, number>;
  readonly clock: Clock | undefined;
  readonly header: StructureField | undefined;
  readonly hasStreamIds: boolean;
  readonly streamClasses: readonly StreamClass[];
}

export function tsdlOf(trace: TraceParts): string {
  const { random, streamClasses } = trace;
  const uuid = trace.uuid && `uuid = "${uuidText(trace.uuid)}";`;
  const environment = [...trace.environment].map(([name, value]) => `${name} = ${value};`);
  const scope = (left: string, field: StructureField | undefined) =>
    field === undefined ? [] : [`${left} := ${field.tsdl()};`];
  const streamId = (id: number) => (trace.hasStreamIds ? [`id = ${tsdlNumber(id, random)};`] : []);
  const blocks = [
    block('trace', [
      'major = 1; minor = 8;',
      `byte_order = ${trace.order === 'le' ? 'le' : random.pick(['be', 'network'])};`,
      ...(uuid ? [uuid] : []),
      ...scope('packet.header', trace.header),
    ]),
    ...(environment.length > 0 ? [block('env', environment)] : []),
    ...(trace.clock ? [trace.clock.tsdl] : []),
    ...streamClasses.flatMap((streamClass) => [
      block('stream', [
        ...streamId(streamClass.id),
        ...scope('packet.context', streamClass.packetContext),
        ...scope('event.header', streamClass.eventHeader),
        ...scope('event.context', streamClass.commonContext),
      ]),
      ...streamClass.events.map((event) =>
        block('event', [
          `name = ${tsdlString(event.name)};`,
          ...(streamClass.parts.id ? [`id = ${tsdlNumber(event.id, random)};`] : []),
          ...(trace.hasStreamIds ? [`stream_id = ${streamClass.id};`] : []),
          ...scope('context', event.specificContext),
          ...scope('fields', event.payload),
        ]),
      ),
    ]),
  ];
  return `/* CTF 1.8 */\n${blocks.join('\n')}`;
}

export function jsonOf(trace: TraceParts): string {
  const { streamClasses } = trace;
  const scope = (name: string, field: StructureField | undefined): Json =>
    field === undefined ? {} : { [`${name}-field-class`]: field.json() };
  const fragments: Json[] = [
    { type: 'preamble', version: 2, ...(trace.uuid && { uuid: trace.uuid }) },
    { type: 'trace-class', ...scope('packet-header', trace.header) },
    ...(trace.clock ? [trace.clock.json] : []),
    ...streamClasses.flatMap((streamClass) => [
      {
        type: 'data-stream-class',
        ...(trace.hasStreamIds && { id: streamClass.id }),
        ...(trace.clock && { 'default-clock-class-id': 'c' }),
        ...scope('packet-context', streamClass.packetContext),
        ...scope('event-record-header', streamClass.eventHeader),
        ...scope('event-record-common-context', streamClass.commonContext),
      },
      ...streamClass.events.map((event) => ({
        type: 'event-record-class',
        id: event.id,
        ...(trace.hasStreamIds && { 'data-stream-class-id': streamClass.id }),
        name: event.name,
        ...scope('specific-context', event.specificContext),
        ...scope('payload', event.payload),
      })),
    ]),
  ];
  return fragments.map((fragment) => `\x1e${jsonText(fragment)}\n`).join('');
}

export function makeClock(random: Random): Clock {
  const frequency = random.pick([1_000_000_000, 1_000_000_000, 1000, 32_768, 2_400_000_000, 1]);
  const seconds = random.pick([0, 1_500_000_000, -5]);
  const cycles = random.below(Math.min(frequency, 100_000));
  const isEpoch = random.chance(0.5);
  return {
    tsdl: block('clock', [
      'name = c;',
      `freq = ${frequency};`,
      `offset_s = ${seconds};`,
      `offset = ${cycles};`,
      ...(isEpoch ? ['absolute = TRUE;'] : []),
    ]),
    json: {
      type: 'clock-class',
      id: 'c',
      frequency,
      'offset-from-origin': { seconds, cycles },
      ...(isEpoch && { origin: 'unix-epoch' }),
    },
  };
}

function block(name: string, lines: readonly string[]): string {
  return `${name} {\n${lines.join('\n')}\n};`;
}

function uuidText(bytes: readonly number[]): string {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
