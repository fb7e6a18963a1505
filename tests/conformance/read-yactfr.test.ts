import { describe } from 'vitest';
import { casesOf, corpusIsHere, corpusNote } from './corpus.ts';
import { testOutputs } from './outputs.ts';

describe.skipIf(!corpusIsHere)(`reads the yactfr suites as Babeltrace${corpusNote}`, () => {
  testOutputs(casesOf((suite) => /^yactfr-ctf/.test(suite)));
});
