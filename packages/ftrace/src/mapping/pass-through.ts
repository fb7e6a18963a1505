import type { EventFormat } from '../format/event-format.ts';
import type { EventField } from '../format/field-declaration.ts';
import { mappingsOf } from '../format/print-symbols.ts';
import type { IntegerShape } from '../layout/field-classes.ts';
import type { BytesSource, OutputField } from '../layout/record-plan.ts';

const wordBytes = 4;
const lengthShape: IntegerShape = { lengthBits: 32, isSigned: false, base: 10 };
const byteShape: IntegerShape = { lengthBits: 8, isSigned: false, base: 16 };

/** Where the bytes of a field are. Kernel stacks say 8 callers in their format, but have as many as there are. */
export function bytesSourceOf(field: EventField, format: EventFormat): BytesSource {
  const { arrayKind, offsetBytes, lengthBytes } = field;
  switch (arrayKind) {
    case 'data-loc':
      return { kind: 'location', offsetBytes, fromBytes: 0 };
    case 'rel-loc':
      return { kind: 'location', offsetBytes, fromBytes: offsetBytes + wordBytes };
    case 'rest':
      return { kind: 'rest', offsetBytes };
    default: {
      const isKernelStack = format.name === 'kernel_stack' && field.name === 'caller';
      if (isKernelStack) return { kind: 'rest', offsetBytes };
      return { kind: 'static', offsetBytes, lengthBytes };
    }
  }
}

/** What programs write to `trace_marker_raw`: declared as text, but any bytes. */
function isRawData({ system, name }: EventFormat): boolean {
  return system === 'ftrace' && name === 'raw_data';
}

/** A field as the kernel declares it: numbers as numbers (pointers hexadecimal; enumerations where their values have names), characters as text, the rest as arrays. */
export function passThroughField(
  field: EventField,
  format: EventFormat,
  name = field.name,
): OutputField {
  const source = bytesSourceOf(field, format);
  const { isPointer, isSigned, elementBytes, arrayKind, offsetBytes, lengthBytes } = field;
  const isWhole = [1, 2, 4, 8].includes(elementBytes);
  const element: IntegerShape = isWhole
    ? {
        lengthBits: elementBytes * 8,
        isSigned: isSigned && !isPointer,
        base: isPointer ? 16 : 10,
      }
    : byteShape;
  if (arrayKind === 'scalar' && isWhole) {
    const symbols = format.symbols.get(field.name);
    const { lengthBits } = element;
    const mappings = symbols && mappingsOf(symbols, lengthBits, element.isSigned);
    return {
      kind: 'integer',
      name,
      shape: element,
      source: { offsetBytes, lengthBytes, isSigned },
      addend: 0,
      ...(mappings !== undefined && { mappings }),
    };
  }
  if (field.isText && !isRawData(format)) {
    return source.kind === 'static'
      ? { kind: 'text', name, lengthBytes: source.lengthBytes, source }
      : { kind: 'string', name, source };
  }
  if (source.kind === 'static') {
    const count = source.lengthBytes / (element.lengthBits / 8);
    return { kind: 'array', name, element, count, source };
  }
  return { kind: 'sequence', name, element, lengthShape, source };
}
