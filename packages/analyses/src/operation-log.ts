import type { FileOperation, OpenFile, Thread } from '@sonde/linux-model';
import { IntegerColumn, NumberColumn, ObjectColumn, sortedRows } from './columns.ts';
import type { ListedOperation } from './io-collector.ts';
import type { ItemList } from './list-text.ts';

/** Holds one row after the other. */
class OperationRow implements ListedOperation {
  name = '';
  thread!: Thread;
  file: OpenFile | undefined;
  beginNs = Number.NaN;
  endNs = Number.NaN;
  sizeBytes: number | undefined;
  fd = -1;
  isCertain = false;
}

/** Many finished operations. */
export class OperationLog {
  readonly #names = new ObjectColumn<string>();
  readonly #threads = new ObjectColumn<Thread>();
  readonly #files = new ObjectColumn<OpenFile | undefined>();
  readonly #beginsNs = new NumberColumn();
  readonly #endsNs = new NumberColumn();
  /** -1: none. */
  readonly #sizesBytes = new IntegerColumn();
  readonly #fds = new IntegerColumn();
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
    const row = new OperationRow();
    return {
      count: rows.length,
      at: (index) => {
        this.#read(rows[index]!, row);
        return row;
      },
    };
  }

  #read(at: number, row: OperationRow): void {
    const sizeBytes = this.#sizesBytes.at(at);
    row.name = this.#names.at(at);
    row.thread = this.#threads.at(at);
    row.file = this.#files.at(at);
    row.beginNs = this.#beginsNs.at(at);
    row.endNs = this.#endsNs.at(at);
    row.sizeBytes = sizeBytes < 0 ? undefined : sizeBytes;
    row.fd = this.#fds.at(at);
    row.isCertain = !this.#uncertainRows.has(at);
  }
}
