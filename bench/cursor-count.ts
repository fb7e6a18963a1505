// CPU time of counting all records of an LTTng trace folder with packet cursors alone, one `readSync` per packet, streams merged by time:
// the floor under `sonde read`, without graph and command line. Prints one line of JSON.
//
//   npx esbuild bench/cursor-count.ts --bundle --conditions=@sonde/source --platform=node --format=esm --outfile=/tmp/cursor-count.mjs
//   node /tmp/cursor-count.mjs TRACE [--handler] [--closures]
//
// --handler: a handler is called for each record (it reads the time); --closures: no generated code.
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ClockConverter,
  decodePacketHead,
  PacketCursor,
  type PacketHead,
  readMetadata,
} from '@sonde/ctf';
import type { DataStream, RecordCursor } from '@sonde/trace-model';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { handler: { type: 'boolean' }, closures: { type: 'boolean' } },
});
const folder = positionals[0]!;
const { traceClass } = readMetadata(readFileSync(join(folder, 'metadata')), 'metadata');
const headBytes = new Uint8Array(4096 + 16);
const headView = new DataView(headBytes.buffer);

class StreamFile {
  cursor!: PacketCursor;
  readonly stream: DataStream;
  readonly #file: number;
  readonly #lengthBytes: number;
  #offset = 0;
  #index = 0;
  #bytes = new Uint8Array(0);
  #view = headView;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.#lengthBytes = fstatSync(this.#file).size;
    const trace = { traceClass, path: folder, environment: traceClass.environment };
    const { dataStreamClass } = this.head();
    this.stream = { trace, dataStreamClass, id: 0n, idIsKnown: false, name: path };
  }

  head(): PacketHead {
    const length = readSync(this.#file, headBytes, 0, 4096, this.#offset);
    const place = { streamName: 'stream', packetIndex: this.#index };
    return decodePacketHead(traceClass, headBytes, headView, length * 8, place);
  }

  /** Goes to the next packet with records. False: there is none. */
  next(): boolean {
    while (this.#offset < this.#lengthBytes) {
      const head = this.head();
      const contentBytes = head.contentLengthBits! / 8;
      if (this.#bytes.length < contentBytes + 16) {
        this.#bytes = new Uint8Array(contentBytes + 16);
        this.#view = new DataView(this.#bytes.buffer);
      }
      readSync(this.#file, this.#bytes, 0, contentBytes, this.#offset);
      this.#bytes.fill(0, contentBytes, contentBytes + 16);
      this.#offset += head.totalLengthBits! / 8;
      const packet = { stream: this.stream, index: this.#index++ };
      this.cursor.beginPacket(packet, this.#bytes, this.#view, head);
      if (this.cursor.headTimeNs !== Infinity) return true;
    }
    closeSync(this.#file);
    return false;
  }
}

const files = readdirSync(folder)
  .map((name) => join(folder, name))
  .filter((path) => !path.endsWith('metadata') && statSync(path).isFile())
  .map((path) => new StreamFile(path));
const beginNs = files.map((file) => {
  const { dataStreamClass, beginCycles } = file.head();
  return new ClockConverter(dataStreamClass.defaultClockClass!).nsFromOrigin(beginCycles!);
});
const nsFromOrigin = beginNs.toSorted((a, b) => (a < b ? -1 : 1))[0]!;
const backEnd = values.closures ? 'closures' : 'generated';
for (const file of files)
  file.cursor = new PacketCursor(file.stream, { nsFromOrigin }, { backEnd });

let checksum = 0;
const handler = (cursor: RecordCursor): number => {
  checksum += cursor.timeNs % 1000;
  return -1;
};
const downstream = { eventHandler: () => (values.handler ? handler : null) };

const cpuBefore = process.cpuUsage();
const live = files.filter((file) => file.next());
let records = 0;
let batches = 0;
while (live.length > 0) {
  let first = 0;
  let limitNs = Infinity;
  for (let i = 1; i < live.length; i++) {
    const firstNs = live[first]!.cursor.headTimeNs;
    const timeNs = live[i]!.cursor.headTimeNs;
    limitNs = Math.min(limitNs, Math.max(firstNs, timeNs));
    if (timeNs < firstNs) first = i;
  }
  const file = live[first]!;
  records += file.cursor.run(limitNs + 0.5, Infinity, downstream);
  batches++;
  if (file.cursor.headTimeNs === Infinity && !file.next()) live.splice(first, 1);
}
const cpu = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
console.log(JSON.stringify({ records, batches, checksum, cpuSeconds }));
