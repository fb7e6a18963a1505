import type { Cell } from '../table.ts';

/** A cell as one plain value, for tables of text: durations in ns, sizes in bytes, times as ns since the epoch. */
export function plainValue(cell: Cell | undefined): string | number | bigint | boolean | null {
  if (cell === null || cell === undefined) return null;
  switch (cell.class) {
    case 'unknown':
      return null;
    case 'time-range':
      return `${cell.begin}..${cell.end}`;
    case 'syscall':
    case 'disk':
    case 'netif':
      return cell.name;
    case 'process':
      return processText(cell);
    case 'path':
      return cell.path;
    case 'fd':
      return cell.fd;
    case 'irq':
      return `${cell.hard ? 'IRQ' : 'SoftIRQ'} ${cell.nr}${cell.name ? ` (${cell.name})` : ''}`;
    case 'cpu':
      return cell.id;
    default:
      return cell.value;
  }
}

function processText({ name, pid, tid, host }: Extract<Cell, { class: 'process' }>): string {
  const id = tid ?? pid;
  const text = `${name ?? ''}${id === undefined ? '' : ` (${id})`}`;
  return host === undefined ? text : `${host}: ${text}`;
}

/** Orders cells as a person would: numbers by value, text by code points, nothing last. */
export function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  const [left, right] = [plainValue(a ?? null), plainValue(b ?? null)];
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
  return left < right ? -1 : left > right ? 1 : 0;
}
