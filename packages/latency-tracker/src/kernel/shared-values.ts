/** What the pieces of a program find out once for all of them: the time, the counters of this CPU, what tasks keep. */
import type { Assembler } from '@sonde/ebpf';
import type { CommonMemory } from './common-memory.ts';
import { emitPointer } from './emit-expression.ts';
import { frame, maxTasks } from './layout.ts';

/** The one that runs, or the steps to one of the event's. */
export type TaskSource = 'current' | readonly number[];

export interface Sharing {
  readonly memory: CommonMemory;
  /** Whose state it looks up, each once. */
  readonly tasks: readonly TaskSource[];
}

/** `r9` = the counters of this CPU. Uses up `r0` to `r5`. */
export function emitCounters(code: Assembler, { counters }: CommonMemory, none: string): void {
  code.store('r10', frame.zeroKey, 0, 'u32').move('r2', 'r10').add('r2', frame.zeroKey);
  code.moveMap('r1', counters).call('map_lookup_elem').jumpIf('r0', '==', 0, none);
  code.move('r9', 'r0');
}

export class SharedValues {
  readonly #code: Assembler;
  /** It is read once for all pieces. */
  readonly sharesTime: boolean;
  /** Undefined: pieces have counters of their own. */
  readonly #memory: CommonMemory | undefined;
  /** Offsets in the frame. */
  readonly #taskSlots = new Map<string, number>();
  readonly #end: string;

  /** Writes the beginning of the program. */
  constructor(code: Assembler, pieces: readonly Sharing[]) {
    this.#code = code;
    this.sharesTime = pieces.length > 1;
    this.#end = code.freshLabel('end');
    const [first, ...others] = pieces.map(({ memory }) => memory);
    this.#memory = others.every((memory) => memory === first) ? first : undefined;
    if (this.#memory !== undefined) emitCounters(code, this.#memory, this.#end);
    if (this.sharesTime) code.store('r10', frame.nowNs, 0, 'u64');
    for (const name of repeated(pieces).slice(0, maxTasks)) {
      const slot = frame.tasks - 8 * this.#taskSlots.size;
      this.#taskSlots.set(name, slot);
      code.store('r10', slot, 0, 'u64');
    }
  }

  /** `r8` = the time. */
  readTime(): void {
    const code = this.#code;
    if (!this.sharesTime) {
      code.call('ktime_get_ns').move('r8', 'r0');
      return;
    }
    const known = code.freshLabel('known');
    code.load('r8', 'r10', frame.nowNs, 'u64').jumpIf('r8', '!=', 0, known);
    code.call('ktime_get_ns').move('r8', 'r0').store('r10', frame.nowNs, 'r8', 'u64').label(known);
  }

  /** `r9` = the counters of this CPU, at the beginning of a piece. */
  openCounters(memory: CommonMemory): void {
    if (this.#memory === undefined) emitCounters(this.#code, memory, this.#end);
  }

  /** The same after `r9` was something else. */
  reloadCounters(memory: CommonMemory): void {
    emitCounters(this.#code, memory, this.#end);
  }

  /** `r0` = what the task keeps, or 0. */
  taskStorage(memory: CommonMemory, task: TaskSource, flags: number): void {
    const code = this.#code;
    const slot = this.#taskSlots.get(nameOf(memory, task));
    const known = code.freshLabel('known');
    if (slot !== undefined) code.load('r0', 'r10', slot, 'u64').jumpIf('r0', '!=', 0, known);
    if (task === 'current') code.call('get_current_task_btf').move('r2', 'r0');
    else emitPointer(code, task, 'r2');
    code.moveMap('r1', memory.tasks!).move('r3', 0).move('r4', flags).call('task_storage_get');
    if (slot !== undefined) code.store('r10', slot, 'r0', 'u64').label(known);
  }

  /** Writes the end of the program. */
  close(result: number): void {
    this.#code.label(this.#end).move('r0', result).exit().writeRare();
  }
}

const nameOf = ({ tasks }: CommonMemory, task: TaskSource): string => `${tasks?.fd} ${task}`;

/** Tasks of several pieces. */
function repeated(pieces: readonly Sharing[]): string[] {
  const names = pieces.flatMap(({ memory, tasks }) => [
    ...new Set(tasks.map((task) => nameOf(memory, task))),
  ]);
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}
