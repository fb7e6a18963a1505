import { compileStarGlob, type StarGlob, UsageError } from '@sonde/base';

/** `UP[.PORT]:DOWN[.PORT]`: which output ports may be connected to which input ports. All four are globs. */
export interface ConnectionRule {
  readonly text: string;
  readonly upstream: StarGlob;
  readonly upstreamPort: StarGlob;
  readonly downstream: StarGlob;
  readonly downstreamPort: StarGlob;
}

/**
 * Parses a connection rule as `babeltrace2 run --connect` takes it: `*` stands for any characters, `\` escapes `*`, `?`, `[`, `.`,
 * `:` and `\`. A missing port means any port.
 * @throws UsageError `bad-connection` with the column.
 */
export function parseConnectionRule(text: string): ConnectionRule {
  const colons = unescapedPositions(text, ':');
  if (colons.length !== 1) {
    const column = colons[1] === undefined ? text.length + 1 : colons[1] + 1;
    throw badConnection(text, 'wants exactly one ":" between upstream and downstream', column);
  }
  const colon = colons[0]!;
  const [upstream, upstreamPort] = parseEnd(text, 0, colon);
  const [downstream, downstreamPort] = parseEnd(text, colon + 1, text.length);
  return { text, upstream, upstreamPort, downstream, downstreamPort };
}

function parseEnd(text: string, begin: number, end: number): [StarGlob, StarGlob] {
  const part = text.slice(begin, end);
  const dots = unescapedPositions(part, '.');
  if (dots.length > 1) {
    throw badConnection(text, 'has more than one "."; write "\\." in a name', begin + dots[1]! + 1);
  }
  const name = dots.length === 0 ? part : part.slice(0, dots[0]);
  const port = dots.length === 0 ? '*' : part.slice(dots[0]! + 1);
  if (name === '') throw badConnection(text, 'lacks a component name', begin + 1);
  if (port === '') throw badConnection(text, 'lacks a port name after the "."', end + 1);
  return [compileStarGlob(name), compileStarGlob(port)];
}

function unescapedPositions(text: string, wanted: string): number[] {
  const positions: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === wanted) positions.push(i);
  }
  return positions;
}

function badConnection(text: string, reason: string, column: number): UsageError {
  return new UsageError('bad-connection', `Connection "${text}" ${reason}.`, { line: 1, column });
}
