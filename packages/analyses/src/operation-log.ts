import type { FileOperation, OpenFile, Thread } from '@sonde/linux-model';
import { NumberColumn, ObjectColumn, sortedRows } from './columns.ts';
import type { ListedOperation } from './io-collector.ts';
import type { ItemList } from './list-text.ts';

/** Many finished operations. */
export class OperationLog {
  readonly #names = new ObjectColumn<string>();
  readonly #threads = new ObjectColumn<Thread>();
  readonly #files = new ObjectColumn<OpenFile | undefined>();
  readonly #beginsNs = new NumberColumn();
  readonly #endsNs = new NumberColumn();
  /** -1: none. */
  readonly #sizesBytes = new NumberColumn();
  readonly #fds = new NumberColumn();
  readonly #uncertainRows = new Set<number>();

  add(operation: FileOperation): void {
    if (!operation.isCertain) this.#uncertainRows.add(this.#names.count);
    this.#names.push(operation.name);
    this.#threads.push(operation.thread);
    this.#files.push(operation.file);
    this.#beginsNs.push(operation.beginNs);
    this.#endsNs.push(operation.endNs);
    this.#sizesBytes.push(operation.sizeBytes ?? -1);
    this.#fds.push(operation.fd);
  }

  /** By begin, of equal ones the first to end first. */
  get sorted(): ItemList<ListedOperation> {
    const rows = sortedRows(this.#beginsNs);
    return { count: rows.length, at: (index) => this.#at(rows[index]!) };
  }

  #at(row: number): ListedOperation {
    const sizeBytes = this.#sizesBytes.at(row);
    return {
      name: this.#names.at(row),
      thread: this.#threads.at(row),
      file: this.#files.at(row),
      beginNs: this.#beginsNs.at(row),
      endNs: this.#endsNs.at(row),
      sizeBytes: sizeBytes < 0 ? undefined : sizeBytes,
      fd: this.#fds.at(row),
      isCertain: !this.#uncertainRows.has(row),
    };
  }
}
