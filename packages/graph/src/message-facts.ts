import { assertNever } from '@sonde/base';
import { type ClockSnapshot, type DataStream, messageRank } from '@sonde/trace-model';
import type { Message } from './message.ts';

/** The time a message is sorted by; undefined: due at once. */
export function timeOf(message: Message): ClockSnapshot | undefined {
  switch (message.type) {
    case 'event':
    case 'inactivity':
      return message.time;
    case 'packet-beginning':
      return message.packet.begin;
    case 'packet-end':
      return message.packet.end;
    case 'discarded-events':
    case 'discarded-packets':
      return message.begin;
    default:
      return undefined;
  }
}

/** The stream a message belongs to. */
export function streamOf(message: Message): DataStream | undefined {
  switch (message.type) {
    case 'event':
    case 'packet-beginning':
    case 'packet-end':
      return message.packet.stream;
    case 'inactivity':
      return undefined;
    default:
      return message.stream;
  }
}

/** Rank among messages of the same time. */
export function rankOf(message: Message): number {
  switch (message.type) {
    case 'stream-beginning':
      return messageRank.streamBeginning;
    case 'packet-beginning':
      return messageRank.packetBeginning;
    case 'event':
      return messageRank.event;
    case 'discarded-events':
      return messageRank.discardedEvents;
    case 'packet-end':
      return messageRank.packetEnd;
    case 'inactivity':
      return messageRank.inactivity;
    case 'discarded-packets':
      return messageRank.discardedPackets;
    case 'stream-end':
      return messageRank.streamEnd;
    default:
      return assertNever(message);
  }
}
