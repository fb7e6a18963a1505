import { getPriority, setPriority } from 'node:os';

/** Of what follows the kernel on a busy machine: it has to come to its turn when others wait for theirs. */
const recorderNiceness = -15;
/** As this process was begun. */
const usualNiceness = getPriority();

function setNiceness(niceness: number): void {
  try {
    setPriority(niceness);
  } catch {
    // Not allowed in this container: events may get lost sooner, and are counted.
  }
}

export async function atRecorderNiceness<T>(run: () => Promise<T>): Promise<T> {
  setNiceness(recorderNiceness);
  try {
    return await run();
  } finally {
    setNiceness(usualNiceness);
  }
}

/** For programs that are begun meanwhile: they inherit it. */
export function atUsualNiceness<T>(begin: () => T): T {
  const niceness = getPriority();
  setNiceness(usualNiceness);
  try {
    return begin();
  } finally {
    setNiceness(niceness);
  }
}
