import { DecodeError } from '@sonde/base';
import type { EventHandler, RecordCursor } from '@sonde/trace-model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileLength, compileVisit, compileWalk } from '../src/index.ts';
import { randomRecord } from './support/random-records.ts';
import { type Log, type Outcome, recordingSink, recordingVisitor } from './support/recording.ts';

function outcomeOf(handler: EventHandler, cursor: RecordCursor): Outcome {
  try {
    return { endBits: handler(cursor) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { code: error.code, message: error.message, offsetBits: error.place.offsetBits };
  }
}

const numRuns = Number(process.env['SONDE_RUNS'] ?? 1000);

test('generated code delivers what closures deliver, and fails as they do', () => {
  let count = 0;
  fc.assert(
    fc.property(randomRecord, (record) => {
      const expected: Log = [];
      const actual: Log = [];
      const reference = record.cursor();
      const visit = compileVisit(record.eventRecordClass, recordingVisitor(expected));
      const expectedOutcome = outcomeOf(visit, reference);
      const walk = compileWalk(record.eventRecordClass, recordingSink(actual));
      const outcome = outcomeOf(walk, record.cursor());
      if ('code' in outcome && outcome.code === 'malformed-event-record') return;
      expect(outcome).toEqual(expectedOutcome);
      if ('endBits' in outcome) count++;
      if ('endBits' in outcome) {
        expect(actual).toEqual(expected);
        // Nothing behind the record is needed.
        expect(walk(record.cursor(outcome.endBits))).toBe(outcome.endBits);
      } else {
        // Up to a fault, less may have been delivered, but nothing else; a variant may have begun.
        if (actual.at(-1) === '<') actual.pop();
        expect(actual).toEqual(expected.slice(0, actual.length));
      }
    }),
    { numRuns },
  );
  expect(count).toBeGreaterThan(numRuns / 10);
});

test('the length is where the walk ends', () => {
  fc.assert(
    fc.property(randomRecord, (record) => {
      const reference = compileLength(record.eventRecordClass, 'closures');
      const generated = compileLength(record.eventRecordClass, 'generated');
      const silent = compileVisit(record.eventRecordClass, {});
      const expected = outcomeOf(silent, record.cursor());
      if (typeof generated === 'number') {
        expect(generated).toBe(reference);
        if ('endBits' in expected) {
          expect(record.cursor().bodyOffsetBits + generated).toBe(expected.endBits);
        }
        return;
      }
      const outcome = outcomeOf(generated, record.cursor());
      if ('code' in outcome && outcome.code === 'malformed-event-record') return;
      expect(outcome).toEqual(expected);
      if ('endBits' in outcome) {
        expect(generated(record.cursor(outcome.endBits))).toBe(outcome.endBits);
      }
    }),
    { numRuns },
  );
});
