// `node contents-workload.mjs FOLDER COUNT`: makes, looks at, renames and removes COUNT files of known names. Prints its process ID.
import { closeSync, openSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';

const [folder, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const fd = openSync(`${folder}/known-${i}`, 'w');
  writeSync(fd, 'text');
  closeSync(fd);
  statSync(`${folder}/known-${i}`);
  renameSync(`${folder}/known-${i}`, `${folder}/moved-${i}`);
  unlinkSync(`${folder}/moved-${i}`);
}
console.log(process.pid);
