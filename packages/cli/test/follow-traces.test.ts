/** What `--follow` hands on while the data streams of a trace grow at their own pace. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTrace } from '@sonde/testkit';
import { EventDownstream, type EventHandler, type RecordCursor } from '@sonde/trace-model';
import { afterAll, expect, test } from 'vitest';
import { followTraces } from '../src/follow-traces.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-follow-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Keeps the times of all events. */
class Times extends EventDownstream {
  readonly all: number[] = [];
  originNs = 0;

  override eventHandler(_cursor: RecordCursor): EventHandler {
    return (cursor) => {
      this.all.push(this.originNs + cursor.timeNs);
      return -1;
    };
  }
}

const wakeup = (at: number, cpu: number): string =>
  `${at} ${cpu} sched_waking comm=a tid=1 prio=20 target_cpu=0`;

/** The packet without records that ends every data stream of `kernelTrace`: a magic number, six words, the CPU. */
const emptyPacketBytes = 4 + 6 * 8 + 4;

/** Follows a trace of which there are the packets of `early`, and, once all of `awaited` have been handed on, all of `text`. */
async function follow(
  early: readonly string[],
  rest: readonly string[],
  awaited: readonly number[],
  staleMs: number,
): Promise<{ times: number[]; late: number[] }> {
  const folder = mkdtempSync(join(scratch, 'trace-'));
  const { metadata, streams } = kernelTrace([...early, ...rest].join('\n'));
  writeFileSync(join(folder, 'metadata'), metadata);
  const sizes = new Map<string, number>();
  for (const [name, { length }] of kernelTrace(early.join('\n')).streams) {
    sizes.set(name, length - emptyPacketBytes);
  }
  for (const [name, bytes] of streams) {
    writeFileSync(join(folder, name), bytes.subarray(0, sizes.get(name)));
  }
  const times = new Times();
  const late: number[] = [];
  const stop = new AbortController();
  let looksAfter = 0;
  await followTraces([folder], times, {
    signal: stop.signal,
    pollMs: 1,
    staleMs,
    begin: (origin) => {
      times.originNs = Number(origin.nsFromOrigin);
    },
    onPiece: () => {},
    onLate: (count) => late.push(count),
    wantsMore: () => {
      if (looksAfter > 0) looksAfter++;
      else if (awaited.every((time) => times.all.includes(time))) {
        looksAfter = 1;
        for (const [name, bytes] of streams) {
          appendFileSync(join(folder, name), bytes.subarray(sizes.get(name)));
        }
      }
      if (looksAfter === 4) stop.abort();
      return true;
    },
  });
  return { times: times.all, late };
}

test('events of a stream that nobody waited for any more are counted, not handed on out of order', async () => {
  const early = [wakeup(10, 0), wakeup(15, 1), '20 1 packet', wakeup(90, 0), '100 0 packet'];
  const rest = [wakeup(30, 1), wakeup(95, 1), wakeup(150, 1), '160 1 packet', wakeup(170, 0)];
  const { times, late } = await follow(early, [...rest, '180 0 packet'], [90], 0);
  expect(late).toEqual([2]);
  expect(times).toEqual([10, 15, 90, 150, 170]);
});

test('an event at the very end of the packet before it is not left out', async () => {
  const early = [wakeup(10, 0), wakeup(15, 1), '20 1 packet', wakeup(17, 0), '20 0 packet'];
  const rest = [wakeup(20, 1), wakeup(20, 0), wakeup(25, 1), '30 1 packet', '30 0 packet'];
  const { times, late } = await follow(early, rest, [17], 60_000);
  expect(late).toEqual([]);
  expect(times).toEqual([10, 15, 17, 20, 20, 25]);
});
