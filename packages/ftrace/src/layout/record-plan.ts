/**
 * What becomes of one event: fields in the order they are written, each with its place in the ring-buffer record. Made once per event
 * from the kernel's format and LTTng's table; the field classes of the metadata and the code that writes records both follow from it.
 */
import type { Mapping } from '@sonde/trace-model';
import type { IntegerShape } from './field-classes.ts';
import type { RecordState } from './record-state.ts';

/** A number of the record's payload. */
export interface NumberSource {
  readonly offsetBytes: number;
  /** 1, 2, 4 or 8. */
  readonly lengthBytes: number;
  readonly isSigned: boolean;
}

/** Bytes of the record's payload. */
export type BytesSource =
  | { readonly kind: 'static'; readonly offsetBytes: number; readonly lengthBytes: number }
  /** To the end of the record. */
  | { readonly kind: 'rest'; readonly offsetBytes: number }
  /** A word at `offsetBytes`: length in the high, offset from `fromBytes` in the low half. */
  | { readonly kind: 'location'; readonly offsetBytes: number; readonly fromBytes: number };

/**
 * A value that is not in the record as it is: made from the record's payload at `at` in the state's view. 32 bits; wider fields are filled
 * by the sign.
 */
export type Computation = (state: RecordState, at: number, lengthBytes: number) => number;

export type OutputField =
  | {
      readonly kind: 'integer';
      readonly name: string;
      readonly shape: IntegerShape;
      readonly source: NumberSource;
      /** Added to the value. */
      readonly addend: number;
      readonly mappings?: readonly Mapping[];
    }
  | {
      readonly kind: 'computed';
      readonly name: string;
      readonly shape: IntegerShape;
      readonly compute: Computation;
    }
  /** A text of fixed length, filled with zeros. */
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly lengthBytes: number;
      readonly source: BytesSource;
    }
  | { readonly kind: 'string'; readonly name: string; readonly source: BytesSource }
  /** A text in the memory of the program that made a system call. */
  | {
      readonly kind: 'user-string';
      readonly name: string;
      readonly argument: string;
      /** Among the call's arguments, from 0. */
      readonly argumentIndex: number;
    }
  /** A socket address in the memory of a program: five fields, of which the first has this name. */
  | {
      readonly kind: 'user-address';
      readonly name: string;
      readonly portName: string;
      readonly argumentIndex: number;
      /** The argument points to a `struct msghdr` with the address and its length. */
      readonly isMessage: boolean;
      /** Of the argument: 64 bits, 0 where there is no address; undefined: it is given at the exit. */
      readonly pointerOffsetBytes: number | undefined;
    }
  | {
      readonly kind: 'array';
      readonly name: string;
      readonly element: IntegerShape;
      readonly count: number;
      readonly source: BytesSource;
    }
  | {
      readonly kind: 'sequence';
      readonly name: string;
      readonly element: IntegerShape;
      /** Of the length field: 8 or 32 bits. */
      readonly lengthShape: IntegerShape;
      readonly source: BytesSource;
    }
  /** A sequence of 32-bit numbers that is not in the record. */
  | {
      readonly kind: 'computed-sequence';
      readonly name: string;
      readonly element: IntegerShape;
      readonly lengthShape: IntegerShape;
      /** Stores at most `maxComputedElements` numbers, returns how many. */
      readonly compute: (state: RecordState, at: number, target: Int32Array) => number;
    };

export const maxComputedElements = 32;

export interface RecordPlan {
  /** As the trace has it. */
  readonly name: string;
  readonly fields: readonly OutputField[];
  /** Shorter payloads are refused. */
  readonly minimumBytes: number;
}
