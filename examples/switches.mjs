// Which threads ran how often: `node examples/switches.mjs TRACE`.
import { openTrace } from '@sonde/components';

const runs = new Map();
const traces = openTrace(process.argv[2]);
traces.subscribe({ event: 'sched_switch', fields: ['next_comm', 'next_tid'] }, (record) => {
  // The record is reused: it is valid until this function returns.
  const thread = `${record.next_comm} (${record.next_tid})`;
  runs.set(thread, (runs.get(thread) ?? 0) + 1);
});
await traces.run();
traces.close();

for (const [thread, count] of [...runs].sort((a, b) => b[1] - a[1]).slice(0, 5)) {
  console.log(String(count).padStart(8), thread);
}
