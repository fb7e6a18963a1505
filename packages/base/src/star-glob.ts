/** A compiled pattern where `*` stands for any characters, also none, and `\` makes the next character an ordinary one. */
export interface StarGlob {
  readonly pattern: string;
  /** True: only one text matches (no unescaped `*`). */
  readonly isLiteral: boolean;
  /** The pattern before its first star with escapes removed: every match begins with it. */
  readonly prefix: string;
  matches(text: string): boolean;
}

/**
 * Compiles a glob as LTTng and Babeltrace know it. No regular expression: a hostile pattern costs at most
 * pattern length × text length. A `\` at the end stands for itself.
 */
export function compileStarGlob(pattern: string): StarGlob {
  const parts = literalParts(pattern);
  const prefix = parts[0]!;
  if (parts.length === 1) {
    return { pattern, isLiteral: true, prefix, matches: (text) => text === prefix };
  }
  const suffix = parts[parts.length - 1]!;
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  const shortest = parts.reduce((sum, part) => sum + part.length, 0);
  return {
    pattern,
    isLiteral: false,
    prefix,
    matches(text) {
      if (text.length < shortest || !text.startsWith(prefix) || !text.endsWith(suffix))
        return false;
      const end = text.length - suffix.length;
      let position = prefix.length;
      for (const part of middle) {
        const found = text.indexOf(part, position);
        if (found < 0 || found + part.length > end) return false;
        position = found + part.length;
      }
      return true;
    },
  };
}

/** The texts between the stars, escapes removed. */
function literalParts(pattern: string): string[] {
  const parts = [''];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === '*') parts.push('');
    else if (c === '\\' && i + 1 < pattern.length) parts[parts.length - 1] += pattern[++i]!;
    else parts[parts.length - 1] += c;
  }
  return parts;
}
