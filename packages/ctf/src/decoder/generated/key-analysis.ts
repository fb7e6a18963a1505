import type { FieldClass, StructureFieldClass } from '@sonde/trace-model';
import { childrenOf } from './static-layout.ts';

/**
 * The slots which fields below `roots` depend on although no field before them, on every path, has saved its value in them: their
 * value comes from the cursor (a packet context, a record header, an older record).
 */
export function inheritedSlots(roots: readonly StructureFieldClass[]): Set<number> {
  const inherited = new Set<number>();
  let saved = new Set<number>();
  for (const root of roots) saved = visit(root, saved, inherited);
  return inherited;
}

/** @returns the slots that are certainly saved after `fc`, given those before it. `saved` is not changed. */
function visit(
  fc: FieldClass,
  saved: ReadonlySet<number>,
  inherited: Set<number>,
): Set<number> {
  if ('keySlot' in fc && !saved.has(fc.keySlot)) inherited.add(fc.keySlot);
  const result = new Set(saved);
  switch (fc.type) {
    case 'structure':
      for (const child of childrenOf(fc)) {
        for (const slot of visit(child, result, inherited)) result.add(slot);
      }
      return result;
    case 'static-length-array':
      return fc.length > 0 ? visit(fc.elementFieldClass, saved, inherited) : result;
    case 'variant': {
      const outcomes = fc.options.map((option) => visit(option.fieldClass, saved, inherited));
      for (const slot of outcomes[0] ?? []) {
        if (outcomes.every((outcome) => outcome.has(slot))) result.add(slot);
      }
      return result;
    }
    case 'dynamic-length-array':
    case 'optional':
      for (const child of childrenOf(fc)) visit(child, saved, inherited);
      return result;
    default:
      if ('keySlots' in fc) for (const slot of fc.keySlots ?? []) result.add(slot);
      return result;
  }
}
