import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Native } from '@sonde/ebpf';
import { afterAll, expect, test } from 'vitest';
import { WriteBehind } from '../../src/write-behind.ts';

const mib = 1 << 20;
const fileBytes = 112 * mib;
/** Magic number in statfs(2): its pages are all there is. */
const tmpfs = 0x0102_1994;

const path = join(import.meta.dirname, `write-behind-${process.pid}.tmp`);
const { type } = statfsSync(import.meta.dirname);
const isMissing = spawnSync('fincore', ['--version']).error !== undefined;
const reason =
  type === tmpfs ? 'this file system is in memory' : isMissing ? 'there is no fincore' : '';

afterAll(() => rmSync(path, { force: true }));

/** What of the file is in the page cache (bytes). */
function cachedBytes(): number {
  const args = ['--bytes', '--noheadings', '--output', 'RES', path];
  return Number(spawnSync('fincore', args, { encoding: 'utf8' }).stdout);
}

test.skipIf(reason !== '')(
  `a long file does not stay in the page cache${reason && ` (left out: ${reason})`}`,
  async () => {
    const fd = openSync(path, 'w');
    const behind = new WriteBehind(await Native.open(), fd, {
      keptBytes: 32 * mib,
      nowMs: () => 0,
    });
    const bytes = new Uint8Array(mib).fill(1);
    for (let at = 0; at < fileBytes; at += mib) {
      writeSync(fd, bytes, 0, mib, at);
      behind.written(at + mib);
    }
    // What the disk had no time for is dropped next time.
    fsyncSync(fd);
    writeSync(fd, bytes, 0, mib, fileBytes);
    behind.written(fileBytes + mib);
    // Its beginning, and its end.
    expect(cachedBytes()).toBeLessThan(64 * mib);
    closeSync(fd);
  },
);
