import type { FileOperation, OpenFile, Thread } from '@sonde/linux-model';
import type { ListedOperation } from './io-collector.ts';
import type { ItemList } from './list-text.ts';

/** Numbers of a row: begin, end (ns), size (bytes, -1: none), descriptor, 1 where certain. */
const rowLength = 5;

/** Many finished operations, column by column: an object for each would be most of the work of keeping them. */
export class OperationLog {
  #numbers = new Float64Array(rowLength * 1024);
  readonly #names: string[] = [];
  readonly #threads: Thread[] = [];
  readonly #files: (OpenFile | undefined)[] = [];

  add({ name, thread, fd, file, sizeBytes, beginNs, endNs, isCertain }: FileOperation): void {
    let at = this.#names.length * rowLength;
    if (at === this.#numbers.length) {
      const grown = new Float64Array(at * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    const numbers = this.#numbers;
    numbers[at++] = beginNs;
    numbers[at++] = endNs;
    numbers[at++] = sizeBytes ?? -1;
    numbers[at++] = fd;
    numbers[at] = isCertain ? 1 : 0;
    this.#names.push(name);
    this.#threads.push(thread);
    this.#files.push(file);
  }

  /** By begin, of equal ones the first to end first. */
  get sorted(): ItemList<ListedOperation> {
    const numbers = this.#numbers;
    const order = this.#names.map((_, i) => i);
    order.sort((a, b) => numbers[a * rowLength]! - numbers[b * rowLength]!);
    return { count: order.length, at: (index) => this.#at(order[index]!) };
  }

  #at(row: number): ListedOperation {
    const numbers = this.#numbers;
    const at = row * rowLength;
    const sizeBytes = numbers[at + 2]!;
    return {
      name: this.#names[row]!,
      thread: this.#threads[row]!,
      file: this.#files[row],
      beginNs: numbers[at]!,
      endNs: numbers[at + 1]!,
      sizeBytes: sizeBytes < 0 ? undefined : sizeBytes,
      fd: numbers[at + 3]!,
      isCertain: numbers[at + 4] === 1,
    };
  }
}
