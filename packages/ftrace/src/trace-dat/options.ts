/** Options of a trace.dat, in both versions. */
import type { TraceClock } from '../layout/kernel-trace-layout.ts';
import type { SectionReader } from './section-reader.ts';

export const optionId = {
  done: 0,
  date: 1,
  cpuStat: 2,
  buffer: 3,
  traceClock: 4,
  uname: 5,
  cpuCount: 8,
  tsc2nsec: 14,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  commandLines: 21,
} as const;

/** What the options that are texts and numbers say. */
export class RecordingFacts {
  clockName = '';
  #dateOffsetNs: bigint | undefined;
  #frequencyHz: bigint | undefined;
  #uname = '';
  cpuCount: number | undefined;
  /** By `BUFFER CPU`: the text of its statistics. */
  readonly #stats = new Map<string, string>();
  #statBuffer = '';

  /** @param reader - Holds the option's data alone. */
  add(id: number, reader: SectionReader): void {
    switch (id) {
      case optionId.date: {
        const text = reader.text(reader.restBytes).trim();
        if (/^-?(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text)) {
          const isNegative = text.startsWith('-');
          const value = BigInt(isNegative ? text.slice(1) : text);
          this.#dateOffsetNs = (isNegative ? -value : value) * nsPerUs;
        }
        break;
      }
      case optionId.cpuStat:
        this.#addStat(reader.text(reader.restBytes));
        break;
      case optionId.traceClock:
        this.clockName = /\[(\w[\w-]*)\]/.exec(reader.text(reader.restBytes))?.[1] ?? '';
        break;
      case optionId.uname:
        this.#uname = reader.text(reader.restBytes);
        break;
      case optionId.cpuCount:
        this.cpuCount = reader.u32();
        break;
      case optionId.tsc2nsec: {
        const multiplier = BigInt(reader.u32());
        const shift = reader.u32();
        if (multiplier > 0n && shift < 64) {
          this.#frequencyHz = ((nsPerSecond << BigInt(shift)) + multiplier / 2n) / multiplier;
        }
        break;
      }
    }
  }

  /** The text of `per_cpu/cpuN/stats`, or the name of the instance that the next of them belong to. */
  #addStat(text: string): void {
    const buffer = /^\s*Buffer: (.*)$/m.exec(text)?.[1];
    if (buffer !== undefined) this.#statBuffer = buffer.trim();
    const cpu = /^CPU: (\d{1,6})$/m.exec(text)?.[1];
    if (cpu !== undefined) this.#stats.set(`${this.#statBuffer} ${cpu}`, text);
  }

  /** What one CPU of a buffer lost; 0 where nothing is said. */
  lossesOf(buffer: string, cpuId: number): { droppedEvents: number; overrunEvents: number } {
    const text = this.#stats.get(`${buffer} ${cpuId}`) ?? '';
    const counter = (title: string): number =>
      Number(new RegExp(`^${title}: (\\d{1,15})$`, 'm').exec(text)?.[1] ?? 0);
    return { droppedEvents: counter('dropped events'), overrunEvents: counter('overrun') };
  }

  clockOf(name: string): TraceClock {
    const isTsc = name === 'x86-tsc' && this.#frequencyHz !== undefined;
    return {
      name: name || 'local',
      unixOffsetNs: this.#dateOffsetNs,
      ...(isTsc && { frequencyHz: this.#frequencyHz! }),
    };
  }

  /** What `uname` told: `Linux HOST RELEASE MACHINE`. */
  get environment(): Map<string, string> {
    const [sysname = 'Linux', hostname = '', release = ''] = this.#uname.trim().split(/\s+/);
    return new Map([
      ['sysname', sysname],
      ['hostname', hostname],
      ['kernel_release', release],
    ]);
  }
}

const nsPerUs = 1000n;
const nsPerSecond = 1_000_000_000n;
