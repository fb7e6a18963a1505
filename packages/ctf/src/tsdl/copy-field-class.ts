import type { FieldClass } from '@sonde/trace-model';
import type { TsdlContext } from './context.ts';

/** A copy for another place in the trace class: every occurrence of a type name is an object of its own. */
export function copyFieldClass(
  context: TsdlContext,
  original: FieldClass,
  position = context.positionOf(original),
): FieldClass {
  return copyAt(context, original, position, 0);
}

function copyAt(
  context: TsdlContext,
  original: FieldClass,
  position: number,
  depth: number,
): FieldClass {
  // Aliases of aliases nest without nesting in the text.
  context.checkDepth(depth, position);
  const copy = context.place(copyOne(context, original, depth), position);
  return context.move(original, copy, position);
}

function copyPart(context: TsdlContext, part: FieldClass, depth: number): FieldClass {
  return copyAt(context, part, context.positionOf(part), depth + 1);
}

function copyOne(context: TsdlContext, original: FieldClass, depth: number): FieldClass {
  switch (original.type) {
    case 'structure':
      return {
        ...original,
        members: original.members.map((member) => ({
          ...member,
          fieldClass: copyPart(context, member.fieldClass, depth),
        })),
      };
    case 'variant':
      return {
        ...original,
        options: original.options.map((option) => ({
          ...option,
          fieldClass: copyPart(context, option.fieldClass, depth),
        })),
      };
    case 'static-length-array':
    case 'dynamic-length-array':
      return {
        ...original,
        elementFieldClass: copyPart(context, original.elementFieldClass, depth),
      };
    default:
      return { ...original };
  }
}
