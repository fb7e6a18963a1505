// A workload of known size: `node workload.mjs FILE GETPPIDS WRITES FORKS`. Prints its process ID.
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

const [file, getppids, writes, forks] = process.argv.slice(2);
let sum = 0;
for (let i = 0; i < Number(getppids); i++) sum += process.ppid;
const fd = openSync(file, 'w');
const block = Buffer.alloc(4096, sum & 0xff);
for (let i = 0; i < Number(writes); i++) {
  writeSync(fd, block);
  fsyncSync(fd);
}
closeSync(fd);
for (let i = 0; i < Number(forks); i++) spawnSync('/bin/true');
console.log(process.pid);
