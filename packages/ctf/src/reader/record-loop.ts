import type { DataStreamClass, RecordCursor } from '@sonde/trace-model';
import { alignmentBitsOf } from '@sonde/trace-model';
import type { Timeline } from './clock-converter.ts';
import { generateHeaderCode, type HeaderCode, UnsupportedHeader } from './header-code.ts';
import type { RecordDispatch } from './record-dispatch.ts';
import type { ClockState } from './record-header.ts';

/** Why a loop came back. */
export const loopStatus = {
  /** The head is at or after the limit, or the budget is used up. */
  pause: 0,
  /** There are no more records before `recordsEndBits`. */
  end: 1,
  /** The handler for the head's class is not known. */
  meet: 2,
  /** The head's record goes beyond the content. */
  overrun: 3,
  /** The head's record is empty. */
  empty: 4,
  /** The header at `recordOffsetBits` is not decoded: it needs, or deserves, closures. */
  header: 5,
  /** The head was delivered, and ends within a byte, at `endBits`. */
  unaligned: 6,
  /** `thrown` was thrown for the head's record: by its handler, or while its length was found. */
  thrown: 7,
  /** The head was delivered, and its end could not be found: it goes beyond the content, or `thrown` was thrown. */
  unended: 8,
  /** No loop has run since the cursor was last moved by other means. */
  idle: 9,
} as const;

/** What a record loop works on: the state of a `PacketCursor` at its head record. */
export interface LoopCursor extends RecordCursor, ClockState {
  readonly dispatch: RecordDispatch;
  readonly timeline: Timeline | undefined;
  recordOffsetBits: number;
  bodyOffsetBits: number;
  timeNs: number;
  headTimeNs: number;
  /** Records of this time or later wait, if somebody wants them. Here, since V8 makes an object of a number that a call hands over. */
  limitNs: number;
  clockHigh: number;
  clockLow: number;
  /** Index of the head's class in `dispatch`. */
  classIndex: number;
  skippedEvents: number;
  /** Records that begin here or later wait; at most `contentEndBits`, where the last record may end. */
  recordsEndBits: number;
  /** With status `unaligned`: where the record that was passed ends. */
  endBits: number;
  /** The status of the last run: one of `loopStatus`. */
  status: number;
  /** With status `thrown`. */
  thrown: unknown;
  /** The index in `dispatch` for the id `high · 2^32 + low`, or -1. */
  indexOfId(low: number, high: number): number;
}

/** Passes records from the head on, until `cursor.limitNs`, at most `budget`. Returns how many; see `cursor.status`. */
export type RecordLoop = (cursor: LoopCursor, budget: number) => number;

const loops = new WeakMap<DataStreamClass, RecordLoop | undefined>();

/**
 * The generated loop for packets of `dataStreamClass` whose records begin at bytes and whose content is whole bytes. Undefined: its
 * headers need closures, or code generation is forbidden here.
 */
export function recordLoopOf(dataStreamClass: DataStreamClass): RecordLoop | undefined {
  if (!loops.has(dataStreamClass)) loops.set(dataStreamClass, compileLoop(dataStreamClass));
  return loops.get(dataStreamClass);
}

function compileLoop(dataStreamClass: DataStreamClass): RecordLoop | undefined {
  try {
    const text = generateRecordLoop(dataStreamClass);
    return new Function('cursor', 'budget', text) as RecordLoop;
  } catch (error) {
    if (error instanceof UnsupportedHeader || error instanceof EvalError) return undefined;
    throw error;
  }
}

/**
 * The text of the loop's body: numbers and our own words only.
 * @throws UnsupportedHeader
 */
function generateRecordLoop(dataStreamClass: DataStreamClass): string {
  const header = dataStreamClass.eventRecordHeader;
  const code = generateHeaderCode(header);
  const isByteAligned = header !== undefined && alignmentBitsOf(header) === 8;
  return [
    '"use strict";',
    prologueCode(code),
    'try {',
    'for (;;) {',
    passCode(isByteAligned, code.canBeEmpty),
    'count++;',
    `if (q >= recordsEnd) { s = q; status = ${loopStatus.end}; break; }`,
    nextCode(code, dataStreamClass.defaultClockClass !== undefined),
    `if (count >= budget) { status = ${loopStatus.pause}; break; }`,
    '}',
    `} catch (error) { cursor.thrown = error; if (status !== ${loopStatus.unended}) status = ${loopStatus.thrown}; }`,
    epilogueCode,
  ].join('\n');
}

/** For people: the loop generated for `dataStreamClass`, or why there is none. */
export function explainRecordLoop(dataStreamClass: DataStreamClass): string {
  try {
    const text = generateRecordLoop(dataStreamClass);
    return `function (cursor, budget) {\n${indent(text)}\n}`;
  } catch (error) {
    if (error instanceof UnsupportedHeader)
      return `// Closures find the records: ${error.message}.`;
    throw error;
  }
}

function indent(text: string): string {
  let depth = 1;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('}')) depth--;
    lines.push('  '.repeat(depth) + line);
    if (line.endsWith('{')) depth++;
  }
  return lines.join('\n');
}

/** `s`: begin of the record, `p`: begin of its body, `q`: its end (bytes); `x`: index of its class; `t`: its time. */
function prologueCode(code: HeaderCode): string {
  return `const B = cursor.bytes, D = cursor.view, keys = cursor.keys;
const dispatch = cursor.dispatch, timeline = cursor.timeline;
const handlers = dispatch.handlers, sizes = dispatch.staticBytes, lengths = dispatch.lengths;
const mayBeEmpty = dispatch.bodyMayBeEmpty;
const directCount = dispatch.directCount;
const endBits = cursor.contentEndBits, end = endBits >>> 3, recordsEnd = cursor.recordsEndBits >>> 3;
const hasClock = timeline !== undefined, limitNs = cursor.limitNs;
const originHigh = hasClock ? timeline.originHigh : 0, originLow = hasClock ? timeline.originLow : 0;
const frequencyHz = hasClock ? timeline.frequencyHz : 0;
let s = cursor.recordOffsetBits >>> 3, p = cursor.bodyOffsetBits >>> 3, q = 0;
let x = cursor.classIndex, t = cursor.headTimeNs, chi = cursor.clockHigh, lo = cursor.clockLow | 0;
let id = 0, idHigh = 0, fault = 0, count = 0, skipped = 0, status = ${loopStatus.pause};
${code.variables.map((name) => `let ${name} = 0;`).join('\n')}`;
}

/** Delivers the head or steps over it: sets `q`. Records which nobody wants are stepped over even after the limit. */
function passCode(isByteAligned: boolean, canBeEmpty: boolean): string {
  const staticEnd = `q = p + z;
if (q > end) { status = ${loopStatus.overrun}; break; }
${canBeEmpty ? `if (q === s) { status = ${loopStatus.empty}; break; }` : ''}`;
  const dynamicBegin = canBeEmpty
    ? `if (p === s && mayBeEmpty[x] && lengths[x](cursor) === s * 8) { status = ${loopStatus.empty}; break; }`
    : '';
  return `const h = handlers[x], z = sizes[x];
if (h === null) {
if (z >= 0) {
${staticEnd}
skipped++;
} else {
cursor.recordOffsetBits = s * 8; cursor.bodyOffsetBits = p * 8; cursor.classIndex = x;
${dynamicBegin}
const e = lengths[x](cursor);
${dynamicEndCode(isByteAligned, 'skipped++;')}
}
} else {
if (h === undefined) { status = ${loopStatus.meet}; break; }
if (!(t < limitNs)) { status = ${loopStatus.pause}; break; }
cursor.recordOffsetBits = s * 8; cursor.bodyOffsetBits = p * 8; cursor.classIndex = x;
cursor.clockHigh = chi; cursor.clockLow = ${unsignedLow};
if (hasClock) cursor.timeNs = t;
if (z >= 0) {
${staticEnd}
h(cursor);
} else {
${dynamicBegin}
let e = h(cursor);
if (e < 0) {
status = ${loopStatus.unended};
e = lengths[x](cursor);
if (!(e <= endBits)) break;
status = ${loopStatus.pause};
}
${dynamicEndCode(isByteAligned, '')}
}
}`;
}

/** Checks the end `e` (bits) of a record of dynamic length and sets `q`. `passed`: what to do once it is known to be sound. */
function dynamicEndCode(isByteAligned: boolean, passed: string): string {
  // After a record that ends within a byte the next one begins at the next byte, if headers are aligned to bytes and there is content left.
  const stepsToByte = isByteAligned ? 'if (q + 1 < end) q++; else ' : '';
  return `if (!(e <= endBits)) { status = ${loopStatus.overrun}; break; }
${passed}
q = e >>> 3;
if ((e & 7) !== 0) { ${stepsToByte}{ cursor.endBits = e; count++; status = ${loopStatus.unaligned}; break; } }`;
}

/** Decodes the next header at `q`. A fault leaves time and class of the last record. */
function nextCode(code: HeaderCode, hasClock: boolean): string {
  const giveUp = `{ status = ${loopStatus.header}; break; }`;
  const lines = ['s = p = q;'];
  if (code.maxLengthBytes > 16) lines.push(`if (s + ${code.maxLengthBytes} > end) ${giveUp}`);
  lines.push(code.text, `if (p > end || fault !== 0) ${giveUp}`);
  if (code.hasId) {
    const high = code.idIsWide ? ' || idHigh !== 0' : '';
    lines.push(
      `if (id >= directCount${high}) id = cursor.indexOfId(id, idHigh);`,
      `if (id < 0) ${giveUp}`,
      'x = id;',
    );
  }
  if (code.hasTimestamp && hasClock) {
    lines.push(
      `if (frequencyHz === 0) t = chi - originHigh + (${unsignedLow} - originLow);`,
      `else t = Math.floor((1e9 * (chi + ${unsignedLow})) / frequencyHz) - originHigh - originLow;`,
    );
  }
  return lines.join('\n');
}

/** `lo >>> 0`, which V8 would take to stay below 2^31 if it has been so for a while. */
const unsignedLow = '((lo ^ -2147483648) + 2147483648)';

const epilogueCode = `cursor.recordOffsetBits = s * 8; cursor.bodyOffsetBits = p * 8; cursor.classIndex = x;
cursor.clockHigh = chi; cursor.clockLow = ${unsignedLow};
if (hasClock) cursor.timeNs = t;
cursor.headTimeNs = status === ${loopStatus.end} ? Infinity : t;
cursor.skippedEvents += skipped;
cursor.status = status;
return count;`;
