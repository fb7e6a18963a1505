import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DecodeError, MetadataError, UsageError } from '@sonde/base';
import { ctfFsSource, findTraces, openTraceDirectories, traceInfos } from '@sonde/components';
import type { ParameterMap, Source } from '@sonde/graph';
import { idxOf, MessageLog } from '@sonde/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { runAll } from './iterators.ts';
import { folderWith, metadataOf, removeFolders } from './trace-folders.ts';

afterAll(removeFolders);

const metadata = metadataOf({ uid: 'T' });

interface Opened {
  readonly source: Source;
  readonly warnings: string[];
}

async function open(
  inputs: readonly string[],
  parameters: ParameterMap = {},
  continueOnError = false,
): Promise<Opened> {
  const warnings: string[] = [];
  const source = await ctfFsSource.create({
    name: 'source',
    parameters: { inputs, ...parameters },
    warn: (message) => void warnings.push(message),
    output: { isTerminal: false, write() {} },
    continueOnError,
  });
  return { source, warnings };
}

/** The messages of each port, one port after the other. */
function linesOf({ source }: Opened): string[] {
  const log = new MessageLog();
  for (const { name } of source.outputPorts) {
    runAll(source.open(name, { nsFromOrigin: 0n }, log));
  }
  source.close();
  return log.lines;
}

const eventsOf = (opened: Opened) => linesOf(opened).filter((line) => line.includes('event '));

describe('files', () => {
  test('of a trace: all but hidden, empty and sub-directories', async () => {
    const folder = folderWith({
      metadata,
      chan_0: [{ begin: 0, end: 9, events: [1], id: 0 }],
      chan_1: [{ begin: 0, end: 9, events: [2], id: 1 }],
      '.hidden': 'not a stream',
      empty: '',
      'below/chan_2': 'not a stream either',
    });
    expect(eventsOf(await open([folder]))).toEqual(['0: event 1 = 0', '1: event 2 = 0']);
  });

  test('with the same stream id are one stream, in the order of time', async () => {
    const folder = folderWith({
      metadata,
      chan_0_10: [{ begin: 20, end: 29, events: [21] }],
      chan_0_9: [{ begin: 0, end: 9, events: [1] }],
    });
    const opened = await open([folder]);
    expect(opened.source.outputPorts.length).toBe(1);
    expect(eventsOf(opened)).toEqual(['0: event 1 = 0', '0: event 21 = 0']);
  });

  test('more than may be open at once', async () => {
    const files: Record<string, { begin: number; end: number; events: number[]; id: number }[]> =
      {};
    for (let id = 0; id < 300; id++) files[`chan_${id}`] = [{ begin: 0, end: 9, events: [id], id }];
    const folder = folderWith({ metadata, ...files });
    expect(eventsOf(await open([folder])).length).toBe(300);
  });
});

describe('index files', () => {
  const packets = [
    { begin: 0, end: 9, events: [1] },
    { begin: 10, end: 19, events: [11] },
  ];

  test('are used', async () => {
    // The index hides the wrong magic number until the packet is read.
    const broken = [packets[0]!, { ...packets[1]!, magic: 1 }];
    const folder = folderWith({
      metadata,
      chan_0: broken,
      'index/chan_0.idx': idxOf(broken),
    });
    const [trace] = openTraceDirectories([folder], {});
    expect([...trace!.streams[0]!.packets].map(({ fault }) => fault)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('are left aside with a warning when they are wrong', async () => {
    const folder = folderWith({ metadata, chan_0: packets, 'index/chan_0.idx': 'nonsense' });
    const opened = await open([folder]);
    expect(opened.warnings).toEqual([
      `The index ${join(folder, 'index/chan_0.idx')} is not valid: the packets are found without it.`,
    ]);
    expect(eventsOf(opened)).toEqual(['0: event 1 = 0', '0: event 11 = 0']);
  });
});

describe('traces', () => {
  test('several directories with the same identity are one', async () => {
    const folder = folderWith({
      'a/metadata': metadata,
      'a/chan_0': [{ begin: 10, end: 19, events: [11] }],
      'b/metadata': metadata,
      'b/chan_0': [{ begin: 0, end: 9, events: [1] }],
    });
    const opened = await open([join(folder, 'a'), join(folder, 'b')]);
    expect(opened.source.outputPorts.length).toBe(1);
    expect(eventsOf(opened)).toEqual(['0: event 1 = 0', '0: event 11 = 0']);
  });

  test('without identity they are not', async () => {
    const plain = metadataOf();
    const folder = folderWith({
      'a/metadata': plain,
      'a/chan_0': [{ begin: 10, end: 19 }],
      'b/metadata': plain,
      'b/chan_0': [{ begin: 0, end: 9 }],
    });
    const { source } = await open([join(folder, 'a'), join(folder, 'b')]);
    expect(source.outputPorts.map(({ name }) => name)).toEqual([
      `${join(folder, 'a')} | 0 | 0`,
      `${join(folder, 'b')} | 0 | 0`,
    ]);
  });

  test('ports are named by identity', async () => {
    const folder = folderWith({ metadata, chan_0: [{ begin: 0, end: 9, id: 7 }] });
    const { source } = await open([folder]);
    expect(source.outputPorts).toEqual([{ name: '{uid: `T`} | 0 | 7' }]);
  });

  test('names: host, then what the parameter says', async () => {
    const withHost = metadataOf({ environment: new Map([['hostname', 'lab']]) });
    const folder = folderWith({ metadata: withHost, chan_0: [{ begin: 0, end: 9 }] });
    const nameOf = (options: Parameters<typeof openTraceDirectories>[1]) =>
      openTraceDirectories([folder], options)[0]!.trace.name;
    expect(nameOf({})).toBe('lab');
    expect(nameOf({ name: 'run' })).toBe('lab/run');
    expect(nameOf({ names: new Map([[folder, 'below']]) })).toBe('lab/below');
  });

  test('know all their streams', async () => {
    const folder = folderWith({
      metadata,
      chan_0: [{ begin: 0, end: 9, id: 0 }],
      chan_1: [{ begin: 0, end: 9, id: 1 }],
    });
    const [logical] = openTraceDirectories([folder], {});
    expect(logical?.trace.streams?.length).toBe(2);
  });
});

describe('clocks', () => {
  const folder = () => folderWith({ metadata, chan_0: [{ begin: 5, end: 9, events: [7] }] });

  test('get offsets', async () => {
    const opened = await open([folder()], {
      'clock-class-offset-s': 2n,
      'clock-class-offset-ns': -1_000_000_003n,
    });
    expect(opened.source.earliestNs).toBe(1_000_000_002n);
    expect(eventsOf(opened)).toEqual(['0: event 1000000004 = 0']);
  });

  test('are forced to the Unix epoch', () => {
    const unknown = folderWith({
      metadata: metadataOf({ clock: { origin: { name: 'o', uid: 'u' } } }),
      chan_0: [{ begin: 5, end: 9 }],
    });
    const originOf = (forceUnixEpoch: boolean) =>
      openTraceDirectories([unknown], { forceUnixEpoch })[0]!.streams[0]!.stream.dataStreamClass
        .defaultClockClass?.origin;
    expect(originOf(false)).toEqual({ name: 'o', uid: 'u' });
    expect(originOf(true)).toBe('unix-epoch');
  });
});

describe('stream intersection', () => {
  const texts = (secondBegin: number) => ({
    metadata,
    chan_0: [{ begin: 0, end: 20, events: [5, 15], id: 0 }],
    chan_1: [{ begin: secondBegin, end: 40, events: [secondBegin + 1, 30], id: 1 }],
  });

  test('keeps what all streams cover', async () => {
    const opened = await open([folderWith(texts(10))], { 'stream-intersection': true });
    expect(eventsOf(opened)).toEqual(['0: event 15 = 1', '1: event 11 = 0']);
  });

  test('ranges are told', () => {
    const [ranges] = traceInfos(openTraceDirectories([folderWith(texts(10))], {}));
    expect(ranges?.streams).toEqual([
      { portName: '{uid: `T`} | 0 | 0', rangeNs: { begin: 0n, end: 20n } },
      { portName: '{uid: `T`} | 0 | 1', rangeNs: { begin: 10n, end: 40n } },
    ]);
  });

  test.each<[string, Parameters<typeof folderWith>[0]]>([
    ['no time in common', texts(25)],
    ['no streams', { metadata }],
  ])('is refused: %s', async (why, files) => {
    const opening = open([folderWith(files)], { 'stream-intersection': true });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(why);
  });
});

describe('faults', () => {
  const good = [{ begin: 0, end: 9, events: [1], id: 1 }];

  test('bad metadata names the file', async () => {
    const folder = folderWith({ metadata: 'trace {' });
    await expect(open([folder])).rejects.toThrow(MetadataError);
  });

  test('a file that is no data stream', async () => {
    const folder = folderWith({ metadata, chan_0: 'no packets here', chan_1: good });
    await expect(open([folder])).rejects.toThrow(DecodeError);
    const opened = await open([folder], {}, true);
    expect(opened.warnings.length).toBe(1);
    expect(opened.warnings[0]).toContain('chan_0');
    expect(eventsOf(opened)).toEqual(['1: event 1 = 0']);
  });

  test('a truncated packet is refused, or read as far as it goes', async () => {
    const packets = [
      { begin: 0, end: 9, events: [1, 2], saysTotalBytes: 500, saysContentBytes: 500 },
    ];
    const folder = folderWith({ metadata, chan_0: packets });
    await expect(open([folder])).rejects.toThrow(/truncated/);
    const opened = await open([folder], {}, true);
    expect(eventsOf(opened)).toEqual(['0: event 1 = 0', '0: event 2 = 1']);
    expect(opened.warnings[0]).toContain('500 bytes long');
  });

  test('one bad trace of several is left out', async () => {
    const folder = folderWith({ 'a/metadata': '{', 'b/metadata': metadata, 'b/chan_1': good });
    const paths = [join(folder, 'a'), join(folder, 'b')];
    await expect(open(paths)).rejects.toThrow(MetadataError);
    const opened = await open(paths, {}, true);
    expect(opened.warnings[0]).toContain(join(folder, 'a'));
    expect(eventsOf(opened)).toEqual(['1: event 1 = 0']);
    await expect(open([join(folder, 'a')], {}, true)).rejects.toThrow(MetadataError);
  });

  test('parameters are checked', async () => {
    await expect(open([])).rejects.toThrow(/needs the parameter "inputs"/);
    await expect(open(['x'], { typo: 1n })).rejects.toThrow(/does not know the parameter "typo"/);
    await expect(open(['x'], { 'clock-class-offset-s': 'soon' })).rejects.toThrow(/integer/);
  });
});

describe('finding traces', () => {
  const files = {
    'b/kernel/metadata': metadata,
    'b/kernel/below/metadata': metadata,
    'a/ust/metadata': metadata,
    'a/other/file': 'x',
  };
  const below = (root: string, options?: Parameters<typeof findTraces>[1]) =>
    findTraces(root, options).map((path) => path.slice(root.length + 1));

  test('is recursive, sorted, and stops at a trace', () => {
    expect(below(folderWith(files))).toEqual(['a/ust', 'b/kernel']);
  });

  test('the root itself may be the trace', () => {
    expect(below(join(folderWith(files), 'a/ust'))).toEqual(['']);
  });

  test('symbolic links are followed on demand, loops end', () => {
    const root = folderWith(files);
    const elsewhere = folderWith({ 'deep/metadata': metadata });
    symlinkSync(elsewhere, join(root, 'link'));
    symlinkSync(root, join(root, 'a/loop'));
    expect(below(root)).toEqual(['a/ust', 'b/kernel']);
    expect(below(root, { followSymlinks: true })).toEqual(['a/ust', 'b/kernel', 'link/deep']);
  });

  test('a metadata directory is no metadata', () => {
    expect(below(folderWith({ 'x/metadata/file': '' }))).toEqual([]);
  });

  test('what can’t be read is left out with a warning', () => {
    const root = folderWith(files);
    chmodSync(join(root, 'a'), 0);
    const warnings: string[] = [];
    const found = below(root, { warn: (message) => void warnings.push(message) });
    chmodSync(join(root, 'a'), 0o755);
    // The superuser reads everything.
    if (process.getuid?.() === 0) expect(found.length).toBe(2);
    else expect([found, warnings.length]).toEqual([['b/kernel'], 1]);
  });

  test.each([
    ['nowhere', /no such file or directory/],
    ['a/other/file', /is no directory/],
  ])('%s is refused', (path, message) => {
    expect(() => findTraces(join(folderWith(files), path))).toThrow(message);
  });
});
