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
  const copyPart = (part: FieldClass) => copyAt(context, part, context.positionOf(part), depth + 1);
  return context.move(original, context.place(copyOne(original, copyPart), position), position);
}

function copyOne(original: FieldClass, copyPart: (part: FieldClass) => FieldClass): FieldClass {
  switch (original.type) {
    case 'structure':
      return {
        ...original,
        members: original.members.map((member) => ({
          ...member,
          fieldClass: copyPart(member.fieldClass),
        })),
      };
    case 'variant':
      return {
        ...original,
        options: original.options.map((option) => ({
          ...option,
          fieldClass: copyPart(option.fieldClass),
        })),
      };
    case 'static-length-array':
    case 'dynamic-length-array':
      return {
        ...original,
        elementFieldClass: copyPart(original.elementFieldClass),
      };
    default:
      return { ...original };
  }
}
