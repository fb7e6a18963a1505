import type {
  EventRecordClass,
  FieldClass,
  RecordCursor,
  StructureFieldClass,
} from '@sonde/trace-model';
import { bodyScopes, scopeFieldClass } from '@sonde/trace-model';
import type { WalkSink } from '../contract.ts';
import { emptyElementsDeclaration } from './array-walker.ts';
import { byteOrderCode } from './byte-order-rule.ts';
import { CodeBuffer } from './code-buffer.ts';
import { failAtRecord } from './explain-fault.ts';
import { FieldWalker } from './field-walker.ts';
import { KeySlots } from './key-slots.ts';
import { after, alignmentOf, anyPosition, type KnownPosition } from './static-layout.ts';

export interface BodyScope {
  readonly scope: (typeof bodyScopes)[number];
  readonly fieldClass: StructureFieldClass;
}

export function bodyScopesOf(eventRecordClass: EventRecordClass): BodyScope[] {
  return bodyScopes.flatMap((scope) => {
    const fieldClass = scopeFieldClass(eventRecordClass, scope);
    return fieldClass === undefined ? [] : [{ scope, fieldClass }];
  });
}

/** What is known of where the bodies of records of the class begin, before alignment. */
export function bodyPosition(eventRecordClass: EventRecordClass): KnownPosition {
  const { eventRecordHeader } = eventRecordClass.dataStreamClass;
  if (eventRecordHeader === undefined) return anyPosition;
  let position = positionsAfter.get(eventRecordHeader);
  if (position === undefined) {
    position = after(eventRecordHeader, anyPosition);
    positionsAfter.set(eventRecordHeader, position);
  }
  return position;
}

const positionsAfter = new WeakMap<StructureFieldClass, KnownPosition>();

/** Whether the code for a start at any bit does well: the first field moves to a byte at once. */
export function bodyIsByteAligned(eventRecordClass: EventRecordClass): boolean {
  const first = bodyScopesOf(eventRecordClass)[0];
  return first === undefined || alignmentOf(first.fieldClass) >= 8;
}

/** The generated code for the body of a record, and what was found while it was written. */
export interface BodyCode {
  readonly buffer: CodeBuffer;
  /** False: every record of its length is well-formed. */
  readonly hasByteOrderChecks: boolean;
}

/**
 * Generates a function of `cursor` that walks the body of a record which begins at `start` and returns its end (bits).
 * @param stopsEarly - For bodies of static length: look at nothing behind the last wanted field, and return -1.
 */
export function generateBody(
  eventRecordClass: EventRecordClass,
  sink: WalkSink,
  start: KnownPosition,
  stopsEarly = false,
): BodyCode {
  const bodies = bodyScopesOf(eventRecordClass);
  const roots = bodies.map((body) => body.fieldClass);
  return generateFunction({ roots, sink, start, stopsEarly }, (walker, buffer) => {
    for (const { scope, fieldClass } of bodies) {
      if (stopsEarly && sink.isDone === true) break;
      buffer.note(scope);
      sink.beginScope?.(buffer, scope, fieldClass);
      walker.walk(fieldClass);
      sink.endScope?.(buffer, scope, fieldClass);
    }
  });
}

export interface FunctionParts {
  /** The fields that are walked. */
  readonly roots: readonly FieldClass[];
  readonly sink: WalkSink;
  readonly start: KnownPosition;
  /**
   * Expression for where the first field begins (bits); what is before it has been checked. Default: where the body begins.
   */
  readonly begin?: string;
  /** Save all keys in the cursor's keys: for code that reads single fields later. */
  readonly publishesKeys?: boolean;
  /** The size is static: look at nothing behind the last wanted field, and return -1. */
  readonly stopsEarly?: boolean;
}

/** Generates a function of `cursor` around what `walk` writes. It returns the end of the last field (bits). */
export function generateFunction(
  parts: FunctionParts,
  walk: (walker: FieldWalker, buffer: CodeBuffer) => void,
): BodyCode {
  const { roots, sink, start, begin = 'cursor.bodyOffsetBits' } = parts;
  const buffer = new CodeBuffer();
  const declarations = buffer.reserve();
  const keys = new KeySlots(buffer, roots, parts.publishesKeys === true);
  const fail = `return ${buffer.constant(failAtRecord)}(cursor);`;
  sink.prologue?.(buffer);
  const { stopsEarly = false } = parts;
  const walker = new FieldWalker(buffer, keys, sink, { position: start, fail, stopsEarly });
  walk(walker, buffer);
  if (stopsEarly) walker.at.offsetBits = walker.at.wantedBits;
  walker.at.endRun();
  sink.epilogue?.(buffer);
  buffer.line(`return ${stopsEarly ? '-1' : walker.at.bits()};`);
  const order = parts.begin === undefined ? 'cursor.lastByteOrder' : 'undefined';
  buffer.fill(declarations, declarationsCode(walker, start, { begin, order }));
  return { buffer, hasByteOrderChecks: walker.order.hasChecks };
}

function declarationsCode(
  walker: FieldWalker,
  start: KnownPosition,
  initial: { readonly begin: string; readonly order: string },
): string {
  const { out, order, keys } = walker;
  const code = [
    'const B=cursor.bytes,D=cursor.view,K=cursor.keys,E=cursor.contentEndBits,e=E>>>3;',
    start.modulus < 8 ? `let b=${initial.begin},p=0;` : `let p=${initial.begin}>>>3,b=0;`,
    keys.declarations(),
  ];
  if (order.usesVariable) {
    code.push(`let o=${out.constant(byteOrderCode)}(${initial.order});`);
  }
  if (walker.countsEmptyElements) code.push(emptyElementsDeclaration);
  return code.join('');
}

export type BodyFunction = (cursor: RecordCursor) => number;

export function compileBuffer(buffer: CodeBuffer): BodyFunction {
  return buffer.compile('cursor') as BodyFunction;
}
