import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DecodeError } from '@sonde/base';
import { decodePacketHead, PacketCursor, readMetadata } from '@sonde/ctf';
import { dataStream, packet } from '@sonde/testkit';
import { describe, expect, test } from 'vitest';
import { backEnds } from './cursor-run.ts';
import { packetBytes } from './decode-source.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const corpus = join(process.env['SONDE_SHARED'] ?? join(root, '../shared'), 'traces/ctf');
const suites = ['yactfr-ctf-1', 'yactfr-ctf-2', 'yactfr-ctf-2-auto-translated'];

/** Cases where Babeltrace refuses the packet's lengths before yactfr reaches what it complains about. */
const refusedEarlier = new Map([['fail-dl-str-beyond-content', 8]]);

/** What yactfr's last line says, by the words in it, and our code for it. */
const codes: readonly [RegExp, string][] = [
  [/reaching end of data source/, 'beyond-data'],
  [/would move beyond the content/, 'beyond-packet-content'],
  [/Changing byte order within a byte/, 'byte-order-change-in-byte'],
  [/is less than expected packet content length/, 'packet-content-beyond-total'],
  [/is less than current position in packet/, 'packet-content-too-short'],
  [/is not a multiple of 8/, 'packet-total-length-not-in-bytes'],
  [/doesn't select an existing data stream type/, 'unknown-data-stream-class'],
  [/doesn't select an existing event record type/, 'unknown-event-record-class'],
  [/doesn't select a valid variant option/, 'no-variant-option'],
  [/Oversized variable-length integer/, 'oversized-variable-length-integer'],
];

/** The error that ends decoding the only packet of `bytes`. */
function failureOf(trace: string, backEnd: 'generated' | 'closures'): DecodeError | undefined {
  const { traceClass } = readMetadata(readFileSync(join(trace, 'metadata')), 'metadata');
  const file = readFileSync(join(trace, 'stream'));
  const bytes = packetBytes(file);
  const view = new DataView(bytes.buffer);
  const availableBits = file.length * 8;
  try {
    const options = { streamName: 'stream', packetIndex: 0 };
    const head = decodePacketHead(traceClass, bytes, view, availableBits, options);
    const stream = dataStream(head.dataStreamClass);
    const cursor = new PacketCursor(stream, { nsFromOrigin: 0n }, { backEnd });
    cursor.beginPacket(packet(stream), bytes, view, head, availableBits);
    if (head.lengthFault) return head.lengthFault;
    cursor.run(Infinity, Infinity, { eventHandler: () => () => -1 });
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  return undefined;
}

const isThere = existsSync(corpus);
describe.skipIf(!isThere)(
  `yactfr's failing cases${isThere ? '' : ` (no corpus at ${corpus})`}`,
  () => {
    for (const suite of isThere ? suites : []) {
      const names = readdirSync(join(corpus, suite)).filter((name) => name.startsWith('fail-'));
      test.each(names)(`${suite}/%s: place and reason`, (name) => {
        const folder = join(corpus, suite, name);
        const last = readFileSync(join(folder, 'expected.yactfr.txt'), 'utf8')
          .trimEnd()
          .split('\n')
          .at(-1)!;
        const offsetBits = refusedEarlier.get(name) ?? Number.parseInt(last, 10);
        const code = refusedEarlier.has(name)
          ? 'packet-total-length-not-in-bytes'
          : codes.find(([words]) => words.test(last))![1];
        for (const backEnd of backEnds) {
          const error = failureOf(join(folder, 'trace'), backEnd);
          expect(error).toMatchObject({
            code,
            place: { stream: 'stream', packetIndex: 0, offsetBits },
          });
        }
      });
    }
  },
);
