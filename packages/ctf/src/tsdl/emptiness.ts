import type { FieldClass } from '@sonde/trace-model';

/** True: no field of this class ever has data, whatever the stream holds. */
export function isAlwaysEmpty(fieldClass: FieldClass | undefined): boolean {
  switch (fieldClass?.type) {
    case undefined:
      return true;
    case 'structure':
      return fieldClass.members.every((member) => isAlwaysEmpty(member.fieldClass));
    case 'variant':
      return fieldClass.options.every((option) => isAlwaysEmpty(option.fieldClass));
    case 'static-length-array':
      return fieldClass.length === 0 || isAlwaysEmpty(fieldClass.elementFieldClass);
    case 'dynamic-length-array':
      return isAlwaysEmpty(fieldClass.elementFieldClass);
    case 'static-length-string':
      return fieldClass.lengthBytes === 0;
    default:
      return false;
  }
}
