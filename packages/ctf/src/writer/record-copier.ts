import {
  alignmentBitsOf,
  type EventHandler,
  type EventRecordClass,
  type FieldClass,
  type RecordCursor,
} from '@sonde/trace-model';
import { compileLength } from '../decoder/compile-walk.ts';
import type { BackEnd } from '../decoder/contract.ts';
import { bodyScopesOf } from '../decoder/generated/body-code.ts';
import { maxAlignmentBitsOf } from '../reader/record-dispatch.ts';
import type { BitWriter } from './bit-writer.ts';
import type { ClassMap } from './field-encoder.ts';
import { haveSameLayout } from './same-layout.ts';

/**
 * Copies the body of the cursor's record. @returns its end in the source (bits), or -1: nothing is written, copy it field by field
 * @throws DecodeError: nothing is written
 */
export type BodyCopier = (cursor: RecordCursor) => number;

/**
 * How bodies of records of the class are copied as they are, without a look at their fields. Undefined: they are laid out otherwise
 * where they go.
 */
export function bodyCopier(
  eventRecordClass: EventRecordClass,
  out: BitWriter,
  pairs: ClassMap,
  backEnd: BackEnd,
): BodyCopier | undefined {
  const roots = bodyScopesOf(eventRecordClass).map(({ fieldClass }) => fieldClass);
  const isSame = (root: FieldClass): boolean => {
    const target = pairs.get(root);
    return target !== undefined && haveSameLayout(root, target);
  };
  const [first] = roots;
  if (first === undefined || !roots.every(isSame)) return undefined;
  const endOf = endFinder(eventRecordClass, backEnd);
  const alignmentBits = alignmentBitsOf(first);
  // The same paddings come of places which differ by whole multiples of this only.
  const periodBits = Math.max(8, ...roots.map(maxAlignmentBitsOf));
  return (cursor) => {
    const endBits = endOf(cursor);
    const beginBits = Math.ceil(cursor.bodyOffsetBits / alignmentBits) * alignmentBits;
    const { contentEndBits } = cursor;
    if (beginBits % 8 !== 0 || endBits % 8 !== 0) return -1;
    if (beginBits > endBits || endBits > contentEndBits) return -1;
    const targetBits = Math.ceil(out.offsetBits / alignmentBits) * alignmentBits;
    if ((targetBits - beginBits) % periodBits !== 0) return -1;
    out.align(alignmentBits);
    out.copyBytes(cursor.bytes, cursor.view, beginBits / 8, endBits / 8);
    return endBits;
  };
}

function endFinder(eventRecordClass: EventRecordClass, backEnd: BackEnd): EventHandler {
  const length = compileLength(eventRecordClass, backEnd);
  return typeof length === 'number' ? (cursor) => cursor.bodyOffsetBits + length : length;
}
