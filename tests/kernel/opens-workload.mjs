// `node opens-workload.mjs COUNT`: tries to make COUNT files in a folder that is not there; the mode is the number of each, up to 4095. Prints its process ID.
import { openSync } from 'node:fs';

const count = Number(process.argv[2]);
for (let i = 0; i < count; i++) {
  try {
    openSync(`/no-such-folder/none-${i}`, 'w', i & 0xfff);
  } catch {}
}
console.log(process.pid);
