/** Bounds on what metadata may ask for, so that a hostile text costs an error, not the memory or the stack. */
export interface MetadataLimits {
  /** Compound field classes inside one another. More than 500 count as 500: readers recurse, and the stack has an end. */
  readonly nestingDepth: number;
  /** Field classes of the whole trace class, copies made of aliases included. */
  readonly fieldClassCount: number;
  /** Mappings, flags and ranges of one field class. */
  readonly rangeCount: number;
  /** Length of the metadata text (UTF-16 code units) or stream (bytes). */
  readonly textLength: number;
}

export const defaultMetadataLimits: MetadataLimits = {
  nestingDepth: 64,
  fieldClassCount: 1_000_000,
  rangeCount: 1_000_000,
  textLength: 256 * 1024 * 1024,
};

/** How strictly metadata is read, and who hears what is odd about it. */
export interface MetadataOptions {
  /** CTF 2: accepts the metadata of release candidates. */
  readonly lenient?: boolean;
  /**
   * CTF 1.8: refuses what Babeltrace takes with a warning or silently (unknown attributes, labels that no value can have, …), to
   * check a text. Not set: warns.
   */
  readonly strict?: boolean;
  /**
   * CTF 1.8: the text may end in the middle of a block, as when its tracer crashed or is still at work. That block is left out
   * with a warning. For packetised metadata, whose end nothing marks.
   */
  readonly mayEndEarly?: boolean;
  /** Receives one sentence per oddity that is not an error. */
  readonly warn?: (message: string) => void;
  readonly limits?: Partial<MetadataLimits>;
}

const greatestNestingDepth = 500;

/** The limits to obey: the given ones over the defaults. */
export function metadataLimits(options?: MetadataOptions): MetadataLimits {
  const limits = { ...defaultMetadataLimits, ...options?.limits };
  return { ...limits, nestingDepth: Math.min(limits.nestingDepth, greatestNestingDepth) };
}
