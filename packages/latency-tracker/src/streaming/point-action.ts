import type { Point, PointRole } from '../declaration.ts';
import type {
  CompiledValue,
  ExpressionCompiler,
  NumberOf,
  SlotRecord,
} from './compile-expression.ts';
import type { EventContext } from './event-context.ts';
import type { InfoValues, TrackerRun } from './tracker-run.ts';

interface NamedValue {
  readonly name: string;
  readonly value: CompiledValue;
}

const zero: NumberOf = () => 0;

/** What one point does at the records of one event record class. */
export class PointAction {
  readonly role: PointRole;
  readonly point: Point;
  readonly run: TrackerRun;
  readonly #context: EventContext;
  readonly #when: readonly NumberOf[];
  readonly #k0: NumberOf;
  readonly #k1: NumberOf;
  readonly #k2: NumberOf;
  readonly #k3: NumberOf;
  readonly #time: NumberOf | undefined;
  readonly #labels: readonly CompiledValue[];
  readonly #info: readonly NamedValue[];

  /** @throws UsageError `unknown-field` */
  constructor(
    run: TrackerRun,
    role: PointRole,
    point: Point,
    compiler: ExpressionCompiler,
    context: EventContext,
  ) {
    this.run = run;
    this.role = role;
    this.point = point;
    this.#context = context;
    this.#when = point.when.map((expression) => compiler.number(expression));
    const keys = point.key.map((expression, part) =>
      keyGetter(compiler.compile(expression), part, run),
    );
    [this.#k0 = zero, this.#k1 = zero, this.#k2 = zero, this.#k3 = zero] = keys;
    this.#time = point.time === undefined ? undefined : compiler.number(point.time);
    this.#labels = [...point.labels.values()].map((expression) => compiler.compile(expression));
    // Those of an end are read when there is an alert: see alert-builder.ts.
    const isSaved = role !== 'end' && run.wantsAlerts;
    this.#info = isSaved ? savedInfo(point, compiler) : [];
  }

  handle(record: SlotRecord): void {
    for (let i = 0; i < this.#when.length; i++) {
      const value = this.#when[i]!(record);
      // Not true: 0, or NaN for what is not there.
      if (!(value < 0 || value > 0)) return;
    }
    const k0 = this.#k0(record);
    // NaN: who runs is not known yet.
    if (Number.isNaN(k0)) return;
    const { run } = this;
    const context = this.#context;
    const matcher = context.host.matchers[run.index]!;
    matcher.advance(context.timeNs);
    const timeNs = this.#time === undefined ? context.timeNs : this.#time(record);
    const k1 = this.#k1(record);
    const k2 = this.#k2(record);
    const k3 = this.#k3(record);
    switch (this.role) {
      case 'begin': {
        run.beginning(this.point, k0, k1, k2, k3);
        const slot = matcher.begin(k0, k1, k2, k3, timeNs);
        if (slot < 0) return;
        run.began(slot, this.point, k0, k1, k2, k3);
        if (this.#labels.length > 0) {
          matcher.pending.tags[slot] = run.beginLabels.idOf(this.#labelValues(record));
        }
        if (this.#info.length > 0) matcher.pending.data[slot] = this.#infoValues(record);
        else if (matcher.pending.data.length > 0) matcher.pending.data[slot] = undefined;
        return;
      }
      case 'end':
        run.endLabels = this.#labels.length > 0 ? this.#labelValues(record) : noLabels;
        run.endPoint = this.point;
        matcher.end(k0, k1, k2, k3, timeNs, this.point.outId);
        run.settled(k0, k1, k2, k3);
        return;
      case 'abort':
        matcher.abort(k0, k1, k2, k3);
        run.settled(k0, k1, k2, k3);
        return;
      case 'peek': {
        const slot = matcher.find(k0, k1, k2, k3);
        if (slot !== -1) this.#peek(matcher.pending, slot, record);
      }
    }
  }

  #peek(pending: { readonly data: unknown[] }, slot: number, record: SlotRecord): void {
    if (this.#info.length > 0) {
      const known = pending.data[slot] as InfoValues | undefined;
      pending.data[slot] = { ...known, ...this.#infoValues(record) };
    }
    this.run.peeked(this.#context, slot, this.point);
  }

  #labelValues(record: SlotRecord): readonly (number | string)[] {
    if (this.#labels.length === 1) {
      oneLabel[0] = this.#labels[0]!.get(record);
      return oneLabel;
    }
    return this.#labels.map((label) => label.get(record));
  }

  #infoValues(record: SlotRecord): InfoValues {
    const values: InfoValues = {};
    for (const { name, value } of this.#info) values[name] = value.get(record);
    return values;
  }
}

const noLabels: readonly (number | string)[] = [];
/** Reused: read before the next event. */
const oneLabel: (number | string)[] = [0];

/** What the event lacks is not shown. */
function savedInfo(point: Point, compiler: ExpressionCompiler): NamedValue[] {
  const values: NamedValue[] = [];
  for (const [name, expression] of point.info) {
    try {
      values.push({ name, value: compiler.compile(expression) });
    } catch {
      // Other tracers have fewer fields; keys and conditions are checked, this is for people only.
    }
  }
  return values;
}

/** Keys are numbers: texts get one each. */
function keyGetter(value: CompiledValue, part: number, run: TrackerRun): NumberOf {
  if (value.kind === 'number') return value.get;
  const { get } = value;
  run.keyIsText[part] = true;
  return (record) => run.texts.idOf(get(record));
}
