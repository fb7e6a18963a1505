import { setPriority } from 'node:os';

/** Of what follows a busy machine: it has to come to its turn when others wait for theirs. */
export const recorderNiceness = -15;

export function setNiceness(niceness: number): void {
  try {
    setPriority(niceness);
  } catch {
    // Not allowed in this container: events may get lost sooner, and are counted.
  }
}

/** For programs that are begun meanwhile: they inherit it. */
export function atUsualNiceness<T>(begin: () => T): T {
  setNiceness(0);
  try {
    return begin();
  } finally {
    setNiceness(recorderNiceness);
  }
}
