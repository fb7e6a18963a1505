/** What a terminal sends, as names of keys. */
export type Key =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'interrupt'
  | { readonly character: string };

const sequences: readonly (readonly [string, Key])[] = [
  ['\x1b[A', 'up'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1bOA', 'up'],
  ['\x1bOB', 'down'],
  ['\x1bOC', 'right'],
  ['\x1bOD', 'left'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\x03', 'interrupt'],
  ['\x1b', 'escape'],
];

/** Other escape sequences are left out. */
export function parseKeys(text: string): Key[] {
  const keys: Key[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    // An unknown sequence is not an escape key and letters.
    const unknown = /^\x1b(?:\[[0-9;?]*[A-Za-z~]|O[A-Za-z])/.exec(rest)?.[0];
    const known = sequences.find(([sequence]) => rest.startsWith(sequence));
    if (known !== undefined && (unknown === undefined || known[0] === unknown)) {
      keys.push(known[1]);
      at += known[0].length;
    } else if (unknown !== undefined) {
      at += unknown.length;
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0)!);
      if (character >= ' ') keys.push({ character });
      at += character.length;
    }
  }
  return keys;
}
