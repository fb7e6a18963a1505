import type { ByteOrder, FieldClass } from '@sonde/trace-model';
import { dependentSlots } from './key-analysis.ts';
import { byteOrdersOf } from './static-layout.ts';

/** What the generator asks of a root structure again and again: many event record classes share their common context. */
export interface RootFacts {
  /** Slots that fields below it depend on. */
  readonly dependentSlots: ReadonlySet<number>;
  /** Byte orders of the bit arrays below it. */
  readonly byteOrders: ReadonlySet<ByteOrder>;
}

const known = new WeakMap<FieldClass, RootFacts>();

export function rootFacts(root: FieldClass): RootFacts {
  let facts = known.get(root);
  if (facts === undefined) {
    facts = { dependentSlots: dependentSlots(root), byteOrders: byteOrdersOf(root) };
    known.set(root, facts);
  }
  return facts;
}
