// What `npm run demo` records: some computing, writing with fsync, processes, sleeping and waking, for about two seconds.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [folder] = process.argv.slice(2);
const block = randomBytes(64 * 1024);

const server = createServer((_request, response) => {
  response.end(createHash('sha256').update(block).digest('hex'));
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const { port } = server.address();

const untilMs = Date.now() + 2000;
for (let round = 0; Date.now() < untilMs; round++) {
  const fd = openSync(join(folder, `file-${round % 8}`), 'w');
  for (let i = 0; i < 16; i++) writeSync(fd, block);
  fsyncSync(fd);
  closeSync(fd);
  for (const name of readdirSync(folder)) readFileSync(join(folder, name));
  spawnSync('/bin/true');
  for (let i = 0; i < 20; i++) createHash('sha512').update(block).digest();
  await new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1' }, (response) => response.resume().on('end', resolve)).on(
      'error',
      reject,
    );
  });
  await sleep(20);
}
server.close();
