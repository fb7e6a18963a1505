import { periodJudgements } from './judgements.ts';
import { describeReferences } from './reference-suite.ts';

describeReferences({
  families: ['period', 'syscallstats'],
  judgements: periodJudgements,
  leastCases: 75,
  leastAgreeing: 0.48,
  leastSame: 0.55,
});
