/** From operands and options to trackers and traces. */
import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '@sonde/base';
import {
  catalogue,
  findTracker,
  labelledBy,
  parseTracker,
  type Tracker,
} from '@sonde/latency-tracker';
import { nearest } from '../nearest.ts';
import type { LatencyOptions } from './latency-options.ts';

export interface Chosen {
  readonly trackers: readonly Tracker[];
  readonly traces: readonly string[];
}

/**
 * An operand is a tracker of the catalogue, or else a trace.
 * @throws UsageError
 */
export function chooseTrackers(operands: readonly string[], options: LatencyOptions): Chosen {
  const traces: string[] = [];
  const trackers: Tracker[] = [];
  for (const operand of operands) {
    const known = findTracker(operand);
    if (known !== undefined) trackers.push(known);
    else if (existsSync(operand)) traces.push(operand);
    else throw unknownOperand(operand);
  }
  for (const path of options.tracker) trackers.push(...readTrackers(path));
  const own = ownTracker(options);
  if (own !== undefined) trackers.push(own);
  const names = trackers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new UsageError('tracker-twice', `The tracker ${twice} is named twice.`);
  }
  return { trackers: trackers.map((tracker) => adjusted(tracker, options)), traces };
}

/** What programs of bcc, bpftrace and perf call it. */
const elsewhere: Readonly<Record<string, string>> = {
  runqlat: 'runq',
  runqslower: 'runq',
  offcputime: 'offcpu',
  cpudist: 'oncpu',
  hardirqs: 'irq',
  softirqs: 'softirq',
  syscount: 'syscall',
  biolatency: 'block',
  biosnoop: 'block',
  klockstat: 'lock',
};

function unknownOperand(operand: string): UsageError {
  const same = elsewhere[operand];
  if (same !== undefined) {
    return new UsageError(
      'unknown-tracker',
      `${operand} is no tracker; what it measures is ${same} here.`,
    );
  }
  const similar = nearest(
    operand,
    catalogue.map(({ name }) => name),
  );
  const hint =
    similar === undefined ? ' `sonde latency --list` shows them.' : ` Did you mean ${similar}?`;
  return new UsageError('unknown-tracker', `${operand} is no tracker and no file.${hint}`);
}

/** One declaration or a list of them. */
function readTrackers(path: string): Tracker[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError('bad-tracker', `${path} can't be read as JSON.`, { path }, { cause });
  }
  return (Array.isArray(value) ? value : [value]).map((declaration) => {
    try {
      return parseTracker(declaration);
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause;
      throw new UsageError(
        'bad-tracker',
        `${path} has a tracker that can't be used.`,
        {},
        { cause },
      );
    }
  });
}

/** `--begin`, `--end` and `--key`. */
function ownTracker(options: LatencyOptions): Tracker | undefined {
  const { begin, end, key, endKey, when, keep } = options;
  if (begin.length === 0 && end.length === 0) {
    if (key === undefined && when === undefined && keep === undefined) return undefined;
    throw new UsageError('no-event', '--key, --when and --keep go with --begin and --end.');
  }
  if (begin.length === 0 || end.length === 0 || key === undefined) {
    throw new UsageError('no-event', 'A tracker of your own takes --begin, --end and --key.');
  }
  const [keyParts, endKeyParts] = [splitKey(key).length, splitKey(endKey ?? key).length];
  if (keyParts !== endKeyParts) {
    throw new UsageError(
      'key-parts-differ',
      `--key has ${keyParts}, --end-key ${endKeyParts} expressions: an end is found by as many as the begin has.`,
    );
  }
  return parseTracker({
    name: 'user',
    summary: `from ${begin.join(' or ')} to ${end.join(' or ')}`,
    begin: begin.map((event) => ({
      event,
      key: splitKey(key),
      ...(when === undefined ? {} : { when }),
    })),
    end: end.map((event) => ({
      event,
      key: splitKey(endKey ?? key),
      info: { tid: '$tid', comm: '$comm' },
    })),
    ...(keep === undefined ? {} : { keep }),
  });
}

const splitKey = (text: string): string[] => text.split(',').map((part) => part.trim());

function adjusted(tracker: Tracker, options: LatencyOptions): Tracker {
  const { threshold, timeout, gc, by } = options;
  const changed: Tracker = {
    ...tracker,
    ...(timeout === undefined ? {} : { timeoutNs: timeout }),
    ...(gc === undefined ? {} : { gcNs: gc }),
    alert: {
      ...tracker.alert,
      ...(threshold === undefined ? {} : { thresholdNs: threshold }),
    },
  };
  return by === undefined ? changed : labelledBy(changed, by);
}
