import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Alert, findTracker, Histogram, type TrackerSession } from '@sonde/latency-tracker';
import { afterAll, expect, test } from 'vitest';
import { AlertActions } from '../src/latency/alert-actions.ts';
import { askAll, ControlServer, controlFolder } from '../src/latency/control-socket.ts';
import { latencyOptions, parseAlertAction, parseSetting } from '../src/latency/latency-options.ts';
import { MetricsServer } from '../src/latency/metrics-server.ts';
import { urgentFirst } from '../src/latency/open-live.ts';
import { runLive } from '../src/latency/run-live.ts';
import { memoryIo } from './memory-io.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sonde-live-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const folderOf = (name: string): string => controlFolder({ XDG_RUNTIME_DIR: join(scratch, name) });

test('the control socket takes settings, and only from its user', async () => {
  const folder = folderOf('a');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const seen: unknown[] = [];
  const server = await ControlServer.open(folder, (request) => {
    seen.push(request);
    return 'done';
  });
  const request = { tracker: undefined, name: 'threshold', value: 5 };
  expect(await askAll(folder, request)).toEqual(
    new Map([[process.pid, { isDone: true, message: 'done' }]]),
  );
  expect(seen).toEqual([{ tracker: undefined, name: 'threshold', value: 5 }]);
  server.close();
  expect(await askAll(folder, request)).toEqual(new Map());
});

test.each([
  '{}',
  'no json',
  'null',
  '{"name":"threshold","value":"x"}',
  '{"name":"on","value":-1}',
])('the control socket refuses %s', async (text) => {
  const folder = folderOf('b');
  const server = await ControlServer.open(folder, () => 'never');
  const reply = await new Promise<string>((resolve) => {
    const socket = createConnection(join(folder, `latency-${process.pid}.sock`), () =>
      socket.write(`${text}\n`),
    );
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
  });
  expect(JSON.parse(reply)).toEqual({ isDone: false, message: 'This is no request.' });
  server.close();
});

test('a line without an end closes the connection; sockets of the dead go away', async () => {
  const folder = folderOf('c');
  const server = await ControlServer.open(folder, () => 'never');
  await new Promise<void>((resolve) => {
    const socket = createConnection(join(folder, `latency-${process.pid}.sock`), () =>
      socket.write('x'.repeat(10_000)),
    );
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
  server.close();
  writeFileSync(join(folder, 'latency-1.sock'), '');
  expect(await askAll(folder, { tracker: undefined, name: 'on', value: true })).toEqual(new Map());
  expect(() => statSync(join(folder, 'latency-1.sock'))).toThrow();
});

test('a folder that others may enter is refused', () => {
  mkdirSync(join(scratch, 'open/sonde'), { recursive: true });
  chmodSync(join(scratch, 'open/sonde'), 0o755);
  expect(() => folderOf('open')).toThrow(/not a folder of yours alone/);
});

const alert: Alert = {
  tracker: 'wakeup',
  kind: 'alert',
  beginNs: 0n,
  endNs: 5n,
  delayNs: 5,
  outId: 0,
  key: [1],
  cpuId: 0,
  tid: 1,
  comm: '$(touch owned); `touch owned`',
  info: {},
  kernelStack: undefined,
  userStack: undefined,
};

test('a program gets the alert on its input; no text of it meets a shell', async () => {
  // A shell would make the file \`owned\`, here and from the text of the alert.
  const file = join(scratch, '$(touch owned)');
  const warnings: string[] = [];
  const action = parseAlertAction(`exec dd "of=${file}" status=none`);
  const actions = new AlertActions(
    action,
    () => undefined,
    (text) => warnings.push(text),
  );
  actions.alert({ ...alert, kind: 'waiting' });
  actions.alert(alert);
  actions.alert(alert);
  expect([actions.started, actions.skipped]).toEqual([1, 1]);
  for (let i = 0; i < 100; i++) {
    await pause(20);
    try {
      if (readFileSync(file, 'utf8').endsWith('\n')) break;
    } catch {}
  }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ comm: alert.comm, delay: 5 });
  expect(existsSync('owned')).toBe(false);
  expect(warnings).toEqual([]);
});

test('what goes wrong with an action is a warning', async () => {
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  new AlertActions(parseAlertAction('snapshot'), () => 'no recorder', warn).onUrgent!();
  new AlertActions(parseAlertAction('exec /does/not/exist'), () => undefined, warn).alert(alert);
  for (let i = 0; i < 100 && warnings.length < 2; i++) await pause(10);
  expect(warnings).toEqual(['no recorder', expect.stringMatching(/ENOENT/)]);
});

test('a snapshot is asked for before anything is known of the alert, once a second', async () => {
  const order: string[] = [];
  const actions = new AlertActions(
    parseAlertAction('snapshot'),
    () => {
      order.push('snapshot');
      return undefined;
    },
    () => {},
  );
  const told = urgentFirst({
    onUrgent: actions.onUrgent,
    onAlert: (each) => {
      actions.alert(each);
      order.push(each.kind);
    },
    begin: () => {},
    note: () => {},
  });
  for (const kind of ['waiting', 'alert', 'timeout'] as const) told({ ...alert, kind });
  expect(order).toEqual(['waiting', 'snapshot', 'alert', 'timeout']);
  expect([actions.started, actions.skipped]).toEqual([1, 1]);
});

test('settings', () => {
  expect(['threshold=2ms', 'timeout=1s', 'worst=on', 'on=off'].map(parseSetting)).toEqual([
    { name: 'threshold', value: 2e6 },
    { name: 'timeout', value: 1e9 },
    { name: 'worst', value: true },
    { name: 'on', value: false },
  ]);
  for (const text of ['on=1', 'threshold', 'threshold=2', 'x=y']) {
    expect(() => parseSetting(text)).toThrow(/is no/);
  }
});

test('metrics over HTTP, of this machine only', async () => {
  const server = await MetricsServer.open({ host: '127.0.0.1', port: 0 }, () => []);
  const url = `http://127.0.0.1:${server.port}`;
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
  expect(await metrics.text()).toMatch(/# EOF\n$/);
  expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
  await expect(
    MetricsServer.open({ host: '127.0.0.1', port: server.port }, () => []),
  ).rejects.toThrow(/Nothing can listen/);
  server.close();
});

/** What a server answers to bytes, as text. */
async function answerTo(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(request);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test.each([
  ['GET /metrics?a=b HTTP/1.1\r\nHost: localhost:1\r\n\r\n', /^HTTP\/1.1 200 .*# EOF\n/s],
  ['HEAD /metrics HTTP/1.1\r\nHost: [::1]\r\n\r\n', /^HTTP\/1.1 200 (?!.*EOF)/s],
  ['GET /metrics HTTP/1.0\r\n\r\n', /^HTTP\/1.1 200 /],
  // Another name with this machine's address (DNS rebinding).
  ['GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n', /^HTTP\/1.1 403 /],
  ['GET /metrics HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n', /^HTTP\/1.1 403 /],
  ['GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 404 /],
  ['GET /../metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 404 /],
  ['GET /%6detrics HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 404 /],
  ['POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx', /^HTTP\/1.1 405 /],
  ['\0\xff\r\n\r\n', /^HTTP\/1.1 400 /],
  [`GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`, /^HTTP\/1.1 431 /],
])('a request to the metrics: %j', async (request, answer) => {
  const server = await MetricsServer.open({ host: '127.0.0.1', port: 0 }, () => []);
  try {
    expect(await answerTo(server.port, request)).toMatch(answer);
  } finally {
    server.close();
  }
});

test('a live run ends with its duration, and closes what it opened', async () => {
  const closed: string[] = [];
  const set: unknown[] = [];
  const tracker = findTracker('wakeup')!;
  const histogram = new Histogram(3);
  histogram.add(100);
  const session: TrackerSession = {
    backEnd: 'in a test',
    notes: ['a note'],
    snapshot: () => [
      {
        tracker,
        thresholdsNs: [tracker.alert.thresholdNs],
        counters: { ...zero, ends: 1 },
        series: [{ labels: {}, histogram, isExact: false, quantileNs: () => 100 }],
        uncertain: undefined,
      },
    ],
    snapshotAndReset: () => [],
    set: (name, settings) => set.push([name, settings]),
    close: () => closed.push('session'),
  };
  const io = memoryIo();
  const options = Object.fromEntries(
    Object.entries(latencyOptions).map(([name, { initial }]) => [name, initial]),
  );
  const status = await runLive(
    { ...io, env: { XDG_RUNTIME_DIR: join(scratch, 'live') } },
    { ...options, duration: 5e6, worst: true } as never,
    [tracker],
    async (_, { onAlert }) => {
      onAlert(alert);
      return { session };
    },
  );
  expect(status).toBe(0);
  expect(new Set(closed)).toEqual(new Set(['session']));
  expect(set).toEqual([['wakeup', { worst: true }]]);
  expect(io.stderr.text).toMatch(/^wakeup: in a test\. Ctrl-C ends\.\nNote: a note\.$/m);
  expect(io.stdout.text).toMatch(/ wakeup +5 ns +cpu 0 .*\$\(touch owned\)/);
  expect(io.stdout.text).toMatch(/1 measured/);
});

test('a reader that goes away ends a live run, and what it opened is closed', async () => {
  const io = memoryIo();
  const gone = new Error('gone');
  io.stdout.writeText = () => {
    throw gone;
  };
  const closed: string[] = [];
  const session: TrackerSession = {
    backEnd: 'in a test',
    notes: [],
    snapshot: () => [],
    snapshotAndReset: () => [],
    set: () => {},
    close: () => closed.push('session'),
  };
  const options = Object.fromEntries(
    Object.entries(latencyOptions).map(([name, { initial }]) => [name, initial]),
  );
  const run = runLive(
    { ...io, env: { XDG_RUNTIME_DIR: join(scratch, 'gone') } },
    { ...options, format: 'json' } as never,
    [findTracker('wakeup')!],
    async (_, { onAlert }) => {
      setTimeout(() => onAlert(alert), 20);
      return { session };
    },
  );
  await expect(run).rejects.toBe(gone);
  expect(closed).toEqual(['session']);
});

const zero = {
  begins: 0,
  ends: 0,
  unmatchedEnds: 0,
  overwritten: 0,
  full: 0,
  aborted: 0,
  collected: 0,
  timeouts: 0,
  pending: 0,
  negative: 0,
  uncertain: 0,
  alerts: 0,
  limited: 0,
  waitsLimited: 0,
  ringLost: 0,
  missed: 0,
  unlabelled: 0,
};
