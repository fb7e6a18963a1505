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
}

const known = new WeakMap<FieldClass, RootFacts>();

export function rootFacts(root: FieldClass): RootFacts {
  let facts = known.get(root);
  if (facts === undefined) {
    facts = { ...slotsBelow(root), byteOrders: byteOrdersOf(root) };
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
