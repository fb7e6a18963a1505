/** JSON laid out as by `JSON.stringify(document, …, 2)`, in pieces. */

const step = '  ';

/** A list whose elements are made one after the other. */
export class JsonList {
  readonly elements: Iterable<unknown>;
  /** There are `JsonList`s in them. */
  readonly areDeep: boolean;

  constructor(elements: Iterable<unknown>, { areDeep } = { areDeep: false }) {
    this.elements = elements;
    this.areDeep = areDeep;
  }
}

/** Big integers as numbers where exact, else as strings: what JSON readers can take. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
    ? Number(value)
    : String(value);
}

/** Not in pieces. Undefined: JSON has no such value. */
function compact(value: unknown, indent: string): string | undefined {
  const text = JSON.stringify(value, jsonValue, 2) as string | undefined;
  return indent === '' ? text : text?.replaceAll('\n', `\n${indent}`);
}

/**
 * @param value - Plain objects, arrays and `JsonList`s in one another. Lists should be long and elements short: an array in a list
 * is written at once, others element by element.
 * @param indent - What lines after the first begin with.
 */
export function* jsonPieces(value: unknown, indent = ''): Generator<string> {
  if (value instanceof JsonList) {
    const inner = indent + step;
    let isEmpty = true;
    for (const element of value.elements) {
      const head = `${isEmpty ? '[' : ','}\n${inner}`;
      isEmpty = false;
      if (value.areDeep) {
        yield head;
        yield* jsonPieces(element, inner);
      } else {
        yield `${head}${compact(element, inner) ?? 'null'}`;
      }
    }
    yield isEmpty ? '[]' : `\n${indent}]`;
  } else if (Array.isArray(value) && value.every((e) => typeof e === 'object')) {
    yield* members(
      '[]',
      value.map((element) => ['', element]),
      indent,
    );
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const all = Object.entries(value).filter(([, member]) => member !== undefined);
    yield* members(
      '{}',
      all.map(([key, member]) => [`${JSON.stringify(key)}: `, member]),
      indent,
    );
  } else {
    yield compact(value, indent) ?? 'null';
  }
}

function* members(
  brackets: '[]' | '{}',
  all: readonly (readonly [head: string, value: unknown])[],
  indent: string,
): Generator<string> {
  const inner = indent + step;
  for (const [i, [head, value]] of all.entries()) {
    yield `${i === 0 ? brackets.charAt(0) : ','}\n${inner}${head}`;
    yield* jsonPieces(value, inner);
  }
  yield all.length === 0 ? brackets : `\n${indent}${brackets.charAt(1)}`;
}
