import type { ByteOrder, FieldClass } from '@sonde/trace-model';
import { byteOrdersOf, childrenOf } from './static-layout.ts';

/** What the generator asks of a root structure again and again: many event record classes share their common context. */
export interface RootFacts {
  /** Slots that fields below it depend on. */
  readonly dependentSlots: ReadonlySet<number>;
  /** Slots that fields below it may save a bigint in. */
  readonly wideKeySlots: ReadonlySet<number>;
  /** Byte orders of the bit arrays below it. */
  readonly byteOrders: ReadonlySet<ByteOrder>;
  /** How long the code for it gets: fields below it, and ranges that select them. */
  readonly size: number;
  /** How many blocks of the code for it are inside one another. */
  readonly nesting: number;
}

const known = new WeakMap<FieldClass, RootFacts>();

export function rootFacts(root: FieldClass): RootFacts {
  let facts = known.get(root);
  if (facts === undefined) {
    facts = {
      ...slotsBelow(root),
      byteOrders: byteOrdersOf(root),
      size: sizeOf(root),
      nesting: nestingOf(root),
    };
    known.set(root, facts);
  }
  return facts;
}

function slotsBelow(root: FieldClass): Pick<RootFacts, 'dependentSlots' | 'wideKeySlots'> {
  const dependentSlots = new Set<number>();
  const wideKeySlots = new Set<number>();
  const visit = (fc: FieldClass): void => {
    if ('keySlot' in fc) dependentSlots.add(fc.keySlot);
    const isWide = !('lengthBits' in fc) || fc.lengthBits > 53;
    if (isWide && 'keySlots' in fc && fc.type !== 'fixed-length-boolean') {
      for (const slot of fc.keySlots ?? []) wideKeySlots.add(slot);
    }
    for (const child of childrenOf(fc)) visit(child);
  };
  visit(root);
  return { dependentSlots, wideKeySlots };
}

function sizeOf(fc: FieldClass): number {
  let size = 1;
  if (fc.type === 'variant') for (const { ranges } of fc.options) size += ranges.length;
  else if (fc.type === 'optional') size += fc.selectorRanges?.length ?? 0;
  for (const child of childrenOf(fc)) size += sizeOf(child);
  return size;
}

/** Each option of a variant is in the `else` of the one before it. */
function nestingOf(fc: FieldClass): number {
  const isVariant = fc.type === 'variant';
  const own = fc.type === 'structure' ? 0 : 1;
  return childrenOf(fc).reduce(
    (most, child, index) => Math.max(most, own + (isVariant ? index : 0) + nestingOf(child)),
    0,
  );
}
