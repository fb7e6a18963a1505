import type { EventRecordClass, FieldClass, Role, TraceClass } from '@sonde/trace-model';
import { visitFieldClasses } from '../src/field-class-tree.ts';
import { scopesOf } from '../src/writer/key-map.ts';

/**
 * A trace class as plain data without cycles, to compare two of them. Slots and locations give way to what they stand for: the
 * number of each key field in the order of the metadata.
 */
export function shapeOf(traceClass: TraceClass): unknown {
  const numbers = new Map<FieldClass, number>();
  const keysOfSlot = new Map<number, number[]>();
  for (const { root } of scopesOf(traceClass)) {
    visitFieldClasses(root, (fc) => {
      if (!('keySlots' in fc)) return;
      numbers.set(fc, numbers.size);
      for (const slot of fc.keySlots ?? []) {
        keysOfSlot.set(slot, [...(keysOfSlot.get(slot) ?? []), numbers.get(fc)!]);
      }
    });
  }
  return plain(traceClass, keysOfSlot, new Set());
}

function plain(value: unknown, keysOfSlot: Map<number, number[]>, above: Set<unknown>): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (above.has(value)) return 'above';
  above.add(value);
  let result: unknown;
  if (Array.isArray(value)) result = value.map((v) => plain(v, keysOfSlot, above));
  else if (value instanceof Map) {
    result = [...value].map(([k, v]) => [k, plain(v, keysOfSlot, above)]);
  } else {
    const object: { [name: string]: unknown } = {};
    for (const [name, v] of Object.entries(withScopes(value))) {
      if (v === undefined || /^(keySlots|keySlotCount|\w+FieldLocation)$/.test(name)) continue;
      if (name === 'keySlot') object['keys'] = keysOfSlot.get(v as number);
      else object[name] = plain(v, keysOfSlot, above);
    }
    result = object;
  }
  above.delete(value);
  return result;
}

/** Scopes of event record classes may be getters. */
function withScopes(value: object): object {
  if (!('dataStreamClass' in value)) return value;
  const { specificContext, payload } = value as Partial<EventRecordClass>;
  return { ...value, specificContext, payload };
}

type Plain = { [name: string]: unknown };

/** Changes every object of a shape, the inner ones first. */
export function mapShape(shape: unknown, map: (object: Plain) => Plain): unknown {
  if (Array.isArray(shape)) return shape.map((s) => mapShape(s, map));
  if (shape === null || typeof shape !== 'object' || shape instanceof Uint8Array) return shape;
  const entries = Object.entries(shape).map(([name, v]) => [name, mapShape(v, map)]);
  return map(Object.fromEntries(entries));
}

/** The shape that a CTF 1.8 trace class has after it was written as CTF 2: see `writeJsonMetadata`. */
export function asCtf2(shape: unknown): unknown {
  return mapShape(shape, (object) => {
    const { originalName: _, encoding, ...rest } = object;
    // Log levels and EMF URIs are attributes there.
    if (rest['logLevel'] || rest['emfUri']) delete rest['attributes'];
    if (rest['ctfVersion']) rest['ctfVersion'] = '2.0';
    if (/string$/.test(String(rest['type']))) rest['encoding'] = encoding;
    const roles = rest['roles'] as readonly Role[] | undefined;
    if (rest['type'] === 'static-length-array' && roles) {
      const mediaType = 'application/octet-stream';
      return { type: 'static-length-blob', lengthBytes: 16, mediaType, roles };
    }
    return rest;
  });
}

/** A shape as lines, one per property, sorted by name. */
function shapeLines(shape: unknown): string[] {
  const text = JSON.stringify(
    shape,
    (_, value) => {
      if (typeof value === 'bigint') return `${value}n`;
      if (value instanceof Uint8Array) return value.join();
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
    },
    1,
  );
  return text.split('\n');
}

/** The first lines where two shapes differ, with what is around; `undefined`: they are equal. Whole diffs would take minutes. */
export function firstDifference(actual: unknown, expected: unknown): string | undefined {
  const [a, e] = [shapeLines(actual), shapeLines(expected)];
  const at = a.findIndex((line, i) => line !== e[i]);
  if (at < 0 && a.length === e.length) return undefined;
  const part = (lines: string[]) => lines.slice(Math.max(0, at - 8), at + 4).join('\n');
  return `actual:\n${part(a)}\nexpected:\n${part(e)}`;
}
