/** Values of traces as people read them. Texts of a trace are hostile: nothing of them reaches a terminal as a control sequence. */

/** include/linux/interrupt.h, v6.12. */
const softIrqNames = [
  'HI',
  'TIMER',
  'NET_TX',
  'NET_RX',
  'BLOCK',
  'IRQ_POLL',
  'TASKLET',
  'SCHED',
  'HRTIMER',
  'RCU',
];
const minorBits = 20;

/** Control characters and what does not print become `\x1b`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}

/** `8,16` for a device number of the kernel. */
export function deviceText(device: number): string {
  return `${Math.floor(device / 2 ** minorBits)},${device % 2 ** minorBits}`;
}

/** A label's or an alert's value by its name: `op` 1 is `write`, `vec` 3 `NET_RX`, `dev` `8,16`. */
export function valueText(name: string, value: number | string): string {
  if (typeof value === 'string') return printable(value);
  if (name === 'op') return value === 0 ? 'read' : 'write';
  if (name === 'vec') return softIrqNames[value] ?? String(value);
  if (name === 'dev' && value >= 0) return deviceText(value);
  return String(value);
}

/** The kernel's addresses, as signed numbers of 64 bits, are far below 0. */
const leastPlain = -(2 ** 40);

/** `5`, `8388624:64`, `0xffff89a5c0a43e00`. */
export function keyText(key: readonly (number | string)[]): string {
  return key
    .map((part) =>
      typeof part === 'number' && part < leastPlain && Number.isInteger(part)
        ? `0x${BigInt.asUintN(64, BigInt(part)).toString(16)}`
        : printable(String(part)),
    )
    .join(':');
}
