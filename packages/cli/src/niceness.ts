import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Of what follows the kernel on a busy machine: it has to come to its turn when others wait for theirs. */
const recorderNiceness = -15;
/** As this process was begun. */
const usualNiceness = getPriority();

/** Of the calling thread. */
function setNiceness(niceness: number): void {
  try {
    setPriority(niceness);
  } catch {
    // Not allowed in this container: events may get lost sooner, and are counted.
  }
}

/** Of those of V8 and libuv, too: Linux has a niceness for each thread, and the main thread waits for them when it collects garbage. */
function setNicenessOfAllThreads(niceness: number): void {
  for (const tid of threads()) {
    try {
      setPriority(tid, niceness);
    } catch {
      // Not allowed, as above, or ended meanwhile.
    }
  }
}

function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    // On another system, where the command soon says that it can't do anything.
    return [];
  }
}

export async function atRecorderNiceness<T>(run: () => Promise<T>): Promise<T> {
  setNicenessOfAllThreads(recorderNiceness);
  try {
    return await run();
  } finally {
    setNicenessOfAllThreads(usualNiceness);
  }
}

/** For programs that are begun meanwhile: they inherit it from the thread that begins them. */
export function atUsualNiceness<T>(begin: () => T): T {
  const niceness = getPriority();
  setNiceness(usualNiceness);
  try {
    return begin();
  } finally {
    setNiceness(niceness);
  }
}
