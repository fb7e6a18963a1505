// `npm test`: builds the command, runs every test, and says what could not be tested here.
// SONDE_REQUIRE_PEERS=1 makes a missing program a failure. Further arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = process.env.SONDE_SHARED ?? join(root, '../shared');

/** Programs of others that tests compare with. */
const peers = [
  { command: 'babeltrace2', without: 'no comparison with the installed Babeltrace 2' },
  { command: 'bpftrace', without: 'no comparison of trackers and recordings with bpftrace' },
  { command: 'trace-cmd', without: 'no fresh trace.dat to read' },
  { command: 'perf', without: 'no test that it goes on counting beside our programs' },
  { command: 'python3', without: 'no recording of a program with threads and sockets of its own' },
];
/** Data outside the repository, too big or not ours to keep in it. */
const data = [
  { path: 'traces/ctf', without: 'no conformance cases of other projects' },
  { path: 'traces/ours', without: 'only the traces under fixtures/traces' },
];

const absent = [];
for (const { command, without } of peers) {
  const present = spawnSync(command, ['--version']).error === undefined;
  console.log(`peer ${command}: ${present ? 'present' : `absent: ${without}`}`);
  if (!present) absent.push(command);
}
for (const { path, without } of data) {
  const full = join(shared, path);
  console.log(`data ${full}: ${existsSync(full) ? 'present' : `absent: ${without}`}`);
}
if (absent.length > 0 && process.env.SONDE_REQUIRE_PEERS === '1') {
  console.log(`SONDE_REQUIRE_PEERS=1, and missing: ${absent.join(', ')}`);
  console.log(`0 passed, ${absent.length} failed`);
  process.exit(1);
}

run('node', ['tools/build.mjs']);
const scratch = mkdtempSync(join(tmpdir(), 'sonde-test-'));
try {
  const report = join(scratch, 'report.json');
  // Thousands of tests: a dot each is for people who watch, failures are told at the end.
  const reporters = [...(process.stdout.isTTY ? ['dot'] : []), 'json'];
  const args = reporters.map((name) => `--reporter=${name}`);
  const { status } = spawnSync(
    'npx',
    ['vitest', 'run', ...args, `--outputFile.json=${report}`, ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit', env: { ...process.env, SONDE_SHARED: shared } },
  );
  process.exitCode = summarise(report, status);
} finally {
  rmSync(scratch, { recursive: true });
}

function summarise(report, status) {
  if (!existsSync(report)) {
    console.log(`vitest ended with status ${status} and without a report`);
    console.log('0 passed, 1 failed');
    return 1;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A file that does not even load has no failed test of its own.
  const brokenFiles = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const tests = result.testResults.flatMap((file) => file.assertionResults);
  const isSkipped = ({ status }) => status === 'pending' || status === 'skipped';
  const groupOf = ({ ancestorTitles, title }) => ancestorTitles[0] ?? title;
  const partlyRun = new Set(tests.filter((test) => !isSkipped(test)).map(groupOf));
  const skipped = new Set(
    tests
      .filter(isSkipped)
      .map((test) => (partlyRun.has(groupOf(test)) ? test.fullName : groupOf(test))),
  );
  for (const title of skipped) console.log(`skipped: ${title}`);
  tellFailures(result.testResults);
  const failed = result.numFailedTests + brokenFiles;
  console.log(`${result.numPassedTests} passed, ${failed} failed`);
  return failed === 0 && status === 0 ? 0 : 1;
}

function tellFailures(files) {
  for (const { name, message, assertionResults } of files) {
    if (message && assertionResults.length === 0) console.log(`\n✗ ${name}\n${message}`);
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== 'failed') continue;
      console.log(`\n✗ ${relative(root, name)}: ${fullName}`);
      // A difference of whole outputs may be long.
      for (const text of failureMessages) console.log(text.slice(0, 3000));
    }
  }
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.log(`${command} ${args.join(' ')} failed`);
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
}
