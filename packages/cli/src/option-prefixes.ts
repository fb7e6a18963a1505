/** Abbreviated long options, as the original LTTng analyses take them: `--lim 5`. */
import { UsageError } from '@sonde/base';

export interface PrefixRules {
  /** All long options without dashes; true: it has a value. */
  readonly options: ReadonlyMap<string, boolean>;
  /** Short options with a value. */
  readonly shortWithValue: ReadonlySet<string>;
  /** The options that the original had: an abbreviation that was clear to it stays so. */
  readonly preferred: ReadonlySet<string>;
}

/**
 * Writes abbreviated long options out. What is no beginning of any is left as it is: the parser names it.
 * @throws UsageError for the beginning of several.
 */
export function expandPrefixes(args: readonly string[], rules: PrefixRules): string[] {
  const expanded: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return [...expanded, ...args.slice(i)];
    const [, word = '', value = ''] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    const name = word === '' ? '' : fullName(word, rules);
    expanded.push(word === '' ? arg : `--${name}${value}`);
    const takesNext =
      word === ''
        ? rules.shortWithValue.has(/^-[^-]*(.)$/.exec(arg)?.[1] ?? '')
        : value === '' && rules.options.get(name) === true;
    if (takesNext && i + 1 < args.length) expanded.push(args[++i]!);
  }
  return expanded;
}

function fullName(word: string, { options, preferred }: PrefixRules): string {
  if (options.has(word)) return word;
  const all = [...options.keys()].filter((name) => name.startsWith(word));
  const original = all.filter((name) => preferred.has(name));
  const candidates = original.length > 0 ? original : all;
  if (candidates.length < 2) return candidates[0] ?? word;
  const list = candidates.map((name) => `--${name}`).join(', ');
  throw new UsageError('ambiguous-option', `Option --${word} may be any of ${list}.`);
}
