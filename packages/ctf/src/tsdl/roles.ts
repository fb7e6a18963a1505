import type {
  ClockClass,
  FieldClass,
  FixedLengthIntegerFieldClass,
  Role,
  StructureFieldClass,
} from '@sonde/trace-model';
import type { TsdlContext } from './context.ts';

type UnsignedFieldClass = FixedLengthIntegerFieldClass & { type: 'fixed-length-unsigned-integer' };

function isUnsigned(fieldClass: FieldClass): fieldClass is UnsignedFieldClass {
  return fieldClass.type === 'fixed-length-unsigned-integer';
}

function addRole(fieldClass: { roles?: readonly Role[] }, role: Role): void {
  if (fieldClass.roles?.includes(role)) return;
  fieldClass.roles = [...(fieldClass.roles ?? []), role];
}

function ignoreName(context: TsdlContext, name: string, fieldClass: FieldClass): void {
  context.warn(
    `Member \`${name}\` is an ordinary field: its type does not suit its reserved name.`,
    context.positionOf(fieldClass),
  );
}

/** Gives the members of a packet header the meaning of their reserved names (CTF 1.8.3 §5.1). */
export function assignPacketHeaderRoles(context: TsdlContext, header: StructureFieldClass): void {
  for (const [index, { name, fieldClass }] of header.members.entries()) {
    switch (name) {
      case 'magic':
        if (isUnsigned(fieldClass)) assignMagic(context, fieldClass, index);
        else ignoreName(context, name, fieldClass);
        break;
      case 'uuid':
        if (isUuid(fieldClass)) addRole(fieldClass, 'metadata-stream-uuid');
        else ignoreName(context, name, fieldClass);
        break;
      case 'stream_id':
      case 'stream_instance_id':
        if (isUnsigned(fieldClass)) {
          addRole(fieldClass, name === 'stream_id' ? 'data-stream-class-id' : 'data-stream-id');
        } else {
          ignoreName(context, name, fieldClass);
        }
    }
  }
}

function assignMagic(context: TsdlContext, fieldClass: UnsignedFieldClass, index: number): void {
  if (fieldClass.lengthBits !== 32 || index !== 0) {
    throw context.error(
      index === 0
        ? 'The packet magic number must have 32 bits.'
        : 'The packet magic number must be the first member of the packet header.',
      context.positionOf(fieldClass),
    );
  }
  addRole(fieldClass, 'packet-magic-number');
}

function isUuid(fieldClass: FieldClass): fieldClass is FieldClass & { roles?: readonly Role[] } {
  if (fieldClass.type !== 'static-length-array' || fieldClass.length !== 16) return false;
  const element = fieldClass.elementFieldClass;
  return isUnsigned(element) && element.lengthBits === 8 && element.alignmentBits === 8;
}

const packetContextRoles: Readonly<Record<string, Role>> = {
  packet_size: 'packet-total-length',
  content_size: 'packet-content-length',
  events_discarded: 'discarded-event-record-counter-snapshot',
  packet_seq_num: 'packet-sequence-number',
};

/** Same for the packet context, timestamps left out (CTF 1.8.3 §5.2). */
export function assignPacketContextRoles(context: TsdlContext, root: StructureFieldClass): void {
  for (const { name, fieldClass } of root.members) {
    const role = Object.hasOwn(packetContextRoles, name) ? packetContextRoles[name] : undefined;
    if (!role) continue;
    if (isUnsigned(fieldClass)) addRole(fieldClass, role);
    else ignoreName(context, name, fieldClass);
  }
}

/** Same for the event record header: `id` counts wherever it is, for LTTng has one in each variant option. */
export function assignEventHeaderRoles(context: TsdlContext, root: StructureFieldClass): void {
  visitMembers(root, (name, fieldClass) => {
    if (name !== 'id') return;
    if (isUnsigned(fieldClass)) addRole(fieldClass, 'event-record-class-id');
    else if (fieldClass.type !== 'structure') ignoreName(context, name, fieldClass);
  });
}

/** Visits the members of a structure and of all structures inside it. Names of variant options do not count as names. */
function visitMembers(
  fieldClass: FieldClass,
  visit: (name: string, fieldClass: FieldClass) => void,
): void {
  if (fieldClass.type === 'structure') {
    for (const member of fieldClass.members) {
      visit(member.name, member.fieldClass);
      visitMembers(member.fieldClass, visit);
    }
  } else if (fieldClass.type === 'variant') {
    for (const option of fieldClass.options) visitMembers(option.fieldClass, visit);
  }
}

function visitAll(fieldClass: FieldClass, visit: (fieldClass: FieldClass) => void): void {
  visit(fieldClass);
  switch (fieldClass.type) {
    case 'structure':
      for (const member of fieldClass.members) visitAll(member.fieldClass, visit);
      break;
    case 'variant':
      for (const option of fieldClass.options) visitAll(option.fieldClass, visit);
      break;
    case 'static-length-array':
    case 'dynamic-length-array':
      visitAll(fieldClass.elementFieldClass, visit);
  }
}

/** The clock that the timestamps of one data stream class are snapshots of: all of the same one. */
export class StreamClock {
  clockClass: ClockClass | undefined;
  readonly #context: TsdlContext;
  readonly #clockClasses: ClockClass[];

  /** `clockClasses` gets an implicit clock when one is needed. */
  constructor(context: TsdlContext, clockClasses: ClockClass[], known?: ClockClass) {
    this.#context = context;
    this.#clockClasses = clockClasses;
    this.clockClass = known;
  }

  /** Reads the `map` attributes of a scope. Its root member `endName` is a timestamp which does not move the clock. */
  mapExplicit(root: StructureFieldClass | undefined, endName?: string): void {
    if (!root || this.#context.mappedClocks.size === 0) return;
    const end = root.members.find((member) => member.name === endName)?.fieldClass;
    visitAll(root, (fieldClass) => {
      const clockName = this.#context.mappedClocks.get(fieldClass);
      if (clockName === undefined) return;
      this.#use(this.#find(clockName, fieldClass), fieldClass);
      mark(fieldClass, fieldClass === end);
    });
  }

  /** Maps the timestamps that have a reserved name but no `map`: of the packet context's root, and anywhere in the header. */
  mapImplicit(
    packetContext: StructureFieldClass | undefined,
    header: StructureFieldClass | undefined,
  ): void {
    for (const { name, fieldClass } of packetContext?.members ?? []) {
      if (name === 'timestamp_begin' || name === 'timestamp_end') {
        this.#mapImplicitly(fieldClass, name === 'timestamp_end');
      }
    }
    if (!header) return;
    visitMembers(header, (name, fieldClass) => {
      if (name === 'timestamp') this.#mapImplicitly(fieldClass, false);
    });
  }

  #mapImplicitly(fieldClass: FieldClass, isEnd: boolean): void {
    if (!isUnsigned(fieldClass) || this.#context.mappedClocks.has(fieldClass)) return;
    this.clockClass ??= this.#onlyClock(fieldClass);
    mark(fieldClass, isEnd);
  }

  #onlyClock(fieldClass: FieldClass): ClockClass {
    const [first, second] = this.#clockClasses;
    if (second) {
      throw this.#context.error(
        'This timestamp has no `map` attribute, and there is more than one clock.',
        this.#context.positionOf(fieldClass),
      );
    }
    if (first) return first;
    const clockClass: ClockClass = { ...implicitClock };
    this.#clockClasses.push(clockClass);
    return clockClass;
  }

  #find(clockName: string, fieldClass: FieldClass): ClockClass {
    const clockClass = this.#clockClasses.find(({ id }) => id === clockName);
    if (clockClass) return clockClass;
    throw this.#context.error(
      `There is no clock \`${clockName}\`.`,
      this.#context.positionOf(fieldClass),
      'tsdl-unknown-clock',
    );
  }

  #use(clockClass: ClockClass, fieldClass: FieldClass): void {
    if (this.clockClass && this.clockClass !== clockClass) {
      throw this.#context.error(
        `Two clocks in one stream: \`${this.clockClass.id}\` and \`${clockClass.id}\`.`,
        this.#context.positionOf(fieldClass),
      );
    }
    this.clockClass = clockClass;
  }
}

function mark(fieldClass: FieldClass, isEnd: boolean): void {
  if (!isUnsigned(fieldClass)) return;
  addRole(fieldClass, isEnd ? 'packet-end-default-clock-timestamp' : 'default-clock-timestamp');
}

/** Babeltrace's clock for timestamps without any. */
const implicitClock: ClockClass = {
  id: 'default',
  name: 'default',
  frequencyHz: 1_000_000_000n,
  offsetSeconds: 0n,
  offsetCycles: 0n,
  precisionCycles: 0n,
};
