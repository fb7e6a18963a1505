const mostNames = 4;

/** Names that share most pairs of letters with the word, best first. */
export function nearestNames(word: string, names: readonly string[]): string[] {
  const wanted = pairsOf(word);
  const scored = [...new Set(names)]
    .map((name) => {
      const pairs = pairsOf(name);
      const common = [...wanted].filter((pair) => pairs.has(pair)).length;
      return { name, score: (2 * common) / (wanted.size + pairs.size || 1) };
    })
    .filter(({ score }) => score > 0.5)
    .sort((a, b) => b.score - a.score);
  return scored.slice(0, mostNames).map(({ name }) => name);
}

function pairsOf(word: string): Set<string> {
  return new Set(Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2)));
}
