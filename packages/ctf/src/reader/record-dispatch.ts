import type {
  DataStreamClass,
  Downstream,
  EventHandler,
  EventRecordClass,
  FieldClass,
  RecordCursor,
  StructureFieldClass,
} from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import { compileLengthFunction, staticLengthBits } from '../decoder/compile-walk.ts';
import type { BackEnd } from '../decoder/contract.ts';
import { childFieldClasses } from '../field-class-tree.ts';

/** No table gets longer than this for its ids' sake; greater ids go through a map. */
const maxDirectIds = 65_536;

/**
 * What to do with the records of each class of one stream: tables by *index*, which is the id itself for ids below `directCount`,
 * else a number allotted when the class is met. Filled at the first record of each class.
 */
export class RecordDispatch {
  readonly dataStreamClass: DataStreamClass;
  readonly directCount: number;
  readonly eventRecordClasses: (EventRecordClass | undefined)[] = [];
  /** Undefined: not met yet. Null: nobody wants these records. */
  readonly handlers: (EventHandler | null | undefined)[] = [];
  /** Static length (bytes) of what follows the header, or -1: see `lengths`. Set with the handler. */
  readonly staticBytes: number[] = [];
  readonly lengths: EventHandler[] = [];
  /** Whether what follows the header can take no space. Set with the handler. */
  readonly bodyMayBeEmpty: boolean[] = [];
  /** Some class met has timestamps after the record header: stepping over its records would miss them. */
  bodiesMoveClock = false;
  /** Of all fields of all classes met. */
  maxAlignmentBits = 1;
  readonly #backEnd: BackEnd;
  readonly #indexes = new Map<bigint, number>();

  constructor(dataStreamClass: DataStreamClass, backEnd: BackEnd) {
    this.dataStreamClass = dataStreamClass;
    this.#backEnd = backEnd;
    let directCount = 0;
    for (const id of dataStreamClass.eventRecordClasses.keys()) {
      if (id < maxDirectIds) directCount = Math.max(directCount, Number(id) + 1);
    }
    this.directCount = directCount;
    for (let i = 0; i < directCount; i++) this.#allot(undefined);
    for (const [id, eventRecordClass] of dataStreamClass.eventRecordClasses) {
      if (id < directCount) this.eventRecordClasses[Number(id)] = eventRecordClass;
    }
  }

  /** The index of the class with `id`, or -1. `id` undefined: the record header has none. */
  indexOf(id: number | bigint | undefined): number {
    const { eventRecordClasses } = this.dataStreamClass;
    if (id === undefined) {
      const only = eventRecordClasses.size === 1 ? eventRecordClasses.keys().next().value : 0n;
      return this.indexOf(only!);
    }
    if (id < this.directCount && this.eventRecordClasses[Number(id)] !== undefined) {
      return Number(id);
    }
    const eventRecordClass = eventRecordClasses.get(BigInt(id));
    if (eventRecordClass === undefined) return -1;
    if (id < this.directCount) {
      this.eventRecordClasses[Number(id)] = eventRecordClass;
      return Number(id);
    }
    let index = this.#indexes.get(eventRecordClass.id);
    if (index === undefined) {
      index = this.#allot(eventRecordClass);
      this.#indexes.set(eventRecordClass.id, index);
    }
    return index;
  }

  /** Asks `downstream` about the class of the cursor's record, which is at `index`, and finds out about its length. */
  meet(index: number, cursor: RecordCursor, downstream: Pick<Downstream, 'eventHandler'>): void {
    const eventRecordClass = this.eventRecordClasses[index]!;
    const handler = downstream.eventHandler(cursor);
    const lengthBits = staticLengthBits(eventRecordClass);
    if (lengthBits !== undefined) {
      if (lengthBits % 8 === 0) this.staticBytes[index] = lengthBits / 8;
      this.lengths[index] = (record) => record.bodyOffsetBits + lengthBits;
    } else {
      // Handlers mostly say where a record ends: compiled when it is first needed.
      this.lengths[index] = (record) => {
        const length = compileLengthFunction(eventRecordClass, this.#backEnd);
        this.lengths[index] = length;
        return length(record);
      };
    }
    if (bodiesOf(eventRecordClass).some(hasTimestamp)) this.bodiesMoveClock = true;
    const alignments = bodiesOf(eventRecordClass).map(maxAlignmentBitsOf);
    this.maxAlignmentBits = Math.max(this.maxAlignmentBits, ...alignments);
    this.bodyMayBeEmpty[index] = bodiesOf(eventRecordClass).every(mayBeEmpty);
    this.handlers[index] = handler;
  }

  #allot(eventRecordClass: EventRecordClass | undefined): number {
    this.handlers.push(undefined);
    this.staticBytes.push(-1);
    this.lengths.push(lengthNotCompiled);
    this.bodyMayBeEmpty.push(false);
    return this.eventRecordClasses.push(eventRecordClass) - 1;
  }
}

function lengthNotCompiled(): number {
  throw new Error('Defect: the record class has not been met');
}

function bodiesOf(eventRecordClass: EventRecordClass): StructureFieldClass[] {
  return [
    eventRecordClass.dataStreamClass.eventRecordCommonContext,
    eventRecordClass.specificContext,
    eventRecordClass.payload,
  ].filter((fieldClass) => fieldClass !== undefined);
}

/** The greatest alignment of a field and of all that is in it. */
export function maxAlignmentBitsOf(fieldClass: FieldClass): number {
  let most = 1;
  // No recursion: V8 would put so much of it into itself that compiling cost more than all calls.
  const pending = [fieldClass];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const children = childFieldClasses(next);
    for (const child of children) pending.push(child);
    if ('minimumAlignmentBits' in next) most = Math.max(most, next.minimumAlignmentBits);
    else if (children.length === 0) most = Math.max(most, alignmentBitsOf(next));
  }
  return most;
}

function mayBeEmpty(fieldClass: FieldClass): boolean {
  switch (fieldClass.type) {
    case 'structure':
      return fieldClass.members.every((member) => mayBeEmpty(member.fieldClass));
    case 'variant':
      return fieldClass.options.some((option) => mayBeEmpty(option.fieldClass));
    case 'static-length-array':
      return fieldClass.length === 0 || mayBeEmpty(fieldClass.elementFieldClass);
    case 'static-length-string':
    case 'static-length-blob':
      return fieldClass.lengthBytes === 0;
    case 'optional':
    case 'dynamic-length-array':
    case 'dynamic-length-string':
    case 'dynamic-length-blob':
      return true;
    default:
      return false;
  }
}

function hasTimestamp(fieldClass: FieldClass): boolean {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer':
      return fieldClass.roles?.includes('default-clock-timestamp') === true;
    case 'structure':
      return fieldClass.members.some((member) => hasTimestamp(member.fieldClass));
    case 'variant':
      return fieldClass.options.some((option) => hasTimestamp(option.fieldClass));
    case 'optional':
      return hasTimestamp(fieldClass.fieldClass);
    case 'static-length-array':
    case 'dynamic-length-array':
      return hasTimestamp(fieldClass.elementFieldClass);
    default:
      return false;
  }
}
