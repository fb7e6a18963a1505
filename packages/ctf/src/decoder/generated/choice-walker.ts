import type {
  ByteOrder,
  IntegerRange,
  OptionalFieldClass,
  VariantFieldClass,
} from '@sonde/trace-model';
import { toExact } from '../bits.ts';
import type { CodeBuffer } from './code-buffer.ts';
import type { FieldWalker } from './field-walker.ts';
import { after, byteOrdersOf, either, type KnownPosition } from './static-layout.ts';

/** Where the paths of a choice begin and end. */
interface Paths {
  readonly begin: KnownPosition;
  readonly end: KnownPosition;
}

export function walkOptional(walker: FieldWalker, fc: OptionalFieldClass): void {
  const { at, out } = walker;
  at.settle();
  const begin = at.known;
  const paths = { begin, end: either(begin, after(fc.fieldClass, begin)) };
  const selector = walker.keys.value(fc.keySlot);
  const condition =
    fc.selectorRanges === undefined
      ? `${selector}!=0`
      : rangesCode(out, selector, fc.selectorRanges);
  const order = beginPaths(walker, fc);
  walker.sink.beginOptional?.(out, fc);
  out.line(`if(${condition}){`);
  at.enter(begin);
  walker.sink.beginPresent?.(out, fc);
  walker.walk(fc.fieldClass);
  walker.sink.endPresent?.(out, fc);
  endPath(walker, paths, order);
  out.line('}else{');
  at.enter(begin);
  walker.sink.absent?.(out, fc);
  endPath(walker, paths, order);
  out.line('}');
  at.enter(paths.end);
  walker.sink.endOptional?.(out, fc);
}

export function walkVariant(walker: FieldWalker, fc: VariantFieldClass): void {
  const { at, out, sink } = walker;
  at.settle();
  const begin = at.known;
  const paths = { begin, end: after(fc, begin) };
  const selector = walker.keys.value(fc.keySlot);
  const order = beginPaths(walker, fc);
  sink.beginVariant?.(out, fc);
  fc.options.forEach((option, index) => {
    out.line(`${index > 0 ? '}else ' : ''}if(${rangesCode(out, selector, option.ranges)}){`);
    at.enter(begin);
    const isWanted = !walker.isSilent && sink.wantsOption?.(option, fc) !== false;
    if (isWanted) sink.beginOption?.(out, option, index);
    walker.walkIf(isWanted, option.fieldClass);
    if (isWanted) sink.endOption?.(out, option, index);
    endPath(walker, paths, order);
  });
  out.line(fc.options.length > 0 ? `}else ${walker.fail}` : walker.fail);
  at.enter(paths.end);
  sink.endVariant?.(out, fc);
}

/** All paths must leave the byte order in the same place: in `o`, unless none of them changes it. */
function beginPaths(
  walker: FieldWalker,
  fc: OptionalFieldClass | VariantFieldClass,
): ByteOrder | undefined {
  const { order } = walker;
  const keepsOrder = [...byteOrdersOf(fc)].every((each) => each === order.last);
  if (!keepsOrder) order.store();
  return order.last;
}

function endPath(walker: FieldWalker, paths: Paths, order: ByteOrder | undefined): void {
  walker.at.settle(paths.end);
  if (walker.order.last !== order) walker.order.store();
}

/** The condition that the number or bigint `value` is in one of `ranges`. */
function rangesCode(out: CodeBuffer, value: string, ranges: readonly IntegerRange[]): string {
  const conditions = ranges.map(({ lower, upper }) => {
    if (lower === upper) return `${value}==${integerCode(out, lower)}`;
    return `${value}>=${integerCode(out, lower)}&&${value}<=${integerCode(out, upper)}`;
  });
  return conditions.join('||') || 'false';
}

function integerCode(out: CodeBuffer, value: bigint): string {
  const exact = toExact(value);
  return typeof exact === 'number' ? String(exact) : out.constant(exact);
}
