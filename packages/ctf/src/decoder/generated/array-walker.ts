import type {
  DynamicLengthArrayFieldClass,
  FieldClass,
  StaticLengthArrayFieldClass,
} from '@sonde/trace-model';
import { maxEmptyElements } from '../decode-state.ts';
import type { FieldWalker } from './field-walker.ts';
import {
  alignmentOf,
  byteOrdersOf,
  emptyElementsIn,
  type KnownPosition,
  leastSizeBits,
  loopPosition,
  savesKeys,
  staticSizeBits,
} from './static-layout.ts';

type ArrayFieldClass = StaticLengthArrayFieldClass | DynamicLengthArrayFieldClass;

/** What is known of the elements of an array. */
interface ElementLayout {
  readonly fieldClass: FieldClass;
  /** What holds before each element and after the last. */
  readonly position: KnownPosition;
  /** Undefined: not static. */
  readonly sizeBits: number | undefined;
}

export function walkArray(walker: FieldWalker, fc: ArrayFieldClass): void {
  const { at } = walker;
  at.align(alignmentOf(fc));
  if (fc.type === 'static-length-array' && fc.length === 0) {
    walker.sink.beginArray?.(walker.out, fc, '0');
    walker.sink.endArray?.(walker.out, fc, '0');
    return;
  }
  const position = loopPosition(fc.elementFieldClass, at.known);
  const element: ElementLayout = {
    fieldClass: fc.elementFieldClass,
    position,
    sizeBits: staticSizeBits(fc.elementFieldClass, position),
  };
  if (walker.isSilent && isSkippable(walker, element)) skipElements(walker, fc, element);
  else walkElements(walker, fc, element);
}

/**
 * Whether the elements can be passed without looking at them: no key is in them, no empty element to count, and no change of byte
 * order within a byte.
 */
function isSkippable(walker: FieldWalker, element: ElementLayout): boolean {
  const { fieldClass, position, sizeBits } = element;
  if (sizeBits === undefined || sizeBits === 0 || savesKeys(fieldClass)) return false;
  if (emptyElementsIn(fieldClass) > 0) return false;
  const isWholeBytes = position.modulus >= 8 && position.residue % 8 === 0 && sizeBits % 8 === 0;
  if (isWholeBytes && 'byteOrder' in fieldClass) return true;
  return [...byteOrdersOf(fieldClass)].every((order) => order === walker.order.last);
}

function skipElements(walker: FieldWalker, fc: ArrayFieldClass, element: ElementLayout): void {
  const { at, out, order } = walker;
  const sizeBits = element.sizeBits!;
  const newOrder = 'byteOrder' in element.fieldClass ? element.fieldClass.byteOrder : order.last;
  if (fc.type === 'static-length-array') {
    at.move(fc.length * sizeBits);
    order.last = newOrder;
    return;
  }
  const length = walker.keys.length(fc.keySlot);
  at.settle(element.position);
  out.line(`if(${isBeyond(walker, length, sizeBits)})${walker.fail}`);
  if (at.isByteMode) out.line(`p+=${length}*${sizeBits / 8};`);
  else out.line(`b+=${length}*${sizeBits};`);
  at.enter(element.position);
  if (order.last !== newOrder) {
    order.store();
    order.last = newOrder;
    order.store(`if(${length}>0)`);
  }
}

/** The condition that `length` elements of `sizeBits` bits are more than what is left. */
function isBeyond(walker: FieldWalker, length: string, sizeBits: number): string {
  const { at } = walker;
  if (at.bitInByte === 0 && sizeBits % 8 === 0) return `!(${length}*${sizeBits / 8}<=e-p)`;
  return `!(${length}*${sizeBits}<=E-${at.bits()})`;
}

function walkElements(walker: FieldWalker, fc: ArrayFieldClass, element: ElementLayout): void {
  const { at, out, order } = walker;
  const length = lengthCode(walker, fc);
  at.settle(element.position);
  const leastBits = element.sizeBits ?? leastSizeBits(element.fieldClass);
  const checksAll = element.sizeBits !== undefined && element.sizeBits > 0 && !at.isPrechecked;
  if (checksAll || (!at.isPrechecked && leastBits > 0)) {
    out.line(`if(${isBeyond(walker, length, leastBits)})${walker.fail}`);
  } else if (leastBits === 0) {
    walker.countsEmptyElements = true;
    out.line(`if(!(${length}<=E-${at.bits()}+z))${walker.fail}`);
  }
  walker.sink.beginArray?.(out, fc, length);
  const before = order.last;
  const keepsOrder = [...byteOrdersOf(element.fieldClass)].every((each) => each === before);
  if (!keepsOrder) order.store();
  const wasPrechecked = at.isPrechecked;
  if (checksAll) at.isPrechecked = true;
  const index = out.local('i');
  out.line(`for(let ${index}=0;${index}<${length};${index}++){`);
  walkElement(walker, element, index, leastBits === 0);
  if (!keepsOrder) order.store();
  out.line('}');
  at.enter(element.position);
  at.isPrechecked = wasPrechecked;
  order.last = keepsOrder ? before : undefined;
  walker.sink.endArray?.(out, fc, length);
}

function walkElement(
  walker: FieldWalker,
  element: ElementLayout,
  index: string,
  mayBeEmpty: boolean,
): void {
  const { at, out } = walker;
  at.enter(element.position);
  const begin = out.local('begin');
  if (mayBeEmpty) out.line(`const ${begin}=${at.bits()};`);
  walker.sink.beginElement?.(out, index);
  walker.walk(element.fieldClass);
  walker.sink.endElement?.(out, index);
  at.settle(element.position);
  if (mayBeEmpty) out.line(`if(${at.bits()}===${begin}&&--z<0)${walker.fail}`);
}

/** A number or a variable that doesn't change while the elements are walked. */
function lengthCode(walker: FieldWalker, fc: ArrayFieldClass): string {
  if (fc.type === 'static-length-array') return String(fc.length);
  const length = walker.out.local('length');
  walker.out.line(`const ${length}=${walker.keys.length(fc.keySlot)};`);
  return length;
}

export const emptyElementsDeclaration = `let z=${maxEmptyElements};`;
