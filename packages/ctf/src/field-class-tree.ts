import type { FieldClass } from '@sonde/trace-model';

/** The field classes directly inside `fieldClass`: of members, options, elements. Empty for scalars. */
export function childFieldClasses(fieldClass: FieldClass): readonly FieldClass[] {
  switch (fieldClass.type) {
    case 'structure':
      return fieldClass.members.map((member) => member.fieldClass);
    case 'variant':
      return fieldClass.options.map((option) => option.fieldClass);
    case 'optional':
      return [fieldClass.fieldClass];
    case 'static-length-array':
    case 'dynamic-length-array':
      return [fieldClass.elementFieldClass];
    default:
      return [];
  }
}

/** Calls `visit` for `fieldClass` and everything inside it, outer ones first. */
export function visitFieldClasses(
  fieldClass: FieldClass,
  visit: (fieldClass: FieldClass) => void,
): void {
  visit(fieldClass);
  for (const child of childFieldClasses(fieldClass)) visitFieldClasses(child, visit);
}

/**
 * A field class like `fieldClass` (a new object), with what `map` makes of the field classes directly inside it. Slots of key
 * fields are not copied: those of the original are marks of its place.
 */
export function withChildren(
  fieldClass: FieldClass,
  map: (child: FieldClass) => FieldClass,
): FieldClass {
  switch (fieldClass.type) {
    case 'structure': {
      const members = fieldClass.members.map((m) => ({ ...m, fieldClass: map(m.fieldClass) }));
      return { ...fieldClass, members };
    }
    case 'variant': {
      const options = fieldClass.options.map((o) => ({ ...o, fieldClass: map(o.fieldClass) }));
      return { ...fieldClass, options };
    }
    case 'optional':
      return { ...fieldClass, fieldClass: map(fieldClass.fieldClass) };
    case 'static-length-array':
    case 'dynamic-length-array':
      return { ...fieldClass, elementFieldClass: map(fieldClass.elementFieldClass) };
    case 'fixed-length-boolean':
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer':
    case 'variable-length-unsigned-integer':
    case 'variable-length-signed-integer': {
      const { keySlots: _, ...rest } = fieldClass;
      return rest;
    }
    default:
      return { ...fieldClass };
  }
}
