/** Adding a delay to a distribution. */
import type { Assembler } from '@sonde/ebpf';
import type { ExpressionWriter } from './emit-expression.ts';
import { frame, pending, series } from './layout.ts';
import { labelSlotName, type PlannedPoint, type TrackerPlan } from './plan-types.ts';
import type { TrackerMaps } from './tracker-maps.ts';

/** `r0` = the distribution's place. Delay in the frame, pending operation in `r7`, counters in `r9`. */
export function emitAddDelay(
  code: Assembler,
  plan: TrackerPlan,
  maps: TrackerMaps,
  planned: PlannedPoint,
  expressions: ExpressionWriter,
): void {
  const done = code.freshLabel('counted');
  const { place } = maps;
  const offset = maps.series === undefined ? place.seriesAt : 0;
  const bucketsAt = place.bucketsAt ?? series.lengthBytes;
  if (maps.series === undefined) code.move('r0', 'r9');
  else {
    emitLabels(code, plan, maps, planned, expressions);
    emitFindSeries(code, maps, done);
  }
  code.load('r1', 'r10', frame.delayNs, 'u64');
  code.load('r2', 'r0', offset + series.sumNs, 'u64').alu('add', 'r2', 'r1');
  code.store('r0', offset + series.sumNs, 'r2', 'u64');
  emitExtremes(code, offset);
  emitBucket(code, maps.bits);
  code.alu('add', 'r0', 'r2');
  code.load('r1', 'r0', bucketsAt, 'u64').add('r1', 1).store('r0', bucketsAt, 'r1', 'u64');
  code.label(done);
}

/** Writes the labels into the frame as key. */
function emitLabels(
  code: Assembler,
  plan: TrackerPlan,
  maps: TrackerMaps,
  planned: PlannedPoint,
  expressions: ExpressionWriter,
): void {
  const { labels } = plan;
  let at = maps.seriesIsArray ? frame.seriesIndex : frame.seriesKey;
  for (const [i, name] of labels.names.entries()) {
    const words = labels.kinds[i] === 'text' ? 2 : 1;
    if (labels.role === 'end') expressions.words(planned.point.labels.get(name)!, 'r10', at);
    else {
      const slot = plan.saved.find((candidate) => candidate.name === labelSlotName(name))!;
      for (let word = 0; word < words; word++) {
        code.load('r1', 'r7', pending.savedAt + slot.offsetBytes + 8 * word, 'u64');
        code.store('r10', at + 8 * word, 'r1', 'u64');
      }
    }
    at += 8 * words;
  }
}

function emitFindSeries(code: Assembler, maps: TrackerMaps, done: string): void {
  const found = code.freshLabel('series');
  const lost = code.freshLabel('lost');
  const at = maps.seriesIsArray ? frame.seriesIndex : frame.seriesKey;
  const lookUp = (): void => {
    code.move('r2', 'r10').add('r2', at).moveMap('r1', maps.series!).call('map_lookup_elem');
    code.jumpIf('r0', '!=', 0, found);
  };
  lookUp();
  if (maps.zeros !== undefined) {
    // The first of its kind. Another CPU may be faster: then its distribution is found.
    code.moveMapValue('r3', maps.zeros).moveMap('r1', maps.series!);
    code.move('r2', 'r10').add('r2', at).move('r4', 1).call('map_update_elem');
    lookUp();
  }
  code.label(lost);
  const unlabelledAt = maps.place.counterAt('unlabelled');
  code.load('r1', 'r9', unlabelledAt, 'u64').add('r1', 1).store('r9', unlabelledAt, 'r1', 'u64');
  code.jump(done);
  code.label(found);
}

/** Greatest and least so far; delay in `r1`. */
function emitExtremes(code: Assembler, offset: number): void {
  const notGreatest = code.freshLabel('max');
  const least = code.freshLabel('min');
  const notLeast = code.freshLabel('min');
  code.load('r2', 'r0', offset + series.maxNs, 'u64');
  code.jumpIf('r1', '<=', 'r2', notGreatest);
  code.store('r0', offset + series.maxNs, 'r1', 'u64').label(notGreatest);
  code.load('r2', 'r0', offset + series.minNs, 'u64').jumpIf('r2', '==', 0, least);
  code.jumpIf('r1', '>=', 'r2', notLeast).label(least);
  code
    .move('r2', 'r1')
    .add('r2', 1)
    .store('r0', offset + series.minNs, 'r2', 'u64');
  code.label(notLeast);
}

/** `r2` = offset of the bucket of `r1` (bytes): as `bucketOf` of histogram.ts. Uses `r3`, `r4`. */
function emitBucket(code: Assembler, bits: number): void {
  emitLog2(code);
  const mask = (1 << bits) - 1;
  if (bits > 0) {
    const small = code.freshLabel('small');
    const joined = code.freshLabel('bucket');
    code.move('r4', 'r2').jumpIf('r2', '<', bits, small);
    code.alu('sub', 'r4', bits).shiftRight('r1', 'r4').jump(joined);
    code.label(small).move('r3', bits).alu('sub', 'r3', 'r4').shiftLeft('r1', 'r3');
    code.label(joined).and('r1', mask).shiftLeft('r2', bits).alu('or', 'r2', 'r1');
  }
  // For the verifier, which does not follow logarithms.
  code.and('r2', (64 << bits) - 1).shiftLeft('r2', 3);
}

/**
 * `r2` = position of the leading one of `r1`; 0 for 0. Uses `r3`, `r4`. Delays vary, so a CPU would guess jumps wrong; the only one here is
 * for delays above four seconds.
 */
function emitLog2(code: Assembler): void {
  const short = code.freshLabel('log');
  code.move('r3', 'r1').move('r2', 0);
  code.move('r4', 'r3').shiftRight('r4', 32).jumpIf('r4', '==', 0, short);
  code.move('r2', 32).move('r3', 'r4').label(short);
  for (const step of [16, 8, 4, 2]) {
    // The sign of what is below the bound minus the number: 0, or 1 where there are more than so many bits.
    code
      .move('r4', 2 ** step - 1)
      .alu('sub', 'r4', 'r3')
      .shiftRight('r4', 63);
    code.shiftLeft('r4', Math.log2(step)).shiftRight('r3', 'r4').alu('or', 'r2', 'r4');
  }
  code.shiftRight('r3', 1).alu('or', 'r2', 'r3');
}
