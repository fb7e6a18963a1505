// `node system-calls.mjs CALLS_A_SECOND SECONDS`: makes getuid calls at that rate, evenly in slices of a millisecond. Prints their number.
const [, , rate, seconds] = process.argv.map(Number);
const begin = performance.now();
let calls = 0;
for (;;) {
  const elapsedMs = performance.now() - begin;
  if (elapsedMs >= seconds * 1000) break;
  const due = (rate * elapsedMs) / 1000;
  if (calls >= due) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    continue;
  }
  // Not too many at once: on a busy machine, what is late comes as a burst no recorder has to bear.
  for (const end = Math.min(due, calls + rate / 100); calls < end; calls++) process.getuid();
}
console.log(Math.round(calls));
