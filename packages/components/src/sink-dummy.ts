import type { Sink, SinkClass } from '@sonde/graph';
import { type Downstream, EventDownstream } from '@sonde/trace-model';

/** `sink.utils.dummy`: takes all messages and does nothing with them. Records are stepped over, not decoded. */
export const dummySink: SinkClass = {
  kind: 'sink',
  plugin: 'utils',
  className: 'dummy',
  description: 'Consume messages and discard them',
  parameterHelp: {},
  create: () => new DummySink(),
};

class Discard extends EventDownstream {
  override eventHandler(): null {
    return null;
  }
}

class DummySink implements Sink {
  start(): Downstream {
    return new Discard();
  }

  finish(): void {}
}
