import type { EventRecordClass, FieldClass, RecordCursor, Scope } from '@sonde/trace-model';
import { backEndFor, compileVisit } from './compile-walk.ts';
import type { BackEnd } from './contract.ts';
import { decodeScope } from './decode-scope.ts';
import {
  type BodyScope,
  bodyPosition,
  bodyScopesOf,
  compileBuffer,
  type FunctionParts,
  generateFunction,
} from './generated/body-code.ts';
import type { CodeBuffer } from './generated/code-buffer.ts';
import { silentSink } from './generated/field-walker.ts';
import { ProjectionSink } from './generated/projection-sink.ts';
import type { KnownPosition } from './generated/static-layout.ts';
import { alignmentOf } from './generated/static-layout.ts';
import type { FieldValue } from './value-collector.ts';
import { silentVisitor } from './visit-scope.ts';

/** Members of a scope by name, decoded when they are asked for. No inherited members. */
export interface ScopeView {
  readonly [member: string]: FieldValue;
}

/**
 * Shows one record at a time: for browsing, where which fields are read depends on the data. A value is decoded each time it is
 * asked for, and is the caller's: numbers where exact, else bigints, as `decodeScope` gives.
 */
export interface EventView {
  /**
   * Goes to the cursor's current record, which must not move while the view is read.
   * @returns the end of the record (bits)
   * @throws DecodeError
   */
  moveTo(cursor: RecordCursor): number;
  /** Undefined: the class has no such scope. */
  readonly commonContext: ScopeView | undefined;
  readonly specificContext: ScopeView | undefined;
  readonly payload: ScopeView | undefined;
}

export function compileView(eventRecordClass: EventRecordClass, backEnd?: BackEnd): EventView {
  return backEndFor(eventRecordClass, backEnd) === 'generated'
    ? generatedView(eventRecordClass)
    : visitedView(eventRecordClass);
}

/** As in plain values, a name that is taken gives way to the one in the metadata text. */
function memberNames({ fieldClass }: BodyScope): string[] {
  const taken = new Set<string>();
  return fieldClass.members.map(({ name, originalName }) => {
    const own = taken.has(name) ? (originalName ?? name) : name;
    taken.add(own);
    return own;
  });
}

function viewOf(
  scopes: readonly BodyScope[],
  moveTo: EventView['moveTo'],
  getter: (scope: BodyScope, index: number, name: string) => () => FieldValue,
): EventView {
  const views = new Map<Scope, ScopeView>();
  for (const scope of scopes) {
    const view: { [member: string]: FieldValue } = Object.create(null);
    memberNames(scope).forEach((name, index) => {
      const get = getter(scope, index, name);
      Object.defineProperty(view, name, { get, enumerable: true, configurable: true });
    });
    views.set(scope.scope, view);
  }
  return {
    moveTo,
    commonContext: views.get('event-record-common-context'),
    specificContext: views.get('event-record-specific-context'),
    payload: views.get('event-record-payload'),
  };
}

function visitedView(eventRecordClass: EventRecordClass): EventView {
  const visit = compileVisit(eventRecordClass, silentVisitor);
  const decoded = new Map<Scope, ScopeView>();
  let current: RecordCursor | undefined;
  const moveTo = (cursor: RecordCursor): number => {
    current = undefined;
    decoded.clear();
    const endBits = visit(cursor);
    current = cursor;
    return endBits;
  };
  return viewOf(bodyScopesOf(eventRecordClass), moveTo, ({ scope }, _index, name) => () => {
    if (current === undefined) return undefined;
    let values = decoded.get(scope);
    if (values === undefined) {
      values = decodeScope(current, scope) as ScopeView;
      decoded.set(scope, values);
    }
    return values[name];
  });
}

/** An index of the places of all members, and one function for each member that is ever asked for. */
function generatedView(eventRecordClass: EventRecordClass): EventView {
  const scopes = bodyScopesOf(eventRecordClass);
  const code = generateIndex(eventRecordClass);
  const index = compileBuffer(code.buffer);
  let current: RecordCursor | undefined;
  const moveTo = (cursor: RecordCursor): number => {
    current = undefined;
    const endBits = index(cursor);
    current = cursor;
    return endBits;
  };
  return viewOf(scopes, moveTo, (scope, memberIndex) => {
    const { fieldClass } = scope.fieldClass.members[memberIndex]!;
    const { number, known } = code.places.get(fieldClass)!;
    let read: ((cursor: RecordCursor, offsetBits: number) => FieldValue) | undefined;
    return () => {
      if (current === undefined) return undefined;
      read ??= compileMember(fieldClass, known);
      return read(current, code.offsets[number]!);
    };
  });
}

/** The code that finds the members of the body's root structures. */
export interface IndexCode {
  readonly buffer: CodeBuffer;
  /** Where each member begins (bits, before its alignment), by number. Filled by the code. */
  readonly offsets: Float64Array;
  readonly places: ReadonlyMap<
    FieldClass,
    { readonly number: number; readonly known: KnownPosition }
  >;
}

export function generateIndex(eventRecordClass: EventRecordClass): IndexCode {
  const roots = bodyScopesOf(eventRecordClass).map((scope) => scope.fieldClass);
  const offsets = new Float64Array(roots.reduce((sum, root) => sum + root.members.length, 0));
  const places = new Map<FieldClass, { number: number; known: KnownPosition }>();
  const parts: FunctionParts = {
    roots,
    sink: silentSink,
    start: bodyPosition(eventRecordClass),
    publishesKeys: true,
  };
  const { buffer } = generateFunction(parts, (walker, out) => {
    for (const root of roots) {
      walker.at.align(alignmentOf(root));
      for (const { name, fieldClass } of root.members) {
        const number = places.size;
        places.set(fieldClass, { number, known: walker.at.known });
        out.note(name);
        out.line(`${out.constant(offsets)}[${number}]=${walker.at.bits()};`);
        walker.walk(fieldClass);
      }
    }
  });
  return { buffer, offsets, places };
}

/** The code that decodes a field which begins at `offsetBits`, after the index was made. */
export function generateMember(
  fieldClass: FieldClass,
  known: KnownPosition,
): { readonly buffer: CodeBuffer; readonly result: { value?: FieldValue } } {
  const result: { value?: FieldValue } = {};
  const targets = new Map([[fieldClass, [{ slot: 'value', wide: 'exact' as const }]]]);
  const parts: FunctionParts = {
    roots: [fieldClass],
    sink: new ProjectionSink(targets, {
      record: result,
      needed: new Set([fieldClass]),
      conditionalSlots: ['value'],
    }),
    start: known,
    begin: 'offsetBits',
  };
  const { buffer } = generateFunction(parts, (walker) => walker.walk(fieldClass));
  return { buffer, result };
}

function compileMember(
  fieldClass: FieldClass,
  known: KnownPosition,
): (cursor: RecordCursor, offsetBits: number) => FieldValue {
  const { buffer, result } = generateMember(fieldClass, known);
  const read = buffer.compile('cursor,offsetBits') as (
    cursor: RecordCursor,
    offsetBits: number,
  ) => number;
  return (cursor, offsetBits) => {
    read(cursor, offsetBits);
    return result.value;
  };
}
