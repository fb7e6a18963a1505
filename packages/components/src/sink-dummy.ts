import type { Sink, SinkClass } from '@sonde/graph';
import type { Downstream } from '@sonde/trace-model';

/** `sink.utils.dummy`: takes all messages and does nothing with them. Records are stepped over, not decoded. */
export const dummySink: SinkClass = {
  kind: 'sink',
  plugin: 'utils',
  className: 'dummy',
  description: 'Consume messages and discard them',
  parameterHelp: {},
  create: () => new DummySink(),
};

const discard: Downstream = {
  eventHandler: () => null,
  streamBeginning() {},
  streamEnd() {},
  packetBeginning() {},
  packetEnd() {},
  discardedEvents() {},
  discardedPackets() {},
  inactivity() {},
};

class DummySink implements Sink {
  start(): Downstream {
    return discard;
  }

  finish(): void {}
}
