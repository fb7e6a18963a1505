/**
 * What one metadata stream may cost. Metadata is untrusted: a limit that is passed is a MetadataError with the place, never
 * a stack overflow or a full memory.
 */
export interface MetadataLimits {
  /** Size of the metadata text (bytes). */
  readonly textBytes: number;
  /** Levels of nested field classes, blocks or JSON values. */
  readonly nesting: number;
  /**
   * Field classes in the whole trace class. Every use of an alias counts with all that is in it, because each place in
   * a record gets objects of its own.
   */
  readonly fieldClasses: number;
  /** Event record classes in the whole trace class. */
  readonly eventRecordClasses: number;
  /** Mappings, flags and ranges of one enumeration, bit map, optional or variant. */
  readonly rangesPerFieldClass: number;
}

/** Real metadata stays far below: LTTng's largest kernel metadata has some 60,000 field classes in 2 MB. */
export const defaultMetadataLimits: MetadataLimits = {
  textBytes: 256 * 1024 * 1024,
  nesting: 64,
  fieldClasses: 4_000_000,
  eventRecordClasses: 1_000_000,
  rangesPerFieldClass: 1_000_000,
};

export interface MetadataOptions {
  /**
   * CTF 2: accept release-candidate spellings, and unknown properties with a warning. CTF 1.8 is always read as leniently
   * as Babeltrace reads it.
   */
  readonly lenient?: boolean;
  /** Called with one English sentence, with its place in it, for what is odd but readable. */
  readonly warn?: (message: string) => void;
  readonly limits?: Partial<MetadataLimits>;
}

/** The limits of `options`, completed with the defaults. */
export function metadataLimits(options: MetadataOptions | undefined): MetadataLimits {
  return { ...defaultMetadataLimits, ...options?.limits };
}
