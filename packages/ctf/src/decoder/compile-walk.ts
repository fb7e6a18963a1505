import type { EventHandler, EventRecordClass, RecordCursor } from '@sonde/trace-model';
import { walkBody } from './body-walk.ts';
import type { BackEnd, CompileWalk, WalkSink } from './contract.ts';
import { maxEmptyElements } from './decode-state.ts';
import type { FieldVisitor } from './field-visitor.ts';
import {
  type BodyFunction,
  bodyIsByteAligned,
  bodyPosition,
  bodyScopesOf,
  compileBuffer,
  generateBody,
} from './generated/body-code.ts';
import type { CodeBuffer } from './generated/code-buffer.ts';
import { silentSink } from './generated/field-walker.ts';
import { rootFacts } from './generated/root-facts.ts';
import { bytePosition, emptyElementsIn, moved, staticSizeBits } from './generated/static-layout.ts';
import { silentVisitor } from './visit-scope.ts';

let defaultOfThisPlace: BackEnd | undefined;

/** `generated` where the place allows `new Function`, else `closures`. */
export function defaultBackEnd(): BackEnd {
  if (defaultOfThisPlace === undefined) {
    try {
      new Function('');
      defaultOfThisPlace = 'generated';
    } catch {
      defaultOfThisPlace = 'closures';
    }
  }
  return defaultOfThisPlace;
}

/** V8 has an end of its stack: functions of more fields have too many variables for it, deeper ones can't be parsed. */
const greatestGenerated = { size: 10_000, nesting: 500 };

/** `backEnd`, but closures for records of the class that are too much for one generated function. */
export function backEndFor(
  eventRecordClass: EventRecordClass,
  backEnd: BackEnd = defaultBackEnd(),
): BackEnd {
  if (backEnd === 'closures') return backEnd;
  let size = 0;
  for (const { fieldClass } of bodyScopesOf(eventRecordClass)) {
    const facts = rootFacts(fieldClass);
    size += facts.size;
    if (facts.nesting > greatestGenerated.nesting) return 'closures';
  }
  return size > greatestGenerated.size ? 'closures' : backEnd;
}

/**
 * Compiles a handler that walks the body of records of the class. Where bodies may begin within a byte, there are two functions;
 * the second is generated when the first such record comes.
 * @throws EvalError where code generation is forbidden: use `compileVisit` there, and where `backEndFor` says so
 */
export const compileWalk: CompileWalk = (
  eventRecordClass: EventRecordClass,
  sink: WalkSink,
): EventHandler => compileBody(eventRecordClass, sink);

export function compileBody(
  eventRecordClass: EventRecordClass,
  sink: WalkSink,
  compile: (buffer: CodeBuffer) => BodyFunction = compileBuffer,
): BodyFunction {
  const start = bodyPosition(eventRecordClass);
  const compileAt = (position: typeof start): BodyFunction =>
    compile(generateBody(eventRecordClass, sink, position).buffer);
  if (start.modulus >= 8 || bodyIsByteAligned(eventRecordClass)) return compileAt(start);
  const fromByte = compileAt(bytePosition);
  let fromBit: BodyFunction | undefined;
  return (cursor) => {
    if ((cursor.bodyOffsetBits & 7) === 0) return fromByte(cursor);
    fromBit ??= compileAt(start);
    return fromBit(cursor);
  };
}

/** The twin of `compileWalk` for visitors: closures, no code generation. */
export function compileVisit(
  eventRecordClass: EventRecordClass,
  visitor: FieldVisitor,
): EventHandler {
  return (cursor: RecordCursor) => walkBody(eventRecordClass, cursor, visitor).offsetBits;
}

/**
 * Compiles how to step over the body of records of the class.
 * @returns its length (bits) where that is the same for all records wherever they begin, else a function that returns the end
 */
export function compileLength(
  eventRecordClass: EventRecordClass,
  backEnd: BackEnd = defaultBackEnd(),
): number | EventHandler {
  return staticLengthBits(eventRecordClass) ?? compileLengthFunction(eventRecordClass, backEnd);
}

/**
 * The length (bits) of the body of all records of the class, wherever they begin; undefined: it is not the same for all, or records
 * of that length may be malformed.
 */
export function staticLengthBits(eventRecordClass: EventRecordClass): number | undefined {
  let lengthBits = staticLengths.get(eventRecordClass);
  if (lengthBits === undefined) {
    lengthBits = findStaticLengthBits(eventRecordClass) ?? -1;
    staticLengths.set(eventRecordClass, lengthBits);
  }
  return lengthBits < 0 ? undefined : lengthBits;
}

/** -1: there is none. */
const staticLengths = new WeakMap<EventRecordClass, number>();

/** A function which returns the end of the record (bits). The streams of a class have the same. */
export function compileLengthFunction(
  eventRecordClass: EventRecordClass,
  backEnd: BackEnd,
): EventHandler {
  let length = lengthFunctions[backEnd].get(eventRecordClass);
  if (length === undefined) {
    length =
      backEndFor(eventRecordClass, backEnd) === 'closures'
        ? compileVisit(eventRecordClass, silentVisitor)
        : compileBody(eventRecordClass, silentSink);
    lengthFunctions[backEnd].set(eventRecordClass, length);
  }
  return length;
}

const lengthFunctions: Record<BackEnd, WeakMap<EventRecordClass, EventHandler>> = {
  generated: new WeakMap(),
  closures: new WeakMap(),
};

function findStaticLengthBits(eventRecordClass: EventRecordClass): number | undefined {
  const start = bodyPosition(eventRecordClass);
  const scopes = bodyScopesOf(eventRecordClass);
  let sizeBits = 0;
  for (const { fieldClass } of scopes) {
    const scopeBits = staticSizeBits(fieldClass, moved(start, sizeBits));
    if (scopeBits === undefined) return undefined;
    sizeBits += scopeBits;
  }
  const emptyElements = scopes.reduce(
    (count, scope) => count + emptyElementsIn(scope.fieldClass),
    0,
  );
  if (emptyElements > maxEmptyElements) return undefined;
  const byteOrders = new Set(
    scopes.flatMap((scope) => [...rootFacts(scope.fieldClass).byteOrders]),
  );
  if (start.modulus >= 8 && start.residue % 8 === 0 && byteOrders.size <= 1) return sizeBits;
  if (generateBody(eventRecordClass, silentSink, start).hasByteOrderChecks) return undefined;
  return sizeBits;
}
