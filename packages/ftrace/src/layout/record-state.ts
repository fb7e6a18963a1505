import type { ProcessTable } from '../process/process-table.ts';

/** What is known of the record that is being converted, beside its bytes. */
export interface RecordState {
  readonly processes: ProcessTable;
  readonly cpuId: number;
  readonly littleEndian: boolean;
  /** Source bytes: offsets of payloads count from its beginning. */
  view: DataView;
  /** `common_pid` of the record. */
  tid: number;
  /** Time of the record: low and high 32 bits, signed. */
  timeLow: number;
  timeHigh: number;
  /** Texts in the memory of programs; undefined: they are not read. */
  readonly userStrings: UserStrings | undefined;
}

/** Where the texts that system calls point to come from (eBPF, or a file of them). */
export interface UserStrings {
  /**
   * The text that `argument` of the current system call entry points to, without terminator; undefined: not known. Valid until
   * the next call.
   */
  textOf(state: RecordState, eventName: string, argument: string): Uint8Array | undefined;
  /** The `struct sockaddr` that the current system call was given, or gave; undefined: not known, or there is none. */
  addressOf(state: RecordState, eventName: string): Uint8Array | undefined;
}
