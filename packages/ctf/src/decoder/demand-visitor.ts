import type {
  FieldClass,
  IntegerFieldClass,
  StringFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import type { FieldDemand } from './contract.ts';
import type { FieldVisitor } from './field-visitor.ts';
import { ValueCollector } from './value-collector.ts';

/** How integers wider than 53 bits come (see `FieldDemand`). */
export type Wide = NonNullable<FieldDemand['wide']>;

/** Where the value of a field goes. */
export interface Target {
  readonly slot: string;
  readonly wide: Wide;
}

/** Fields that are wanted, and where their values go. */
export type Targets = ReadonlyMap<FieldClass, readonly Target[]>;

/** Widths of 53 bits or less are always numbers, variable-length integers count as 64 bits. */
export function isWide(fc: IntegerFieldClass): boolean {
  return !('lengthBits' in fc) || fc.lengthBits > 53;
}

/** Plain values as `ValueCollector`'s, wide integers as a demand wants them. */
export class DemandedValueCollector extends ValueCollector {
  readonly #wide: Wide;

  constructor(wide: Wide) {
    super();
    this.#wide = wide;
  }

  override integer(fc: IntegerFieldClass, value: number | bigint): void {
    if (this.#wide === 'number') super.integer(fc, Number(value));
    else if (this.#wide === 'signed' && isWide(fc)) {
      super.integer(fc, Number(BigInt.asIntN(64, BigInt(value))));
    } else super.integer(fc, this.#wide === 'bigint' && isWide(fc) ? BigInt(value) : value);
  }

  override bitArray(fc: unknown, value: bigint): void {
    if (this.#wide === 'number' || this.#wide === 'signed') super.float(fc, Number(value));
    else super.bitArray(fc, value);
  }
}

interface Capture {
  readonly fieldClass: FieldClass;
  readonly collector: DemandedValueCollector;
  readonly slot: string;
}

/** Stores the values of wanted fields in a record. The closure twin of `ProjectionSink`. */
export class DemandVisitor implements FieldVisitor {
  readonly #targets: Targets;
  readonly #record: { [slot: string]: unknown };
  /** Wanted fields that contain the current one. */
  readonly #captures: Capture[] = [];

  constructor(targets: Targets, record: { [slot: string]: unknown }) {
    this.#targets = targets;
    this.#record = record;
  }

  /** Tells all who collect `fc`, and those who begin with it. */
  #leaf(fc: FieldClass, tell: (collector: ValueCollector) => void): void {
    this.#begin(fc);
    for (const { collector } of this.#captures) tell(collector);
    this.#end(fc);
  }

  #begin(fieldClass: FieldClass): void {
    for (const { slot, wide } of this.#targets.get(fieldClass) ?? []) {
      this.#captures.push({ fieldClass, slot, collector: new DemandedValueCollector(wide) });
    }
  }

  #end(fieldClass: FieldClass): void {
    while (this.#captures.at(-1)?.fieldClass === fieldClass) {
      const { slot, collector } = this.#captures.pop()!;
      this.#record[slot] = collector.root;
    }
  }

  integer(fc: IntegerFieldClass, value: number | bigint): void {
    this.#leaf(fc, (collector) => collector.integer(fc, value));
  }

  boolean(fc: FieldClass, value: boolean): void {
    this.#leaf(fc, (collector) => collector.boolean(fc, value));
  }

  bitArray(fc: FieldClass, value: bigint): void {
    this.#leaf(fc, (collector) => collector.bitArray(fc, value));
  }

  float(fc: FieldClass, value: number): void {
    this.#leaf(fc, (collector) => collector.float(fc, value));
  }

  string(fc: StringFieldClass, bytes: Uint8Array, begin: number, end: number): void {
    this.#leaf(fc, (collector) => collector.string(fc, bytes, begin, end));
  }

  blob(fc: FieldClass, bytes: Uint8Array, begin: number, end: number): void {
    this.#leaf(fc, (collector) => collector.blob(fc, bytes, begin, end));
  }

  beginStructure(fc: FieldClass): void {
    this.#begin(fc);
    for (const { collector } of this.#captures) collector.beginStructure();
  }

  beginMember(member: StructureMember): void {
    for (const { collector } of this.#captures) collector.beginMember(member);
  }

  endStructure(fc: FieldClass): void {
    for (const { collector } of this.#captures) collector.endStructure();
    this.#end(fc);
  }

  beginArray(fc: FieldClass): void {
    this.#begin(fc);
    for (const { collector } of this.#captures) collector.beginArray();
  }

  endArray(fc: FieldClass): void {
    for (const { collector } of this.#captures) collector.endArray();
    this.#end(fc);
  }

  beginVariant(fc: FieldClass): void {
    this.#begin(fc);
  }

  endVariant(fc: FieldClass): void {
    this.#end(fc);
  }

  beginPresent(fc: FieldClass): void {
    this.#begin(fc);
  }

  endPresent(fc: FieldClass): void {
    this.#end(fc);
  }

  absent(fc: FieldClass): void {
    this.#leaf(fc, (collector) => collector.absent());
  }
}
