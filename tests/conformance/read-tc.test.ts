import { describe } from 'vitest';
import { casesOf, corpusIsHere, corpusNote } from './corpus.ts';
import { testOutputs } from './outputs.ts';

describe.skipIf(!corpusIsHere)(`reads the tc suites as Babeltrace${corpusNote}`, () => {
  testOutputs(casesOf((suite) => suite === 'tc'));
});
