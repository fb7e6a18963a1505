import type { DataStreamClass, EventRecordClass, StructureFieldClass } from '@sonde/trace-model';
import type { EventHead } from './blocks.ts';

/**
 * An event record class whose block is read when somebody asks for its scopes: of a kernel's events few are in a trace.
 * @param read - Reads the block; throws MetadataError, which the scopes then throw.
 */
export function lazyEventRecordClass(
  dataStreamClass: DataStreamClass,
  head: EventHead,
  read: () => EventRecordClass,
): EventRecordClass {
  return new LazyEventRecordClass(dataStreamClass, head, read) as EventRecordClass;
}

class LazyEventRecordClass {
  readonly id: bigint;
  readonly name: string | undefined;
  readonly logLevel: EventHead['logLevel'];
  readonly emfUri: string | undefined;
  readonly dataStreamClass: DataStreamClass;
  readonly #read: () => EventRecordClass;
  #complete: EventRecordClass | undefined;

  constructor(dataStreamClass: DataStreamClass, head: EventHead, read: () => EventRecordClass) {
    this.id = head.id;
    this.name = head.name;
    this.logLevel = head.logLevel;
    this.emfUri = head.emfUri;
    this.dataStreamClass = dataStreamClass;
    this.#read = read;
  }

  get specificContext(): StructureFieldClass | undefined {
    return (this.#complete ??= this.#read()).specificContext;
  }

  get payload(): StructureFieldClass | undefined {
    return (this.#complete ??= this.#read()).payload;
  }
}
