/**
 * What a JSON text is written from: integers are bigint, numbers reals, which stay reals. Objects are maps where the order of
 * their properties matters (JavaScript sorts names that look like integers). `undefined` properties are left out.
 */
export type JsonOutput =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly JsonOutput[]
  | ReadonlyMap<string, JsonOutput>
  | { readonly [name: string]: JsonOutput | undefined };

const indentation = '  ';

/** JSON with two spaces per level; arrays without objects in them in one line. */
export function formatJson(value: JsonOutput, indent = ''): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return formatReal(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = indent + indentation;
  if (isArray(value)) {
    if (!value.some(hasObject)) return `[${value.map((e) => formatJson(e)).join(', ')}]`;
    const lines = value.map((element) => inner + formatJson(element, inner));
    return `[\n${lines.join(',\n')}\n${indent}]`;
  }
  const lines: string[] = [];
  for (const [name, property] of value instanceof Map ? value : Object.entries(value)) {
    if (property === undefined) continue;
    lines.push(`${inner}${JSON.stringify(name)}: ${formatJson(property, inner)}`);
  }
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
}

function isArray(value: JsonOutput): value is readonly JsonOutput[] {
  return Array.isArray(value);
}

function hasObject(value: JsonOutput): boolean {
  return isArray(value) ? value.some(hasObject) : typeof value === 'object' && value !== null;
}

/** With a fraction or an exponent, so that it is read as a real again. */
function formatReal(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
