// How long the files that programs open stay what their descriptors name: whether their paths could be looked up in /proc, when the recorder
// comes to their events. Reads a recording of system calls and of the ends of processes, and prints a table in Markdown.
//
//   sonde record -o TRACE --preset syscalls,sched -- make -j2 && node bench/descriptor-life.mjs TRACE
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const command = join(import.meta.dirname, '../packages/cli/bin/sonde.js');
const reader = spawn(process.execPath, [command, 'read', '--clock-seconds', process.argv[2]], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const event =
  /^\[([\d.]+)\] .*? (syscall_entry_close|syscall_exit_openat|sched_process_exit): .* pid = (\d+), tid = \d+ \}, \{ (.*) \}$/;

/** When it was opened (s), by process and descriptor. */
const open = new Map();
/** When the last file with this number was opened, which is closed. */
const past = new Map();
/** How long files were open, and after what time their number was another file's (s). */
const lives = [];
const takenAfter = [];

function close(key, timeS) {
  const openedS = open.get(key);
  if (openedS === undefined) return;
  open.delete(key);
  lives.push(timeS - openedS);
  past.set(key, openedS);
}

for await (const line of createInterface({ input: reader.stdout })) {
  const match = event.exec(line);
  if (match === null) continue;
  const [timeS, name, pid, fields] = [Number(match[1]), match[2], match[3], match[4]];
  const number = /(?:fd|ret) = (\d+)/.exec(fields)?.[1];
  const key = `${pid} ${number}`;
  if (name === 'sched_process_exit') {
    for (const other of open.keys()) if (other.startsWith(`${pid} `)) close(other, timeS);
  } else if (number !== undefined && name === 'syscall_entry_close') close(key, timeS);
  else if (number !== undefined) {
    if (past.has(key)) takenAfter.push(timeS - past.get(key));
    open.set(key, timeS);
  }
}
for (let left = open.size; left > 0; left--) lives.push(Number.POSITIVE_INFINITY);

const percent = (count) => `${((100 * count) / lives.length).toFixed(1)} %`;
console.log(`${lives.length} files opened\n`);
console.log('| later by | still open | another file has the number |');
console.log('| --- | --- | --- |');
for (const ms of [1, 10, 100]) {
  const still = percent(lives.filter((lifeS) => lifeS > ms / 1000).length);
  const taken = percent(takenAfter.filter((afterS) => afterS <= ms / 1000).length);
  console.log(`| ${ms} ms | ${still} | ${taken} |`);
}
