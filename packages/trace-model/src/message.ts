/**
 * How messages travel. Demand flows up: a consumer is a `Downstream`, which is asked once per event record class whether it
 * wants those records, and what to do with them. Messages flow down: a `MessageIterator` is *run* up to a time and calls the
 * downstream for each message, in order. Nothing is allocated for an event record: the `RecordCursor` is reused.
 */
import type { DataStreamClass, EventRecordClass, TraceClass } from './trace-class.ts';

/** One moment, exact: for people, files and protocols. */
export interface ClockSnapshot {
  /** Unsigned 64-bit value of the stream's default clock. */
  readonly cycles: bigint;
  /** Nanoseconds from the clock's origin (the Unix epoch for LTTng), offset included; may be negative. */
  readonly nsFromOrigin: bigint;
}

/** What the `timeNs` numbers of one run count from. */
export interface TimeOrigin {
  /** Nanoseconds from the clocks' common origin. */
  readonly nsFromOrigin: bigint;
}

export interface Trace {
  readonly traceClass: TraceClass;
  /** As shown, for example `hostname/kernel`; undefined: no name. */
  readonly name?: string;
  /** Directory, archive member or URL. */
  readonly path: string;
  readonly environment: ReadonlyMap<string, string | bigint>;
  /**
   * The data streams known so far, of all ports of the source: complete before the first message where the source can know.
   * Undefined: only those that have begun are known.
   */
  readonly streams?: readonly DataStream[];
}

export interface DataStream {
  readonly trace: Trace;
  readonly dataStreamClass: DataStreamClass;
  /** Instance id from the packet header, else a number given by the source, unique in the stream's class. */
  readonly id: bigint;
  /** False: the metadata gives no instance ids. */
  readonly idIsKnown: boolean;
  /** Mostly the path of the first file. */
  readonly name: string;
}

/** A packet that has begun. One object per packet, valid as long as it is held; the bytes behind it are not. */
export interface Packet {
  readonly stream: DataStream;
  /** From 0, in time order. */
  readonly index: number;
  readonly begin?: ClockSnapshot;
  readonly end?: ClockSnapshot;
  /** Value of the discarded event record counter at the end of the packet. */
  readonly discardedEventCounter?: bigint;
  readonly sequenceNumber?: bigint;
}

/**
 * The current event record of one data stream. The same object for all records of an iterator: what it shows is valid until
 * the handler returns. `bytes` and `view` start at the beginning of the packet, are the iterator's own, and may be
 * replaced by other ones at the next packet.
 */
export interface RecordCursor {
  readonly stream: DataStream;
  readonly packet: Packet;
  readonly eventRecordClass: EventRecordClass;
  /** Since the run's `TimeOrigin`; NaN: the stream has no default clock. */
  readonly timeNs: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the event record begins: with its header, before alignment. Undefined: this cursor doesn't say. */
  readonly recordOffsetBits?: number;
  /** First bit after the event record header: where the common context begins, before its alignment. */
  readonly bodyOffsetBits: number;
  /** End of the packet's content. At least 16 zero bytes follow it in `bytes`. */
  readonly contentEndBits: number;
  /** Values saved by key fields decoded so far, by slot: numbers; bigint where a number would not be exact. */
  readonly keys: (number | bigint)[];
  /** Where the packet context begins (bits; after the packet header, before alignment). */
  readonly packetContextOffsetBits: number;
  /**
   * The cycles of the clock without bigint: `clockHigh`, a multiple of 2^32, and `clockLow`, less than that. Undefined: this cursor
   * doesn't say.
   */
  readonly clockHigh?: number;
  readonly clockLow?: number;
  /** Exact time of the record. Undefined: the stream has no default clock. */
  clockSnapshot(): ClockSnapshot | undefined;
}

/**
 * What to do with one event record. Returns the bit after the record's last field when the handler has walked all fields (the
 * iterator then need not), or -1 when it has not. A handler that throws a DecodeError has kept nothing of the record: it is called again
 * when only a part of the record was there.
 */
export type EventHandler = (cursor: RecordCursor) => number;

/** Count and times of what a tracer could not record. */
export interface Discarded {
  readonly stream: DataStream;
  /** Undefined: unknown. */
  readonly count?: bigint;
  readonly begin?: ClockSnapshot;
  readonly end?: ClockSnapshot;
}

/**
 * Who receives messages. Order per stream: `streamBeginning`, then packets (`packetBeginning`, event records, `packetEnd`) and
 * discarded items between or inside them, then `streamEnd`. Between streams: the order of time, when a muxer is above.
 */
export interface Downstream {
  /**
   * Called at the first record of a class in a stream. The answer holds for the rest of that stream. `null`: these records are
   * only counted and stepped over.
   */
  eventHandler(cursor: RecordCursor): EventHandler | null;
  /** `time`: known only where a trimmer cut the stream. */
  streamBeginning(stream: DataStream, time?: ClockSnapshot): void;
  streamEnd(stream: DataStream, time?: ClockSnapshot): void;
  packetBeginning(packet: Packet, cursor: RecordCursor): void;
  packetEnd(packet: Packet): void;
  discardedEvents(discarded: Discarded): void;
  discardedPackets(discarded: Discarded): void;
  /** Nothing will come before `time`: live sources only. */
  inactivity(time: ClockSnapshot): void;
  /**
   * Records which were stepped over because no handler wanted them, since the last call. Called at least before the iterator ends.
   * Optional: only counters care.
   */
  skippedEvents?(count: number): void;
}

/**
 * Why `run` came back: `limit`: the head is at or after the limit; `budget`: enough for one turn of the event loop, call again;
 * `again`: no data now (live), wait for `ready`; `end`: there will be no more messages.
 */
export type RunStatus = 'limit' | 'budget' | 'again' | 'end';

/** Rank of the kinds of message at the same time, from the order Babeltrace 2's muxer uses. */
export const messageRank = {
  streamBeginning: 0,
  packetBeginning: 1,
  event: 2,
  discardedEvents: 3,
  packetEnd: 4,
  inactivity: 5,
  discardedPackets: 6,
  streamEnd: 7,
} as const;

/**
 * A sequence of messages, pulled in batches. Opened with its `Downstream`. `headTimeNs` and `headRank` describe the message that the
 * next `run` would deliver first. They change by `run` and `seek` only, and after `again`.
 */
export interface MessageIterator {
  /** -Infinity: a message without time (due at once); +Infinity: none, at the end. */
  readonly headTimeNs: number;
  readonly headRank: number;
  /** The stream of the head message, for breaking ties. Undefined at the end. */
  readonly headStream: DataStream | undefined;
  /** Time of the last event record passed, whoever wanted it, known at least at the end; NaN: none, or no clock. */
  readonly lastEventNs?: number;
  /**
   * Delivers messages with time < `limitNs`, at most about `budget` of them.
   * @throws DecodeError; everything before the fault has been delivered.
   */
  run(limitNs: number, budget: number): RunStatus;
  /** Resolves when `run` may go on after `again`. */
  ready?(): Promise<void>;
  /**
   * Moves to the first message at or after `timeNs`, before the first `run` only. Packets that end before it are not
   * read. False: not supported, and nothing was done.
   */
  seek?(timeNs: number): boolean;
  close(): void;
}
