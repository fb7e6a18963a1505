import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = join(dirname(fileURLToPath(import.meta.url)), 'work.sh');
/** Until a recorder has taken what came before (ms). */
const settleMs = 250;

/** Extra certificates are read by every Node process at its start: 30 ms for a system's whole list, which no trace needs. */
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/**
 * Records work that is done `times` times, the first time for warming up.
 * @param recorder - Words before those of the command that is recorded; none: nothing is recorded.
 * @param groups - `work`, which all work is in, and `recorder`.
 * @returns CPU time (ms): `workMs` and `recorderMs` of one time, the first one left out, `startMs` of the recorder up to the work,
 *   `warmMs` of the recorder in the first time, `endMs` of the recorder after the work.
 */
export async function recordOnce(recorder, work, groups, times) {
  const words = [...recorder, 'sh', script, groups.work.door, String(times), ...work];
  const enter = ['-c', 'echo $$ >"$0" && exec "$@"', groups.recorder.door];
  const child = spawn('sh', [...enter, ...words], { env: environment, stdio: 'pipe' });
  const lines = new Lines(child);
  const mark = () => ({ work: groups.work.cpuMs, recorder: groups.recorder.cpuMs });
  const begin = mark();
  await lines.until('ready');
  const ready = mark();
  let [workMs, recorderMs, warmMs] = [0, 0, 0];
  for (let time = 0; time < times; time++) {
    await sleep(settleMs);
    const from = mark();
    child.stdin.write('\n');
    await lines.until('ended');
    const to = mark();
    if (time === 0) warmMs = to.recorder - from.recorder;
    else {
      workMs += (to.work - from.work) / (times - 1);
      recorderMs += (to.recorder - from.recorder) / (times - 1);
    }
  }
  const ended = mark();
  await lines.end();
  const startMs = ready.recorder - begin.recorder;
  return { workMs, recorderMs, warmMs, startMs, endMs: mark().recorder - ended.recorder };
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
