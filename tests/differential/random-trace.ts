/** A random trace: metadata, data streams, and the text that a reader has to print. */
import { Bits, type ByteOrder } from './bits.ts';
import { ArrayField, type StructureField, VariantField } from './compound-fields.ts';
import { IntegerField, type Member, VariableLengthField } from './fields.ts';
import {
  type Clock,
  jsonOf,
  makeClock,
  type PacketParts,
  type StreamClass,
  tsdlOf,
} from './metadata.ts';
import { Random } from './random.ts';
import { FieldBuilder, type Scope, type Version } from './random-fields.ts';

export interface RandomTrace {
  readonly metadata: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of `--clock-cycles`. */
  readonly text: string;
  /** Some packet context has no members: one that we write has some, which aren't shown. */
  readonly hasEmptyPacketContext: boolean;
}

const scopeNames = [
  ['trace.packet.header.', 'packet-header'],
  ['stream.packet.context.', 'packet-context'],
  ['stream.event.header.', 'event-record-header'],
  ['stream.event.context.', 'event-record-common-context'],
  ['event.context.', 'event-record-specific-context'],
  ['event.fields.', 'event-record-payload'],
].map(([tsdlPrefix, origin]) => ({ tsdlPrefix: tsdlPrefix!, origin: origin! }));

export function randomTrace(seed: number, version: Version): RandomTrace {
  return new TraceMaker(new Random(seed), version).make();
}

class TraceMaker {
  readonly #order: ByteOrder;
  readonly #fields: FieldBuilder;
  readonly #environment = new Map<string, number>();
  readonly #uuid: readonly number[] | undefined;
  readonly #clock: Clock | undefined;
  #lines: { readonly time: bigint; readonly text: string }[] = [];
  #streamId: IntegerField | undefined;
  #instanceId: IntegerField | undefined;
  #header: StructureField | undefined;
  #headerScope: Scope | undefined;

  readonly random: Random;
  readonly version: Version;

  constructor(random: Random, version: Version) {
    this.random = random;
    this.version = version;

    this.#order = random.pick(['le', 'be']);
    for (let i = random.below(3); i > 0; i--) this.#environment.set(`n${i}`, random.below(5));
    const { version: v } = this;
    const facts = { version: v, order: this.#order, environment: this.#environment };
    this.#fields = new FieldBuilder(random, facts);
    if (random.chance(0.5)) this.#uuid = Array.from({ length: 16 }, () => random.below(256));
    if (random.chance(0.85)) this.#clock = makeClock(random);
  }

  make(): RandomTrace {
    const { random } = this;
    const classCount = this.#clock ? random.between(1, 3) : 1;
    this.#makeHeader(classCount);
    const streamClasses = Array.from({ length: classCount }, (_, i) => this.#streamClass(i));
    const files = new Map<string, Uint8Array>();
    for (const [i, packets] of this.#writeAll(streamClasses).entries())
      files.set(`stream${i}`, packets);
    const parts = {
      random,
      order: this.#order,
      uuid: this.#uuid,
      environment: this.#environment,
      clock: this.#clock,
      header: this.#header,
      hasStreamIds: this.#streamId !== undefined,
      streamClasses,
    };
    const metadata = this.version === 1 ? tsdlOf(parts) : jsonOf(parts);
    this.#lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    let before: bigint | undefined;
    const lines = this.#lines.map(({ time, text }) => {
      if (this.#clock === undefined) return `${text}\n`;
      const delta = before === undefined ? '????????????' : `${time - before}`.padStart(12, '0');
      before = time;
      return `[${`${time}`.padStart(20, '0')}] (+${delta}) ${text}\n`;
    });
    const hasEmptyPacketContext = streamClasses.some((c) => c.packetContext?.members.length === 0);
    return { metadata, files, text: lines.join(''), hasEmptyPacketContext };
  }

  #integer(size: number, role: string): IntegerField {
    const field = this.#fields.integer(size);
    field.role = role;
    return field;
  }

  #makeHeader(classCount: number): void {
    const { random, version } = this;
    const members: Member[] = [];
    const add = (name: string, field: Member['field']) =>
      members.push({ name, field, isHidden: true });
    if (random.chance(0.6)) {
      const magic = this.#integer(32, 'packet-magic-number');
      magic.next = () => 0xc1fc1fc1n;
      add('magic', magic);
    }
    if (this.#uuid && random.chance(0.7)) {
      const uuid = this.#uuid;
      let at = 0;
      const byte = new IntegerField(8, false, 10, this.#order, 8, false, random, this.#order);
      byte.next = () => BigInt(uuid[at++ % 16]!);
      const array = new ArrayField(byte, { tsdl: '16', json: undefined, value: () => 16 }, 1);
      if (version === 1) add('uuid', array);
      else {
        const blob = {
          alignmentBits: 8,
          tsdl: () => '',
          json: () => ({ type: 'static-length-blob', length: 16, roles: ['metadata-stream-uuid'] }),
          write: (output: Parameters<typeof array.write>[0]) => array.write(output),
        };
        add('uuid', blob);
      }
    }
    if (classCount > 1 || random.chance(0.5)) {
      this.#streamId = this.#integer(random.pick([8, 16, 64, 5]), 'data-stream-class-id');
      add('stream_id', this.#streamId);
    }
    if (random.chance(0.4)) {
      this.#instanceId = this.#integer(random.pick([8, 32, 64]), 'data-stream-id');
      add('stream_instance_id', this.#instanceId);
    }
    if (members.length === 0 && random.chance(0.5)) return;
    const { field, scope } = this.#fields.scope(scopeNames[0]!, [], members, random.below(3));
    this.#header = field;
    this.#headerScope = scope;
  }

  #streamClass(index: number): StreamClass {
    const { random } = this;
    const parts: PacketParts = { timestamps: [], clockBits: 64 };
    const scopes: Scope[] = this.#headerScope ? [this.#headerScope] : [];
    const sizes = this.#packetContext(parts);
    const first = sizes.length > 0 || random.chance(0.5);
    const packetContext = first
      ? this.#fields.scope(scopeNames[1]!, scopes, sizes, random.below(4))
      : undefined;
    if (packetContext) scopes.push(packetContext.scope);

    const eventCount = random.between(1, 4);
    const headerMembers = this.#eventHeader(parts, eventCount);
    const eventHeader =
      headerMembers.length > 0
        ? this.#fields.scope(scopeNames[2]!, scopes, headerMembers, random.chance(0.2) ? 1 : 0)
        : undefined;
    if (eventHeader) scopes.push(eventHeader.scope);
    const commonContext = random.chance(0.4)
      ? this.#fields.scope(scopeNames[3]!, scopes, [], random.between(1, 3))
      : undefined;
    if (commonContext) scopes.push(commonContext.scope);
    // Without lengths everything that is there is events: they end with a byte.
    const hasLengths = parts.packetSize !== undefined || parts.contentSize !== undefined;
    const events = Array.from({ length: eventCount }, (_, id) => {
      const specific = random.chance(0.3)
        ? this.#fields.scope(scopeNames[4]!, scopes, [], random.between(1, 2))
        : undefined;
      const earlier = specific ? [...scopes, specific.scope] : scopes;
      const last = new IntegerField(8, false, 10, this.#order, 8, false, random, this.#order);
      const end = hasLengths ? [] : [{ name: 'end', field: last }];
      const mayBeEmpty =
        hasLengths && eventHeader !== undefined && eventHeader.field.members.length > 0;
      const count = random.between(mayBeEmpty ? 0 : 1, 5);
      const first = mayBeEmpty
        ? []
        : [{ name: 'begin', field: this.#fields.integer(random.between(1, 64)) }];
      const payload = this.#fields.scope(scopeNames[5]!, earlier, first, count, end).field;
      const name = `${random.pick(['ev', 'lib:name', 'a.b', 'sys call', 'é%s'])}${index}_${id}`;
      return { id: this.#eventId(id, parts), name, specificContext: specific?.field, payload };
    });
    return {
      id: this.#streamId === undefined ? 0 : index,
      packetContext: packetContext?.field,
      eventHeader: eventHeader?.field,
      commonContext: commonContext?.field,
      events,
      parts,
    };
  }

  /** Compact headers have a few identifiers in the first field, and the rest in an option. */
  #eventId(index: number, { compact }: PacketParts): number {
    return compact && index % 2 === 1 ? Number(compact.extended) + index : index;
  }

  #packetContext(parts: PacketParts): Member[] {
    const { random } = this;
    const members: Member[] = [];
    const add = (name: string, field: IntegerField) => {
      members.splice(random.below(members.length + 1), 0, { name, field, isHidden: true });
      return field;
    };
    const size = () => random.pick([16, 32, 64, 27]);
    // Without a clock one packet after the other; lengths are always good to have.
    const which = random.below(8);
    if (which !== 0 && which !== 1)
      parts.packetSize = add('packet_size', this.#integer(size(), 'packet-total-length'));
    if (which !== 0 && which !== 2)
      parts.contentSize = add('content_size', this.#integer(size(), 'packet-content-length'));
    if (this.#clock && random.chance(0.7)) {
      parts.begin = add(
        'timestamp_begin',
        this.#clocked(random.pick([64, 64, 32]), parts, 'default-clock-timestamp'),
      );
      parts.end = add(
        'timestamp_end',
        this.#clocked(64, parts, 'packet-end-default-clock-timestamp'),
      );
    }
    if (random.chance(0.4))
      parts.discarded = add(
        'events_discarded',
        this.#integer(size(), 'discarded-event-record-counter-snapshot'),
      );
    if (random.chance(0.4))
      parts.sequence = add('packet_seq_num', this.#integer(size(), 'packet-sequence-number'));
    return members;
  }

  #clocked(size: number, parts: PacketParts, role: string): IntegerField {
    const field = this.#integer(size, role);
    field.map = 'c';
    parts.clockBits = Math.min(parts.clockBits, size);
    return field;
  }

  #eventHeader(parts: PacketParts, eventCount: number): Member[] {
    const { random, version } = this;
    const role = 'default-clock-timestamp';
    const hide = (name: string, field: Member['field']): Member => ({
      name,
      field,
      isHidden: true,
    });
    if (this.#clock && random.chance(0.3)) return this.#compactHeader(parts);
    const members: Member[] = [];
    if (eventCount > 1 || random.chance(0.5)) {
      parts.id =
        version === 2 && random.chance(0.3)
          ? new VariableLengthField(false, 10)
          : this.#integer(random.pick([8, 16, 5, 64]), 'event-record-class-id');
      parts.id.role = 'event-record-class-id';
      members.push(hide('id', parts.id));
    }
    if (this.#clock) {
      const field =
        version === 2 && random.chance(0.3)
          ? new VariableLengthField(false, 10)
          : this.#clocked(random.pick([64, 32, 27, 40, 17]), parts, role);
      field.role = role;
      parts.timestamps.push(field);
      members.splice(random.below(2), 0, hide('timestamp', field));
    }
    return members;
  }

  #compactHeader(parts: PacketParts): Member[] {
    const { random } = this;
    const first = this.#integer(random.pick([5, 16, 3]), 'event-record-class-id');
    const extended = (1n << BigInt(first.size)) - 1n;
    first.mappings = [
      { label: 'compact', ranges: [[0n, extended - 1n]] },
      { label: 'extended', ranges: [[extended, extended]] },
    ];
    const role = 'default-clock-timestamp';
    const short = this.#clocked(random.pick([27, 32, 20]), parts, role);
    const long = this.#clocked(64, parts, role);
    const id = this.#integer(32, 'event-record-class-id');
    parts.id = first;
    parts.compact = { first, extended, id };
    parts.timestamps.push(short, long);
    const structure = (members: Member[]) =>
      this.#fields.scope(scopeNames[2]!, [], members, 0).field;
    const options = [
      {
        name: 'compact',
        field: structure([{ name: 'timestamp', field: short }]),
        ranges: [[0n, extended - 1n]] as const,
      },
      {
        name: 'extended',
        field: structure([
          { name: 'id', field: id },
          { name: 'timestamp', field: long },
        ]),
        ranges: [[extended, extended]] as const,
      },
    ];
    const selector = { tsdl: 'id', json: { path: ['id'] }, value: () => first.last };
    return [
      { name: 'id', field: first, isHidden: true },
      { name: 'v', field: new VariantField(options, selector), isHidden: true },
    ];
  }

  #writeAll(streamClasses: readonly StreamClass[]): Uint8Array[] {
    const { random } = this;
    const streams = streamClasses.flatMap((streamClass) => {
      const count = this.#instanceId && this.#clock ? random.between(1, 2) : 1;
      return Array.from({ length: count }, (_, instance) => new StreamState(streamClass, instance));
    });
    const step = 2 ** Math.min(40, ...streamClasses.map(({ parts }) => parts.clockBits - 6));
    let time = BigInt(random.pick([0, 5, 1000, 2 ** 31, 2 ** 45]));
    // Nothing tells the upper bits before the first whole timestamp.
    const isNarrow = streamClasses.some(({ parts }) => parts.clockBits < 64);
    if (isNarrow) time %= 1000n;
    for (let i = random.between(1, 30); i > 0; i--) {
      time += BigInt(1 + random.below(Math.max(1, step)));
      random.pick(streams).plan.push({ time, isPacketEnd: random.chance(0.2) });
    }
    return streams.map((stream) => this.#writeStream(stream));
  }

  #writeStream({ streamClass, instance, plan }: StreamState): Uint8Array {
    const { parts } = streamClass;
    const packets: Uint8Array[] = [];
    const hasLengths = parts.packetSize !== undefined || parts.contentSize !== undefined;
    let begin = 0;
    const state = { discarded: 0, sequence: 0, time: 0n };
    while (begin < plan.length || packets.length === 0) {
      let end = begin;
      while (end < plan.length && (!hasLengths || !plan[end]!.isPacketEnd)) end++;
      if (end < plan.length) end++;
      const times = plan.slice(begin, end).map(({ time }) => time);
      packets.push(this.#writePacket(streamClass, instance, times, state));
      begin = end;
    }
    return Uint8Array.from(packets.flatMap((packet) => [...packet]));
  }

  #writePacket(
    streamClass: StreamClass,
    instance: number,
    times: readonly bigint[],
    state: { discarded: number; sequence: number; time: bigint },
  ): Uint8Array {
    const { random } = this;
    const { parts } = streamClass;
    const bits = new Bits();
    const output = { bits, random };
    state.discarded += random.chance(0.3) ? random.below(5) : 0;
    state.sequence += random.chance(0.8) ? 1 : random.between(2, 4);
    const first = times[0] ?? state.time;
    const last = times.at(-1) ?? first;
    const set = (field: IntegerField | undefined, value: bigint) => {
      if (field) field.next = () => value;
    };
    set(this.#streamId, BigInt(streamClass.id));
    set(this.#instanceId, BigInt(instance));
    set(parts.begin, random.pick([first, state.time]));
    set(parts.end, last);
    set(parts.packetSize, 0n);
    set(parts.contentSize, 0n);
    set(parts.discarded, BigInt(state.discarded));
    set(parts.sequence, BigInt(state.sequence));
    this.#header?.write(output);
    const packetContext = streamClass.packetContext?.write(output);
    for (const time of times) {
      this.#writeEvent(streamClass, output, time, packetContext);
      state.time = time;
    }
    const content = bits.head;
    if (parts.packetSize !== undefined) {
      bits.align(8);
      if (parts.contentSize)
        bits.bytes(Array.from({ length: random.below(5) }, () => random.below(256)));
      else if (bits.head !== content) throw new NotThisOne();
      parts.packetSize.patch(bits, BigInt(bits.head));
    } else if (content % 8 !== 0) throw new NotThisOne();
    parts.contentSize?.patch(bits, BigInt(content));
    return bits.toBytes();
  }

  #writeEvent(
    streamClass: StreamClass,
    output: { readonly bits: Bits; readonly random: Random },
    time: bigint,
    packetContext: string | undefined,
  ): void {
    const { random } = this;
    const { parts } = streamClass;
    const event = random.pick(streamClass.events);
    const { compact } = parts;
    if (parts.id) {
      const short = compact && BigInt(event.id) < compact.extended && random.chance(0.8);
      const id = compact && !short ? compact.extended : BigInt(event.id);
      parts.id.next = () => id;
      if (compact) compact.id.next = () => BigInt(event.id);
    }
    for (const field of parts.timestamps) field.next = () => truncated(time, field);
    streamClass.eventHeader?.write(output);
    // A packet context of which nothing is left is none; an empty one is one.
    const members = streamClass.packetContext?.members ?? [];
    const isShown = members.length === 0 || members.some((member) => !member.isHidden);
    const texts = [
      isShown ? packetContext : undefined,
      streamClass.commonContext?.write(output),
      event.specificContext?.write(output),
      event.payload.write(output),
    ].filter((text) => text !== undefined);
    this.#lines.push({ time, text: `${event.name}: ${texts.join(', ')}` });
  }
}

/** What was drawn can't be written; another one can. */
export class NotThisOne extends Error {}

class StreamState {
  readonly plan: { readonly time: bigint; readonly isPacketEnd: boolean }[] = [];

  readonly streamClass: StreamClass;
  readonly instance: number;

  constructor(streamClass: StreamClass, instance: number) {
    this.streamClass = streamClass;
    this.instance = instance;
  }
}

/** Variable-length timestamps are written whole: 64 bits. */
function truncated(time: bigint, field: IntegerField | VariableLengthField): bigint {
  return field instanceof IntegerField ? BigInt.asUintN(field.size, time) : time;
}
