/** `--filter`: which events count. The model sees all of them, so that its state stays right; what ends at an event that fails is not handed on. */
import { compileProjection } from '@sonde/ctf';
import { compileFilter, type FilterExpression, type FilterRecord } from '@sonde/filter';
import type { EventHandler, RecordCursor } from '@sonde/trace-model';

export class SegmentFilter {
  readonly #expression: FilterExpression;
  /** Whether the event at hand passes. */
  passes = true;

  constructor(expression: FilterExpression) {
    this.#expression = expression;
  }

  /** Tests each record before `inner` interprets it. */
  guard(cursor: RecordCursor, inner: EventHandler): EventHandler {
    const { eventRecordClass, stream } = cursor;
    const filter = compileFilter(this.#expression, { eventRecordClass, stream });
    if (filter.outcome !== 'depends') {
      const isAlways = filter.outcome === 'always';
      return (current) => {
        this.passes = isAlways;
        return inner(current);
      };
    }
    const projection = compileProjection(eventRecordClass, filter.demands);
    const { read } = projection;
    const record = projection.record as FilterRecord;
    return (current) => {
      read(current);
      this.passes = filter.test(record);
      return inner(current);
    };
  }
}
