import type { Recovered, SessionCounts } from '@sonde/tracer-kernel';
import { shellWord } from '../shell-word.ts';

const grouped = new Intl.NumberFormat('en-US');
const megabyte = 1e6;

export function countText(count: number): string {
  return grouped.format(count);
}

export function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / megabyte).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** How long a recording took, and what it cost, both of the same time. */
export interface Expense {
  readonly seconds: number;
  /** CPU time of this process, all its threads. */
  readonly cpuSeconds: number;
}

/** In a shorter time the compiling of the recorder's own code would be taken for what it costs to go on. */
const leastForPercentSeconds = 1;

function cpuPercent({ seconds, cpuSeconds }: Expense): number {
  return (100 * cpuSeconds) / seconds;
}

/** `recording: 3 s, 512,034 events (170,000/s), 14.2 MB, none lost; recorder 12 % of a CPU` */
export function statusText(
  { events, lostEvents, writtenBytes, contents }: SessionCounts,
  expense: Expense,
): string {
  const { seconds } = expense;
  const rate = countText(Math.round(events / Math.max(seconds, 0.001)));
  const what = events > 0 ? `${countText(events)} events (${rate}/s), ` : '';
  const lost = lostEvents === 0 ? 'none lost' : `${countText(lostEvents)} LOST`;
  const lostTexts = contents?.lost ?? 0;
  const texts = lostTexts === 0 ? '' : ` and ${countText(lostTexts)} texts LOST`;
  const cost =
    seconds < leastForPercentSeconds
      ? ''
      : `; recorder ${cpuPercent(expense).toFixed(0)} % of a CPU`;
  return `recording: ${seconds.toFixed(0)} s, ${what}${sizeText(writtenBytes)}, ${lost}${texts}${cost}`;
}

export interface Ending {
  /** How long events were recorded. */
  readonly seconds: number;
  /** Until the last of them was written. */
  readonly expense: Expense;
  /** Events of raw recordings are not counted. */
  readonly isRaw: boolean;
  /** The last events could not be written. */
  readonly isCut: boolean;
}

/** What was recorded, in one or two lines. */
export function endText(
  { events, lostEvents, filteredEvents, writtenBytes, contents }: SessionCounts,
  { seconds, expense, isRaw, isCut }: Ending,
): string {
  const dropped = lostEvents === 0 ? 'none lost' : `${countText(lostEvents)} LOST`;
  const lost = isCut ? 'the last of them LOST' : dropped;
  // Of what could not be written, nobody counts the events.
  const most = isCut ? 'at most ' : '';
  const what = isRaw ? '' : events > 0 ? `${most}${countText(events)} events, ` : 'no events, ';
  const line = `Recorded ${seconds.toFixed(1)} s: ${what}${lost}, ${sizeText(writtenBytes)}; the recorder used ${costText(expense)}.\n${filteredText(filteredEvents)}${contentsText(contents)}`;
  if (lostEvents === 0) return line;
  if (events === 0)
    return `${line}The buffers were full: larger ones (--buffer-size) or fewer events (-e) help.\n`;
  const share = (100 * lostEvents) / (events + lostEvents);
  return `${line}Lost are ${share.toFixed(2)} %: the buffers were full. Larger ones (--buffer-size), fewer events (-e), or --raw help.\n`;
}

/** `0.42 s of CPU time`, with the part of one CPU where it says anything. */
function costText(expense: Expense): string {
  const { seconds, cpuSeconds } = expense;
  const part = seconds < leastForPercentSeconds ? '' : ` (${cpuPercent(expense).toFixed(1)} %)`;
  return `${cpuSeconds.toFixed(2)} s of CPU time${part}`;
}

/** These are not lost: nobody wanted them. */
function filteredText(count: number): string {
  return count === 0
    ? ''
    : `The recorder left out ${countText(count)} events that were not asked for.\n`;
}

/** Empty where every text that a system call points to is in the trace. */
function contentsText(contents: SessionCounts['contents']): string {
  if (contents === undefined || contents.missing === 0) return '';
  const { texts, missing, lost } = contents;
  const why =
    lost === 0 ? 'they could not be read' : `eBPF LOST ${countText(lost)} texts of all processes`;
  return `Of ${countText(texts + missing)} texts of system calls, ${countText(missing)} are empty: ${why}.\n`;
}

export function snapshotText(why: string, { events, writtenBytes }: SessionCounts): string {
  return `${why}: the last ${countText(events)} events were written, ${sizeText(writtenBytes)}.\n`;
}

export function recoveredText(directory: string, recovered: Recovered): string {
  const { packets, cutBytes, drainedEvents, lostEvents, overwrittenEvents } = recovered;
  const cut =
    cutBytes === 0 ? '' : `, ${countText(cutBytes)} bytes of incomplete ones were cut off`;
  const overwritten =
    overwrittenEvents === 0
      ? ''
      : ` ${countText(overwrittenEvents)} older ones had given way to them, as a flight recorder's do.`;
  const drained =
    drainedEvents === undefined
      ? 'The kernel holds nothing of this recording any more.'
      : `${countText(drainedEvents)} events were added from the kernel; ${countText(lostEvents)} were lost since its buffers were full.${overwritten}`;
  return `${directory}: ${countText(packets)} packets were complete${cut}. ${drained}\n`;
}

/** Where the trace is, and what to do with it. */
export function nextText(directory: string, isRaw: boolean): string {
  const path = shellWord(directory);
  const convert = isRaw
    ? `  sonde read -o ctf-1.8 -w ${path}-ctf ${path}    convert to CTF once\n`
    : '';
  return `Trace: ${directory}
Next:
  sonde report ${path}      what happened, on one page
  sonde read ${path}        every event; --help for filters
  sonde cputop ${path}      who used the CPUs; iousagetop, schedstats, syscallstats, …
${convert}`;
}
