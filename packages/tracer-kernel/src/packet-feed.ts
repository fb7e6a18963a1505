/** Events of the running kernel as CTF packets in memory: for readers in this process. Nothing is written to disk. */
import { randomBytes } from 'node:crypto';
import { SondeError, UsageError } from '@sonde/base';
import { parseTsdl } from '@sonde/ctf';
import {
  type ContextName,
  CpuStreamConverter,
  type KernelTraceLayout,
  ProcessTable,
  TimeOrder,
} from '@sonde/ftrace';
import type { TraceClass } from '@sonde/trace-model';
import { type RecordingClock, recordingClock } from './clock.ts';
import { EventCatalogue } from './event-catalogue.ts';
import { TraceInstance } from './instance.ts';
import { newInstanceName } from './ownership.ts';
import { Recorder } from './recorder.ts';
import {
  bootId,
  environmentOf,
  layoutOf,
  metadataOf,
  type RecordingPlan,
  supportingEvents,
} from './recording-plan.ts';
import { threadFactsOf } from './state-dump.ts';
import type { SubBufferSink } from './sub-buffer-sink.ts';
import type { TracefsFolder } from './tracefs.ts';

const contexts: readonly ContextName[] = ['procname', 'pid', 'tid'];

/** What one turn brought. */
export interface PacketBatch {
  /** By index in `cpuIds`: whole packets, in the order of time. */
  readonly packets: readonly (readonly Uint8Array[])[];
  /** All events before it are in this batch or earlier ones (ns, as `clock.nowNs`). */
  readonly completeNs: bigint;
  /** Events lost since the batch before. */
  readonly lostEvents: number;
}

export class PacketFeed {
  readonly traceClass: TraceClass;
  readonly clock: RecordingClock;
  readonly instance: TraceInstance;
  readonly #sink: MemorySink;
  readonly #recorder: Recorder;
  #lostEvents = 0;

  /**
   * Turns events on, in an instance of its own.
   * @param events - `system:name`, with stars.
   * @throws UsageError `unknown-event`; SondeError about the machine. Nothing is left behind then.
   */
  static open(tracefs: TracefsFolder, events: readonly string[]): PacketFeed {
    const request = { presets: [], patterns: events, syscalls: [] };
    const chosen = EventCatalogue.of(tracefs).select(request);
    if (chosen.length === 0) {
      throw new UsageError('no-events', 'None of the events is in this kernel.');
    }
    const instance = TraceInstance.create(tracefs, { name: newInstanceName() });
    try {
      return new PacketFeed(
        instance,
        chosen.map(({ system, name }) => `${system}/${name}`),
      );
    } catch (error) {
      instance.remove();
      throw error;
    }
  }

  private constructor(instance: TraceInstance, events: readonly string[]) {
    this.instance = instance;
    this.clock = recordingClock(instance);
    const plan: RecordingPlan = {
      instance: instance.name,
      events,
      contexts,
      hasUserStrings: false,
      clock: instance.clock,
      unixOffsetNs: this.clock.unixOffsetNs.toString(),
      bootId: bootId(),
      uuid: randomBytes(16).toString('hex'),
      ctfVersion: '1.8',
      environment: environmentOf('sonde', 'sonde'),
    };
    const layout = layoutOf(instance.folder, plan);
    this.traceClass = parseTsdl(String(metadataOf(layout, '1.8')));
    this.#sink = new MemorySink(layout, instance);
    this.#recorder = new Recorder(instance, this.#sink, this.clock);
    for (const event of new Set([...events, ...supportingEvents(instance.folder, contexts)])) {
      instance.folder.write(`events/${event}/enable`, '1');
    }
    instance.isOn = true;
  }

  get cpuIds(): readonly number[] {
    return this.instance.cpuIds;
  }

  /** When the next `take` is due (ms). */
  get pauseMs(): number {
    return this.#recorder.pauseMs;
  }

  /** What there is now. */
  take(): PacketBatch {
    // With more waiting than one turn reads, nothing is known to be complete but what was before.
    const isDone = this.#recorder.drain();
    const packets = this.#sink.take();
    const lostEvents = this.#recorder.droppedEvents + this.#sink.missedEvents;
    const lost = lostEvents - this.#lostEvents;
    this.#lostEvents = lostEvents;
    return { packets, completeNs: isDone ? this.#recorder.completeNs : 0n, lostEvents: lost };
  }

  /** Turns the events off and removes the instance. @throws SondeError when the instance stays */
  close(): void {
    this.instance.isOn = false;
    this.#recorder.close();
    if (this.instance.remove()) return;
    throw new SondeError('instance-stays', `The instance ${this.instance.name} is busy and stays.`);
  }
}

/** Keeps packets until they are taken. */
class MemorySink implements SubBufferSink {
  readonly writtenBytes = 0;
  readonly heldBytes = 0;
  readonly filteredEvents = 0;
  readonly intake: TimeOrder;
  readonly #converters: readonly CpuStreamConverter[];
  #packets: Uint8Array[][];

  constructor(layout: KernelTraceLayout, { cpuIds, subBufferBytes }: TraceInstance) {
    const processes = new ProcessTable(threadFactsOf);
    this.#packets = cpuIds.map(() => []);
    this.#converters = cpuIds.map(
      (cpuId, index) =>
        new CpuStreamConverter({
          layout,
          cpuId,
          processes,
          subBufferBytes,
          output: {
            writePacket: (packet) => {
              this.#packets[index]!.push(packet.slice());
            },
          },
        }),
    );
    this.intake = new TimeOrder(this.#converters, subBufferBytes);
  }

  get records(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.records, 0);
  }

  get events(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.events, 0);
  }

  get missedEvents(): number {
    return this.#converters.reduce((sum, { counts }) => sum + counts.missedEvents, 0);
  }

  setDroppedEvents(cpuIndex: number, total: number): void {
    this.#converters[cpuIndex]!.setDroppedEvents(total);
  }

  begin(): void {}

  writeStateDump(): void {}

  flush(): void {
    for (const converter of this.#converters) converter.flush();
  }

  close(): void {}

  take(): readonly (readonly Uint8Array[])[] {
    this.flush();
    const packets = this.#packets;
    this.#packets = packets.map(() => []);
    return packets;
  }
}
