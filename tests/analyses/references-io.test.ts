import { ioJudgements } from './judgements.ts';
import { describeReferences } from './reference-suite.ts';

describeReferences({
  families: ['io', 'irq'],
  judgements: ioJudgements,
  leastCases: 125,
  leastAgreeing: 0.38,
  leastSame: 0.35,
});
