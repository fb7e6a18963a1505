import type {
  EventHandler,
  EventRecordClass,
  RecordCursor,
  Scope,
  StructureFieldClass,
} from '@sonde/trace-model';
import type { CodeSink, CodeWriter } from './code-sink.ts';

/** Which back end compiles: generated text where `new Function` is allowed, closures elsewhere. Same results. */
export type BackEnd = 'generated' | 'closures';

/**
 * Compiles code that walks the common context, specific context and payload of records of one class and returns the end of the
 * record (bits). Overruns are found: nothing is delivered from beyond the content without a DecodeError.
 */
export type CompileWalk = (eventRecordClass: EventRecordClass, sink: WalkSink) => EventHandler;

/** A CodeSink with what happens around the fields. */
export interface WalkSink extends CodeSink {
  /** Before the first field. */
  prologue?(out: CodeWriter): void;
  beginScope?(out: CodeWriter, scope: Scope, fc: StructureFieldClass): void;
  endScope?(out: CodeWriter, scope: Scope, fc: StructureFieldClass): void;
  /** After the last field, when the record is known to lie within the content. */
  epilogue?(out: CodeWriter): void;
}

/** A field in a demand: `path` are member names from the scope's root; a missing scope means: payload, then contexts. */
export interface FieldDemand {
  readonly scope?: Scope;
  readonly path: readonly string[];
  /**
   * How integers wider than 53 bits come: rounded numbers (default, fast), exact bigints, or (`exact`) numbers where exact and else
   * bigints. `signed`: numbers of the same 64 bits taken as a signed integer: fast, and exact for the addresses of a kernel, which
   * lie within 2^53 of 2^64. Bit arrays and bit maps of any width are numbers or bigints.
   */
  readonly wide?: 'number' | 'bigint' | 'exact' | 'signed';
  /** Property of the record that holds the value; default `f` + position. A JavaScript identifier of ours, never text from a trace. */
  readonly as?: string;
}

/**
 * The demanded fields of a record in slots `f0`, `f1`, … by position in the demand: integers and floats are numbers (or bigint on
 * demand), strings are strings, booleans booleans, blobs bytes (copied), compound fields plain objects and arrays, absent
 * fields (no such member, other variant option, absent optional) `undefined`. One object per projection, reused.
 */
export interface Projection {
  readonly record: { [slot: `f${number}`]: unknown };
  /** Stores the fields of the current record in `record`. Returns the record's end (bits). */
  read(cursor: RecordCursor): number;
  /** By position in the demand: whether this class has the field at all. */
  readonly present: readonly boolean[];
}
