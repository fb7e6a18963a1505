/** Text in pieces: a table of a million rows is longer than a string can be. */

/** Characters per piece, about. */
export const pieceLength = 65_536;

/** The same text in fewer pieces. */
export function* joinPieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** With `separator` between what is yielded. */
export function* separate(
  parts: Iterable<Iterable<string> | string>,
  separator: string,
): Generator<string> {
  let isFirst = true;
  for (const part of parts) {
    if (!isFirst) yield separator;
    isFirst = false;
    if (typeof part === 'string') yield part;
    else yield* part;
  }
}
