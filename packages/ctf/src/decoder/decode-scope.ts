import { assert } from '@sonde/base';
import type { RecordCursor, Scope, StructureFieldClass } from '@sonde/trace-model';
import { bodyScopes, scopeFieldClass } from '@sonde/trace-model';
import { BodyWalk } from './body-walk.ts';
import { DecodeRun, type DecodeSource } from './decode-state.ts';
import { type FieldValue, ValueCollector } from './value-collector.ts';
import { scopeReader, silentVisitor, visitScope } from './visit-scope.ts';

/**
 * Decodes one scope of the cursor's current record into plain values; `undefined` where the record has no such scope. For the
 * packet's scopes any record of the packet will do. Slow: for people and scripts.
 * @throws DecodeError
 */
export function decodeScope(cursor: RecordCursor, scope: Scope): FieldValue | undefined {
  const fieldClass = rootOf(cursor, scope);
  if (fieldClass === undefined) return undefined;
  const collector = new ValueCollector();
  switch (scope) {
    case 'packet-header':
      visitScope(fieldClass, cursor, 0, collector);
      break;
    case 'packet-context':
      visitScope(fieldClass, cursor, cursor.packetContextOffsetBits, collector);
      break;
    case 'event-record-header':
      assert(cursor.recordOffsetBits !== undefined, 'the cursor knows where its record begins');
      visitScope(fieldClass, cursor, cursor.recordOffsetBits, collector);
      break;
    default:
      visitBodyScope(cursor, scope, collector);
  }
  return collector.root;
}

function rootOf(cursor: RecordCursor, scope: Scope): StructureFieldClass | undefined {
  // Not by the event record class: at the beginning of a packet the cursor may stand at no record, or at a malformed one.
  const { dataStreamClass } = cursor.stream;
  if (scope === 'packet-header') return dataStreamClass.traceClass.packetHeader;
  if (scope === 'packet-context') return dataStreamClass.packetContext;
  return scopeFieldClass(cursor.eventRecordClass, scope);
}

/** The scopes of the body lie behind one another: those before the wanted one are walked in silence. */
function visitBodyScope(cursor: RecordCursor, scope: Scope, collector: ValueCollector): void {
  const walk = new BodyWalk(cursor);
  for (const each of bodyScopes) {
    const fieldClass = scopeFieldClass(cursor.eventRecordClass, each);
    if (fieldClass !== undefined)
      walk.visit(fieldClass, each === scope ? collector : silentVisitor);
    if (each === scope) return;
  }
}

/** Decodes one root structure at `offsetBits` into plain values. */
export function decodeStructure(
  fieldClass: StructureFieldClass,
  source: DecodeSource,
  offsetBits: number,
): { readonly value: FieldValue; readonly endBits: number } {
  const collector = new ValueCollector();
  const endBits = scopeReader(fieldClass)(new DecodeRun(source), offsetBits, collector);
  return { value: collector.root, endBits };
}
