/** The whole output of `-o perfetto`, held to the rules of Chrome's trace events and to what the trace holds. */
import { beforeAll, describe, expect, test } from 'vitest';
import { clockPlugin, kernelTiny, runSonde } from './built-command.ts';

interface TraceEvent {
  readonly ph: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
  readonly cat?: string;
  readonly s?: string;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly displayTimeUnit: string;
  readonly otherData: { readonly 'origin-ns': string };
  readonly traceEvents: readonly TraceEvent[];
}

/** A line of `--json`. */
interface Line {
  readonly type: string;
  readonly ts: string;
  readonly name: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

const traces = { kernel: kernelTiny, 'user space': clockPlugin };
const rowOf = ({ pid, tid }: TraceEvent): string => `${pid}:${tid}`;

describe.each(Object.entries(traces))('a trace of the %s', (_title, path) => {
  let text = '';
  let document: Document;
  let lines: readonly Line[] = [];

  beforeAll(() => {
    text = runSonde(['read', '-o', 'perfetto', path]).stdout;
    document = JSON.parse(text);
    lines = runSonde(['read', '--json', path])
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'event');
  });

  const eventsOf = (...phases: readonly string[]): TraceEvent[] =>
    document.traceEvents.filter(({ ph }) => phases.includes(ph));

  test('each event has its place, and what its kind has to have', () => {
    expect(document.displayTimeUnit).toBe('ns');
    const wrong = document.traceEvents.filter((event) => {
      const { ph, ts, pid, tid, name, cat, s, dur, args } = event;
      const isPlaced =
        Number.isFinite(ts) && ts >= 0 && Number.isInteger(pid) && Number.isInteger(tid);
      const isNamed = typeof name === 'string' && name !== '';
      const hasCategory = typeof cat === 'string' && cat !== '';
      const hasArguments = args === undefined || (typeof args === 'object' && args !== null);
      if (!isPlaced || !hasArguments) return true;
      switch (ph) {
        case 'B':
          return !isNamed || !hasCategory;
        case 'E':
          return false;
        case 'i':
          return !isNamed || !hasCategory || s !== 't';
        case 'X':
          return !isNamed || !hasCategory || !(Number.isFinite(dur) && dur! >= 0);
        case 'M':
          return !/^(process|thread)_(name|sort_index)$/.test(name ?? '');
        default:
          return true;
      }
    });
    expect(wrong).toEqual([]);
  });

  test('each beginning has its end, on its row and in order', () => {
    const depths = new Map<string, number>();
    const lastUs = new Map<string, number>();
    const wrong: TraceEvent[] = [];
    for (const event of eventsOf('B', 'E', 'i')) {
      const row = rowOf(event);
      if (event.ts < (lastUs.get(row) ?? 0)) wrong.push(event);
      lastUs.set(row, event.ts);
      if (event.ph === 'i') continue;
      const depth = (depths.get(row) ?? 0) + (event.ph === 'B' ? 1 : -1);
      if (depth < 0) wrong.push(event);
      depths.set(row, depth);
    }
    expect(wrong).toEqual([]);
    expect([...depths].filter(([, depth]) => depth !== 0)).toEqual([]);
  });

  test('a CPU runs one thread at a time', () => {
    const ends = new Map<string, number>();
    const wrong = eventsOf('X').filter((event) => {
      const before = ends.get(rowOf(event)) ?? 0;
      ends.set(rowOf(event), event.ts + event.dur!);
      // Both are thousandths, as floats.
      return event.ts < before - 0.0005;
    });
    expect(wrong).toEqual([]);
  });

  test('each row, and its process, has one name', () => {
    const names = (kind: string): TraceEvent[] => eventsOf('M').filter(({ name }) => name === kind);
    const rows = new Set(names('thread_name').map(rowOf));
    const processes = new Set(names('process_name').map(({ pid }) => pid));
    const unnamed = eventsOf('B', 'E', 'i', 'X').filter(
      (event) => !rows.has(rowOf(event)) || !processes.has(event.pid),
    );
    expect(unnamed).toEqual([]);
    for (const { args } of [...names('thread_name'), ...names('process_name')]) {
      expect(args?.['name']).toMatch(/./);
    }
  });

  test('the events of the trace are there, once each, in order, with their times and fields', () => {
    // Digits of the text, as a float has too few: times of at most three decimals.
    const nsOf = (line: string): bigint => {
      const [, whole, fraction = ''] = /"ts":(\d+)(?:\.(\d+))?/.exec(line)!;
      return BigInt(whole + fraction.padEnd(3, '0'));
    };
    const origin = BigInt(document.otherData['origin-ns']);
    const written = text.split('\n').flatMap((line) => {
      if (!/^\{"ph":"[BEi]"/.test(line)) return [];
      const { ph, name, args }: TraceEvent = JSON.parse(line.replace(/,$/, ''));
      return [{ ph, name, args, ts: String(origin + nsOf(line)) }];
    });
    let next = 0;
    for (const { ph, name, args, ts } of written) {
      const line = lines[next];
      const isOfTrace =
        line !== undefined &&
        line.ts === ts &&
        JSON.stringify(args ?? {}) === JSON.stringify(line.payload ?? {}) &&
        (ph !== 'i' || name === line.name);
      if (isOfTrace) next++;
      // What else there is, are ends of slices whose own end was lost.
      else expect({ ph, args }).toEqual({ ph: 'E', args: undefined });
    }
    expect(next).toBe(lines.length);
    expect(next).toBeGreaterThan(300);
  });
});
