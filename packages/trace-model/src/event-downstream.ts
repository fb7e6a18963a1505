import type {
  ClockSnapshot,
  DataStream,
  Discarded,
  Downstream,
  EventHandler,
  Packet,
  RecordCursor,
} from './message.ts';

/** A `Downstream` that passes over what it does not override: everything but events. */
export abstract class EventDownstream implements Downstream {
  abstract eventHandler(cursor: RecordCursor): EventHandler | null;
  streamBeginning(_stream: DataStream, _time?: ClockSnapshot): void {}
  streamEnd(_stream: DataStream, _time?: ClockSnapshot): void {}
  packetBeginning(_packet: Packet, _cursor: RecordCursor): void {}
  packetEnd(_packet: Packet): void {}
  discardedEvents(_discarded: Discarded): void {}
  discardedPackets(_discarded: Discarded): void {}
  inactivity(_time: ClockSnapshot): void {}
}
