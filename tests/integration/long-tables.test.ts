/** A table that no string can hold, through the command: complete, and quiet when its reader goes away. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelTrace } from '@sonde/testkit';
import { expect, test } from 'vitest';
import { runShell, scratchFolder } from './built-command.ts';

const path = '/long'.repeat(100_000);
const readCount = 1100;
/** V8's longest string. */
const longestString = 2 ** 29 - 24;

function readsOfOneFile(): string {
  const lines = [
    '1 0 sched_switch prev_comm=swapper/0 prev_tid=0 prev_prio=20 prev_state=0 next_comm=cat next_tid=7 next_prio=20',
    `2 0 syscall_entry_open filename=${path} flags=0 mode=0`,
    '3 0 syscall_exit_open ret=3',
  ];
  for (let i = 0; i < readCount; i++) {
    lines.push(`${10 + 2 * i} 0 syscall_entry_read fd=3 count=8`);
    lines.push(`${11 + 2 * i} 0 syscall_exit_read ret=8 buf=0x1`);
  }
  return lines.join('\n');
}

const trace = join(scratchFolder(), 'trace');
mkdirSync(trace);
const { metadata, streams } = kernelTrace(readsOfOneFile());
writeFileSync(join(trace, 'metadata'), metadata);
for (const [name, bytes] of streams) writeFileSync(join(trace, name), bytes);

test.each(['--json', '--mi'])(
  'iolog %s: all of it, or as much as is wanted',
  { timeout: 60_000 },
  (format) => {
    const command = `sonde iolog ${format} ${trace}`;
    const { stdout } = runShell(`${command} | wc -c; echo "\${PIPESTATUS[0]}"`);
    const [length, status] = stdout.trim().split('\n').map(Number);
    expect(status).toBe(0);
    expect(length).toBeGreaterThan(longestString);
    const cut = runShell(`${command} | head -c 100 > /dev/null; echo "\${PIPESTATUS[0]}"`);
    expect(cut).toMatchObject({ stdout: '0\n', stderr: '' });
  },
);
