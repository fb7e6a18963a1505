// Writes one byte at position 0, 1, 2, … of FILE until it is killed: `node write-workload.mjs FILE`.
import { openSync, writeSync } from 'node:fs';

const fd = openSync(process.argv[2], 'w');
const byte = Buffer.alloc(1);
const pause = new Int32Array(new SharedArrayBuffer(4));
for (let position = 0; ; position++) {
  writeSync(fd, byte, 0, 1, position);
  if (position % 20 === 0) Atomics.wait(pause, 0, 0, 1);
}
