/** Chunks of a trace, arranged as LTTng arranges those of a rotated session: `archives/BEGIN-END-ID/kernel`. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CtfSink } from './ctf-sink.ts';
import { compactTime } from './recording-plan.ts';

export class Rotation {
  readonly #directory: string;
  readonly #sink: CtfSink;
  #begin = new Date();
  #id = 0;

  constructor(directory: string, sink: CtfSink) {
    this.#directory = directory;
    this.#sink = sink;
  }

  /**
   * Ends a chunk, now. The newest `keep` ones stay, beside the one that is being written.
   * @returns where it is
   */
  rotate(keep: number, nowNs: bigint): string {
    const end = new Date();
    const name = `${compactTime(this.#begin)}-${compactTime(end)}-${this.#id++}`;
    const chunk = join(this.#directory, 'archives', name);
    this.#sink.rotate(join(chunk, 'kernel'), nowNs);
    this.#begin = end;
    this.#removeOldest(keep);
    return chunk;
  }

  #removeOldest(keep: number): void {
    const archives = join(this.#directory, 'archives');
    const idOf = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
    const chunks = readdirSync(archives).sort((a, b) => idOf(a) - idOf(b));
    for (const old of chunks.slice(0, Math.max(0, chunks.length - keep))) {
      rmSync(join(archives, old), { recursive: true });
    }
  }
}
