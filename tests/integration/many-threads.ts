/** A kernel trace of as many living threads as wanted: each is woken, migrates, runs once and allocates a page. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const unsigned = (lengthBits: number): string =>
  `integer { size = ${lengthBits}; align = 8; signed = false; }`;
const signed = (lengthBits: number): string =>
  `integer { size = ${lengthBits}; align = 8; signed = true; }`;
const comm = 'integer { size = 8; align = 8; signed = false; encoding = UTF8; }';

const metadata = `/* CTF 1.8 */
trace {
  major = 1; minor = 8; byte_order = le;
  packet.header := struct { ${unsigned(32)} magic; ${unsigned(32)} stream_id; };
};
env {
  hostname = "host"; domain = "kernel"; sysname = "Linux";
  tracer_name = "lttng-modules"; tracer_major = 2; tracer_minor = 13;
};
clock { name = monotonic; freq = 1000000000; offset = 0; };
typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := time_t;
stream {
  id = 0;
  event.header := struct { ${unsigned(16)} id; time_t timestamp; };
  packet.context := struct {
    time_t timestamp_begin; time_t timestamp_end;
    ${unsigned(64)} content_size; ${unsigned(64)} packet_size; ${unsigned(32)} cpu_id;
  };
};
event {
  name = "sched_waking"; id = 0; stream_id = 0;
  fields := struct { ${comm} comm[16]; ${signed(32)} tid; ${signed(32)} prio; ${signed(32)} target_cpu; };
};
event {
  name = "sched_migrate_task"; id = 1; stream_id = 0;
  fields := struct {
    ${comm} comm[16]; ${signed(32)} tid; ${signed(32)} prio; ${signed(32)} orig_cpu; ${signed(32)} dest_cpu;
  };
};
event {
  name = "sched_switch"; id = 2; stream_id = 0;
  fields := struct {
    ${comm} prev_comm[16]; ${signed(32)} prev_tid; ${signed(32)} prev_prio; ${signed(64)} prev_state;
    ${comm} next_comm[16]; ${signed(32)} next_tid; ${signed(32)} next_prio;
  };
};
event {
  name = "mm_page_alloc"; id = 3; stream_id = 0;
  fields := struct { ${unsigned(64)} pfn; ${unsigned(32)} order; };
};
`;

const headerBytes = 44;
const packetBytes = 262_144;
const leastRoom = 256;

class Writer {
  readonly #bytes = Buffer.alloc(packetBytes);
  #at = headerBytes;
  #beginNs = 0;
  #timeNs = 0;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  event(id: number, timeNs: number): this {
    if (this.#at + leastRoom > packetBytes) this.flush();
    if (this.#at === headerBytes) this.#beginNs = timeNs;
    this.#timeNs = timeNs;
    this.#at = this.#bytes.writeUInt16LE(id, this.#at);
    return this.long(timeNs);
  }

  name(text: string): this {
    this.#bytes.fill(0, this.#at, this.#at + 16);
    this.#bytes.write(text, this.#at, 'ascii');
    this.#at += 16;
    return this;
  }

  ints(...values: number[]): this {
    for (const value of values) this.#at = this.#bytes.writeInt32LE(value, this.#at);
    return this;
  }

  long(value: number): this {
    this.#at = this.#bytes.writeBigUInt64LE(BigInt(value), this.#at);
    return this;
  }

  flush(): void {
    const length = this.#at;
    this.#bytes.writeUInt32LE(0xc1fc1fc1, 0);
    this.#at = 8;
    const bits = length * 8;
    this.long(this.#beginNs).long(this.#timeNs).long(bits).long(bits).ints(0);
    writeSync(this.#fd, this.#bytes, 0, length);
    this.#at = headerBytes;
  }
}

/** Thread ids count from 1000. */
export function writeManyThreads(folder: string, count: number): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'metadata'), metadata);
  const fd = openSync(join(folder, 'cpu_0'), 'w');
  const writer = new Writer(fd);
  let [previousTid, previousName] = [0, 'swapper/0'];
  for (let i = 0; i < count; i++) {
    const timeNs = 1_000_000 + 2000 * i;
    const [tid, name] = [1000 + i, `worker-${i % 1000}`];
    writer.event(0, timeNs).name(name).ints(tid, 120, 0);
    writer
      .event(1, timeNs + 100)
      .name(name)
      .ints(tid, 120, 1, 0);
    writer
      .event(2, timeNs + 500)
      .name(previousName)
      .ints(previousTid, 120);
    writer.long(1).name(name).ints(tid, 120);
    writer
      .event(3, timeNs + 600)
      .long(i)
      .ints(0);
    [previousTid, previousName] = [tid, name];
  }
  writer.flush();
  closeSync(fd);
}
