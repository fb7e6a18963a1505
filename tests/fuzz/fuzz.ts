/**
 * `npm run fuzz -- [COUNT] [SEED]`: reads COUNT mutated traces, of the corpus and random ones, in all ways. Only our own errors may come, quickly and with their
 * place, and all ways must agree.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NotThisOne, randomTrace } from '../differential/random-trace.ts';
import { mutate, seededRandom } from './mutate.ts';
import { type FuzzInput, readInput } from './read-input.ts';

const [countText = '200000', seedText = '1'] = process.argv.slice(2);
const count = Number(countText);
const corpus = join(process.env['SONDE_SHARED'] ?? '../shared', 'traces/ctf');
const maxBytes = 20_000;
const maxMs = 2_000;
const randomTraces = 200;

function seedInputs(): FuzzInput[] {
  const inputs: FuzzInput[] = [];
  for (const suite of readdirSync(corpus)) {
    for (const name of readdirSync(join(corpus, suite))) {
      const folder = join(corpus, suite, name, 'trace');
      const metadataPath = join(folder, 'metadata');
      if (!existsSync(metadataPath) || statSync(metadataPath).size > maxBytes) continue;
      const metadata = new Uint8Array(readFileSync(metadataPath));
      const files = readdirSync(folder)
        .filter((file) => file !== 'metadata')
        .map((file) => join(folder, file));
      const stream = files.find(
        (file) => statSync(file).isFile() && statSync(file).size < maxBytes,
      );
      inputs.push({
        metadata,
        stream: stream ? new Uint8Array(readFileSync(stream)) : new Uint8Array(8),
      });
    }
  }
  return inputs;
}

/** Traces with all kinds of fields, which the corpus has few of. */
function randomInputs(): FuzzInput[] {
  const inputs: FuzzInput[] = [];
  for (let seed = Number(seedText) * 1_000_000; inputs.length < randomTraces; seed++) {
    try {
      const { metadata, files } = randomTrace(seed, seed % 2 === 0 ? 1 : 2);
      const [stream = new Uint8Array(8)] = files.values();
      inputs.push({ metadata: new TextEncoder().encode(metadata), stream });
    } catch (error) {
      if (!(error instanceof NotThisOne)) throw error;
    }
  }
  return inputs;
}

const random = seededRandom(Number(seedText));
const inputs = [seedInputs(), randomInputs()];
const results = new Map<string, number>();
let defects = 0;
let slowestMs = 0;
for (let i = 0; i < count; i++) {
  const source = inputs[i % 2]!;
  const input = source[Math.floor(random() * source.length)]!;
  const mutated =
    random() < 0.5
      ? { ...input, metadata: mutate(input.metadata, random) }
      : { ...input, stream: mutate(input.stream, random) };
  const begin = process.cpuUsage();
  const { result, defect, eventCount } = readInput(mutated);
  // Time of the processor: on a busy machine anything may have to wait.
  const { user, system } = process.cpuUsage(begin);
  const ms = (user + system) / 1000;
  slowestMs = Math.max(slowestMs, ms);
  results.set(result, (results.get(result) ?? 0) + 1);
  if (defect === undefined && ms < maxMs) continue;
  defects++;
  if (defects > 20) continue;
  console.log(`input ${i}: ${result} (${eventCount}), ${ms.toFixed(0)} ms`);
  if (defect instanceof Error) console.log(defect.stack);
}
const table = [...results].sort(([, x], [, y]) => y - x);
console.log(
  `${count} inputs, seed ${seedText}, slowest ${slowestMs.toFixed(0)} ms, memory ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`,
);
for (const [result, n] of table) console.log(`${String(n).padStart(8)}  ${result}`);
console.log(`${defects} defects`);
process.exitCode = defects > 0 ? 1 : 0;
