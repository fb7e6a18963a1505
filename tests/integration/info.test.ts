import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, kernelTiny, runSonde, scratchFolder } from './built-command.ts';

const scratch = scratchFolder();

describe('info', () => {
  test('tells what the heads of packets tell, without reading events', () => {
    const { status, stdout, stderr } = runSonde(['info', join(fixtures, 'kernel-discard.tar.xz')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Trace ktguest\/kernel-discard\/kernel \(.*kernel-discard\.tar\.xz/);
    expect(stdout).toMatch(/^ {2}Format: +CTF 1\.8$/m);
    expect(stdout).toMatch(/^ {2}Packets: +274, 1\.1 MB$/m);
    expect(stdout).toMatch(/^ {2}Discarded: +53,055 events, 0 packets$/m);
    expect(stdout).toMatch(/^ {4}tracer_name: +lttng-modules$/m);
    expect(stdout).toMatch(/^ {4}monotonic: 1,000,000,000 Hz, from the Unix epoch/m);
    expect(stdout).not.toContain('Events by name');
  });

  test('--count --json', () => {
    const { status, stdout } = runSonde(['info', '--count', '--json', kernelTiny]);
    expect(status).toBe(0);
    const [trace] = JSON.parse(stdout);
    expect(trace).toMatchObject({
      ctfVersion: '1.8',
      environment: { hostname: 'ktguest', tracer_major: 2 },
      packets: 2,
      discardedEvents: 0,
      events: { total: 18_658, firstNs: expect.stringMatching(/^1795383374\d{9}$/) },
    });
    const { byName } = trace.events;
    const counts = byName.map(({ count }: { count: number }) => count);
    expect(counts).toEqual(counts.toSorted((a: number, b: number) => b - a));
    expect(counts.reduce((a: number, b: number) => a + b)).toBe(18_658);
  });

  test('a folder with only metadata is described', () => {
    const folder = metadataOnly(
      'only',
      '/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; };',
    );
    const { status, stdout, stderr } = runSonde(['info', folder]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}Streams: +0$/m);
  });

  test('a mistake in the metadata has its place', () => {
    const folder = metadataOnly('wrong', '/* CTF 1.8 */\ntrace { major = 1; minor = ; };\n');
    const { status, stdout, stderr } = runSonde(['info', folder]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^sonde: .*wrong\/metadata:2:28: /);
  });
});

function metadataOnly(name: string, text: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'metadata'), text);
  return folder;
}
