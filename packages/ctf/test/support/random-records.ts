import * as build from '@sonde/testkit';
import type {
  ByteOrder,
  EventRecordClass,
  FieldClass,
  RecordCursor,
  StructureFieldClass,
} from '@sonde/trace-model';
import fc from 'fast-check';

/**
 * Random record classes and random bytes to decode with them. fast-check makes a tree of *specs*; `TreeBuilder` turns them into field
 * classes, giving slots to key fields on the way.
 */

type Origin = 'own' | 'earlier' | 'inherited';

type Spec =
  | { readonly kind: 'leaf'; readonly make: () => FieldClass }
  | { readonly kind: 'key'; readonly make: () => KeyField }
  | { readonly kind: 'structure'; readonly members: readonly Spec[]; readonly alignment: number }
  | {
      readonly kind: 'array';
      readonly element: Spec;
      readonly length: number;
      readonly alignment: number;
    }
  | {
      readonly kind: 'dependent';
      readonly what: 'string' | 'blob' | 'array' | 'optional' | 'boolean' | 'variant';
      readonly inner: readonly Spec[];
      readonly origin: Origin;
      readonly keyMake: () => KeyField;
      readonly pick: number;
      readonly encoding: 'utf-8' | 'utf-16le' | 'utf-32be';
    };

type KeyField =
  | ReturnType<typeof build.uint>
  | ReturnType<typeof build.vuint>
  | ReturnType<typeof build.bool>;

const byteOrder = fc.oneof(
  { weight: 4, arbitrary: fc.constant<ByteOrder>('little-endian') },
  { weight: 2, arbitrary: fc.constant<ByteOrder>('big-endian') },
);
const layoutOptions = fc
  .record({
    byteOrder,
    isReversed: fc.oneof(
      { weight: 7, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    alignmentBits: fc.constantFrom(undefined, undefined, 1, 1, 2, 4, 8, 8, 16, 32, 64, 256),
  })
  .map(({ byteOrder, isReversed, alignmentBits }) => ({
    byteOrder,
    ...(alignmentBits !== undefined && { alignmentBits }),
    bitOrder:
      (byteOrder === 'little-endian') !== isReversed
        ? ('first-to-last' as const)
        : ('last-to-first' as const),
  }));
const lengthBits = fc.oneof(fc.constantFrom(8, 16, 32, 64), fc.integer({ min: 1, max: 64 }));
const encoding = fc.constantFrom(
  'utf-8' as const,
  'utf-8' as const,
  'utf-16le' as const,
  'utf-32be' as const,
);

const leaf = fc
  .record({
    kind: fc.constantFrom('u', 'u', 's', 's', 'b', 'a', 'm', 'f', 'v', 'w', 'z', 'z', 't', 'x'),
    lengthBits,
    layoutOptions,
    encoding,
    lengthBytes: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ kind, lengthBits, layoutOptions, encoding, lengthBytes }) => (): FieldClass => {
    switch (kind) {
      case 'u':
        return build.uint(lengthBits, layoutOptions);
      case 's':
        return build.sint(lengthBits, layoutOptions);
      case 'b':
        return build.bool(lengthBits, layoutOptions);
      case 'a':
        return build.bitArray(lengthBits, layoutOptions);
      case 'm':
        return build.bitMap(lengthBits, { low: [0], high: [[1, 3]] }, layoutOptions);
      case 'f':
        return build.float(lengthBits > 32 ? 64 : 32, layoutOptions);
      case 'v':
        return build.vuint();
      case 'w':
        return build.vsint();
      case 'z':
        return build.str(encoding);
      case 't':
        return build.staticStr(lengthBytes, encoding);
      default:
        return build.staticBlob(lengthBytes);
    }
  })
  .map((make): Spec => ({ kind: 'leaf', make }));

const keyMake = fc
  .record({ kind: fc.constantFrom('u', 'u', 'u', 'v', 'b', 's'), lengthBits, layoutOptions })
  .map(({ kind, lengthBits, layoutOptions }) => (): KeyField => {
    switch (kind) {
      case 'u':
        return build.uint(lengthBits, layoutOptions);
      case 's':
        return build.sint(lengthBits, layoutOptions);
      case 'b':
        return build.bool(lengthBits, layoutOptions);
      default:
        return build.vuint();
    }
  });
const key = keyMake.map((make): Spec => ({ kind: 'key', make }));
const alignment = fc.constantFrom(1, 1, 1, 8, 32);

const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: leaf },
    { weight: 2, arbitrary: key },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('structure' as const),
        members: fc.array(tie('spec'), { maxLength: 4 }),
        alignment,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('array' as const),
        element: tie('spec'),
        length: fc.integer({ min: 0, max: 4 }),
        alignment,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('dependent' as const),
        what: fc.constantFrom(
          'string' as const,
          'blob' as const,
          'array' as const,
          'array' as const,
          'optional' as const,
          'boolean' as const,
          'variant' as const,
        ),
        inner: fc.array(tie('spec'), { minLength: 1, maxLength: 3 }),
        origin: fc.constantFrom<Origin>('own', 'own', 'own', 'earlier', 'inherited'),
        keyMake,
        pick: fc.nat(1000),
        encoding,
      }),
    },
  ),
}));

const root = fc.record({
  members: fc.array(spec, { maxLength: 6 }),
  alignment: fc.constantFrom(1, 1, 8, 8, 64),
});

/** Lengths are unsigned in every metadata. */
function needsLength(spec: Extract<Spec, { kind: 'dependent' }>): boolean {
  return spec.what === 'string' || spec.what === 'blob' || spec.what === 'array';
}

function isSignedKey(key: KeyField): boolean {
  return key.type === 'fixed-length-signed-integer';
}

class TreeBuilder {
  slotCount = 0;
  readonly #keys: KeyField[] = [];

  structure(members: readonly Spec[], alignment: number): StructureFieldClass {
    const fields: Record<string, FieldClass> = {};
    members.forEach((spec, index) => {
      if (spec.kind === 'dependent' && spec.origin === 'own') {
        const made = spec.keyMake();
        const key = needsLength(spec) && isSignedKey(made) ? build.uint(8) : made;
        fields[`key${index}`] = key;
        this.#keys.push(key);
        fields[`f${index}`] = this.#dependent(
          spec,
          build.key(this.slotCount, key) && this.slotCount++,
        );
      } else {
        fields[`f${index}`] = this.field(spec);
      }
    });
    return build.struct(fields, alignment);
  }

  field(spec: Spec): FieldClass {
    switch (spec.kind) {
      case 'leaf':
        return spec.make();
      case 'key': {
        const key = spec.make();
        this.#keys.push(key);
        return key;
      }
      case 'structure':
        return this.structure(spec.members, spec.alignment);
      case 'array':
        return build.array(this.field(spec.element), spec.length, {
          minimumAlignmentBits: spec.alignment,
        });
      case 'dependent': {
        if (spec.origin === 'own') return this.structure([spec], 1);
        const slot = this.slotCount++;
        const keys = this.#keys.filter((key) => !(needsLength(spec) && isSignedKey(key)));
        if (spec.origin === 'earlier' && keys.length > 0) {
          build.key(slot, keys[spec.pick % keys.length]!);
        }
        return this.#dependent(spec, slot);
      }
    }
  }

  #dependent(spec: Extract<Spec, { kind: 'dependent' }>, slot: number): FieldClass {
    switch (spec.what) {
      case 'string':
        return build.dynamicStr(slot, spec.encoding);
      case 'blob':
        return build.dynamicBlob(slot);
      case 'array':
        return build.dynamicArray(this.field(spec.inner[0]!), slot);
      case 'optional':
        return build.optional(this.field(spec.inner[0]!), slot, [[0, 1], 4, [-9, -3], 2n ** 63n]);
      case 'boolean':
        return build.optional(this.field(spec.inner[0]!), slot);
      case 'variant': {
        const options: Record<string, [build.RangesText, FieldClass]> = {};
        const selections: build.RangesText[] = [[0, 1], [[2, 3], 7, -1], [[4, 2n ** 62n]]];
        spec.inner.forEach((inner, index) => {
          options[`o${index}`] = [selections[index]!, this.field(inner)];
        });
        return build.variant(slot, options);
      }
    }
  }
}

const headers: readonly (() => StructureFieldClass | undefined)[] = [
  () => undefined,
  () => build.struct({ id: build.uint(8) }),
  () => build.struct({ id: build.uint(32, { alignmentBits: 64 }) }),
  () => build.struct({ id: build.uint(5), time: build.uint(27) }, 8),
  () => build.struct({ id: build.uint(3) }, 8),
  () => build.struct({ id: build.uint(3) }),
];

/** What a test decodes: a class, and a cursor that stands at a record of it. */
export interface RandomRecord {
  readonly eventRecordClass: EventRecordClass;
  /** A cursor of its own at each call: decoding changes its keys. `contentEndBits`: another end. */
  cursor(contentEndBits?: number): RecordCursor;
  readonly contentEndBits: number;
  toString(): string;
}

const smallByte = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 0, 1, 2, 3, 4) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const keyValue = fc.oneof(fc.nat(4), fc.nat(300), fc.constantFrom(2n ** 63n, 2 ** 53 - 2, 1000));

export const randomRecord: fc.Arbitrary<RandomRecord> = fc
  .record({
    roots: fc.tuple(fc.option(root, { freq: 1 }), fc.option(root, { freq: 1 }), root),
    header: fc.nat(headers.length - 1),
    start: fc.nat(40),
    data: fc.oneof(
      fc.array(smallByte, { maxLength: 100 }),
      fc.array(smallByte, { minLength: 100, maxLength: 400 }),
    ),
    missingBits: fc.oneof(fc.constant(0), fc.nat(100)),
    keys: fc.array(keyValue, { minLength: 1, maxLength: 8 }),
    lastByteOrder: fc.option(byteOrder, { nil: undefined }),
  })
  .map(({ roots, header, start, data, missingBits, keys, lastByteOrder }) => {
    const builder = new TreeBuilder();
    const [commonContext, specificContext, payload] = roots.map((each) =>
      each === null ? undefined : builder.structure(each.members, each.alignment),
    );
    const headerFieldClass = headers[header]!();
    const traceClass = build.traceClass({
      streams: [
        {
          ...(headerFieldClass && { header: headerFieldClass }),
          ...(commonContext && { commonContext }),
          events: [{ ...(specificContext && { specificContext }), ...(payload && { payload }) }],
        },
      ],
    });
    const dataStreamClass = traceClass.dataStreamClasses.get(0n)!;
    const eventRecordClass = dataStreamClass.eventRecordClasses.get(0n)!;
    const bodyOffsetBits = bodyOffset(header, start);
    const contentEndBits = Math.max(bodyOffsetBits, data.length * 8 - missingBits);
    const stream = build.dataStream(dataStreamClass);
    const packet = build.packet(stream);
    return {
      eventRecordClass,
      contentEndBits,
      cursor(endBits = contentEndBits) {
        const bytes = new Uint8Array(Math.ceil(endBits / 8) + 16);
        bytes.set(data.slice(0, Math.ceil(endBits / 8)));
        return {
          stream,
          packet,
          eventRecordClass,
          timeNs: 0,
          bytes,
          view: new DataView(bytes.buffer),
          bodyOffsetBits,
          contentEndBits: endBits,
          keys: Array.from({ length: builder.slotCount }, (_, i) => keys[i % keys.length]!),
          packetContextOffsetBits: 0,
          lastByteOrder,
          clockSnapshot: () => undefined,
        } as RecordCursor;
      },
      toString: () =>
        JSON.stringify(
          {
            commonContext,
            specificContext,
            payload,
            header,
            bodyOffsetBits,
            contentEndBits,
            data,
            keys,
            lastByteOrder,
          },
          (_name, value) => (typeof value === 'bigint' ? `${value}n` : value),
        ),
    };
  });

/** A place where a body may begin behind the header number `header`. */
function bodyOffset(header: number, start: number): number {
  switch (header) {
    case 1:
      return start * 8 + 8;
    case 2:
      return start * 64 + 32;
    case 3:
      return start * 8 + 32;
    case 4:
      return start * 8 + 3;
    default:
      return start;
  }
}
