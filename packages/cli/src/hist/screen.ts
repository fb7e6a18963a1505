import type { FrameLine } from './frame.ts';

const enter = '\x1b[?1049h\x1b[?25l\x1b[2J';
const leave = '\x1b[?25h\x1b[?1049l';
const [bold, reverse, plain] = ['\x1b[1m', '\x1b[7m', '\x1b[0m'];

/** Draws frames on a terminal: of each line only what has changed. No colours: bold and reverse only. */
export class Screen {
  readonly #write: (text: string) => void;
  #shown: FrameLine[] = [];
  #isOpen = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  open(): void {
    this.#isOpen = true;
    this.#write(enter);
  }

  close(): void {
    if (this.#isOpen) this.#write(leave);
    this.#isOpen = false;
  }

  /** Everything is drawn again: the size has changed. */
  forget(): void {
    this.#shown = [];
    this.#write('\x1b[2J');
  }

  draw(lines: readonly FrameLine[]): void {
    let out = '';
    lines.forEach((line, i) => {
      const before = this.#shown[i];
      if (before !== undefined && isEqual(before, line)) return;
      out += change(before, line, i + 1);
    });
    for (let i = lines.length; i < this.#shown.length; i++) out += `\x1b[${i + 1};1H\x1b[K`;
    this.#shown = [...lines];
    if (out !== '') this.#write(out);
  }
}

function isEqual(a: FrameLine, b: FrameLine): boolean {
  return (
    a.text === b.text &&
    a.isBold === b.isBold &&
    a.reverse?.[0] === b.reverse?.[0] &&
    a.reverse?.[1] === b.reverse?.[1]
  );
}

/** Plain lines are drawn from their first difference on; others as a whole. */
function change(before: FrameLine | undefined, line: FrameLine, lineNumber: number): string {
  const isPlain = (each: FrameLine): boolean => each.reverse === undefined && each.isBold !== true;
  let from = 0;
  const characters = [...line.text];
  if (before !== undefined && isPlain(before) && isPlain(line)) {
    const old = [...before.text];
    while (from < characters.length && old[from] === characters[from]) from++;
  }
  const place = `\x1b[${lineNumber};${from + 1}H`;
  return `${place}${styled({ ...line, text: characters.slice(from).join('') })}\x1b[K`;
}

function styled({ text, reverse: range, isBold }: FrameLine): string {
  const base = isBold === true ? bold : '';
  const end = isBold === true || range !== undefined ? plain : '';
  if (range === undefined) return `${base}${text}${end}`;
  const characters = [...text];
  const part = (begin: number, stop?: number): string => characters.slice(begin, stop).join('');
  return `${base}${part(0, range[0])}${reverse}${part(range[0], range[1])}${plain}${base}${part(range[1])}${end}`;
}
