/** Terminal codes (ECMA-48, SGR), empty texts where colours are off. */
export interface Colors {
  readonly reset: string;
  readonly bold: string;
  readonly red: string;
  readonly green: string;
  readonly yellow: string;
  readonly blue: string;
  readonly magenta: string;
  readonly cyan: string;
  readonly brightRed: string;
  readonly brightGreen: string;
  readonly brightYellow: string;
  readonly brightBlue: string;
  readonly brightMagenta: string;
  readonly brightCyan: string;
}

function colors(code: (n: number) => string): Colors {
  const bright = (n: number) => code(1) + code(n);
  return {
    reset: code(0),
    bold: code(1),
    red: code(31),
    green: code(32),
    yellow: code(33),
    blue: code(34),
    magenta: code(35),
    cyan: code(36),
    brightRed: bright(31),
    brightGreen: bright(32),
    brightYellow: bright(33),
    brightBlue: bright(34),
    brightMagenta: bright(35),
    brightCyan: bright(36),
  };
}

export const noColors = colors(() => '');
/** Bright colours are bold ones, as Babeltrace's default has it. */
export const terminalColors = colors((n) => `\u001b[${n}m`);
