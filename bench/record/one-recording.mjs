import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = join(dirname(fileURLToPath(import.meta.url)), 'work.sh');
/** Between one time and the next (ms). */
const settleMs = 60;

/** Extra certificates are read by every Node process at its start: 30 ms for a system's whole list, which no trace needs. */
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/**
 * Records work that is done `times` times, the first time for warming up.
 * @param recorder - Words before those of the command that is recorded; none: nothing is recorded.
 * @param groups - `work`, which all work is in, and `recorder`.
 * @returns CPU time (ms): `workMs` of the work, for the second time and those that follow, on average; of the recorder, `startMs` until the
 *   work may begin, and `recorderMs` from there to its end.
 */
export async function recordOnce(recorder, work, groups, times) {
  const words = [...recorder, 'sh', script, groups.work.door, String(times), ...work];
  const enter = ['-c', 'echo $$ >"$0" && exec "$@"', groups.recorder.door];
  const beginMs = groups.recorder.cpuMs;
  const child = spawn('sh', [...enter, ...words], { env: environment, stdio: 'pipe' });
  const lines = new Lines(child);
  await lines.until('ready');
  await sleep(settleMs);
  const readyMs = groups.recorder.cpuMs;
  let workMs = 0;
  for (let time = 0; time < times; time++) {
    const from = groups.work.cpuMs;
    child.stdin.write('\n');
    await lines.until('ended');
    if (time > 0) workMs += (groups.work.cpuMs - from) / (times - 1);
    await sleep(settleMs);
  }
  child.stdin.write('\n');
  await lines.end();
  const { cpuMs } = groups.recorder;
  return { workMs, startMs: readyMs - beginMs, recorderMs: cpuMs - readyMs };
}

/** What a program says, line by line. */
class Lines {
  #text = '';
  #errors = '';
  #heard = () => {};
  #closed;

  constructor(child) {
    this.#closed = new Promise((resolve) => child.on('close', resolve));
    child.stderr.on('data', (chunk) => (this.#errors += chunk));
    child.stdout.on('data', (chunk) => {
      this.#text += chunk;
      this.#heard(true);
    });
  }

  async until(line) {
    while (!this.#text.includes(`${line}\n`)) {
      const heard = new Promise((resolve) => (this.#heard = resolve));
      if ((await Promise.race([heard, this.#closed])) !== true) throw this.#failure();
    }
    this.#text = this.#text.slice(this.#text.indexOf(line) + line.length + 1);
  }

  async end() {
    if ((await this.#closed) !== 0 || this.#text.includes('failed')) throw this.#failure();
  }

  #failure() {
    return new Error(`What was to be measured has failed: ${this.#errors || this.#text}`);
  }
}
