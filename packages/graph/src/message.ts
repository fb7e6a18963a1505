import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  EventRecordClass,
  Packet,
} from '@sonde/trace-model';

/**
 * A field as a plain value: integers are numbers where exact, else bigint; blobs are bytes; structures are objects in member
 * order; an absent optional is `undefined`.
 */
export type PlainValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | undefined
  | readonly PlainValue[]
  | { readonly [member: string]: PlainValue };

export interface StreamBeginningMessage {
  readonly type: 'stream-beginning';
  readonly stream: DataStream;
}
export interface StreamEndMessage {
  readonly type: 'stream-end';
  readonly stream: DataStream;
}
export interface PacketBeginningMessage {
  readonly type: 'packet-beginning';
  readonly packet: Packet;
}
export interface PacketEndMessage {
  readonly type: 'packet-end';
  readonly packet: Packet;
}
export interface EventMessage {
  readonly type: 'event';
  readonly packet: Packet;
  readonly eventRecordClass: EventRecordClass;
  /** Absent: the stream has no default clock. */
  readonly time?: ClockSnapshot;
  /** Of the packet: the same object in all its events. */
  readonly packetContext?: PlainValue;
  readonly commonContext?: PlainValue;
  readonly specificContext?: PlainValue;
  readonly payload?: PlainValue;
}
export interface DiscardedEventsMessage extends Discarded {
  readonly type: 'discarded-events';
}
export interface DiscardedPacketsMessage extends Discarded {
  readonly type: 'discarded-packets';
}
export interface InactivityMessage {
  readonly type: 'inactivity';
  readonly time: ClockSnapshot;
}

/**
 * A message as a plain object, for scripts, tests and sources that are not in a hurry: exact and slow. The runtime itself passes
 * messages as calls of a `Downstream`.
 */
export type Message =
  | StreamBeginningMessage
  | PacketBeginningMessage
  | EventMessage
  | DiscardedEventsMessage
  | DiscardedPacketsMessage
  | PacketEndMessage
  | StreamEndMessage
  | InactivityMessage;
