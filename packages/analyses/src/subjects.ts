/** `--group-by`: whom rows stand for. A group is booked on a stand-in thread, so that every analysis groups exactly, percentiles included. */
import { type Host, Process, Thread } from '@sonde/linux-model';

export const groupings = ['process', 'thread', 'comm', 'cgroup', 'container'] as const;
export type GroupBy = (typeof groupings)[number];

/** The subjects of one host. */
export class Subjects {
  readonly #host: Host;
  readonly #groupBy: GroupBy;
  readonly #byName = new Map<string, Thread>();
  readonly #byProcess = new Map<Process, Thread>();

  constructor(host: Host, groupBy: GroupBy) {
    this.#host = host;
    this.#groupBy = groupBy;
  }

  of(thread: Thread): Thread {
    if (thread.tid === 0) return thread;
    switch (this.#groupBy) {
      case 'thread':
        return thread;
      case 'process':
        return this.#ofProcess(thread);
      case 'comm':
        return this.#named(thread.comm === '' ? '(unknown)' : thread.comm);
      case 'cgroup':
        return this.#named(namespaceName('cgroup', thread.cgroupId));
      case 'container':
        return this.#named(namespaceName('pid namespace', thread.containerId));
    }
  }

  /** Stands for the threads of one name; its tid is no thread's. */
  #named(name: string): Thread {
    let subject = this.#byName.get(name);
    if (subject === undefined) {
      subject = new Thread(-1 - this.#byName.size, new Process(-1), name);
      this.#byName.set(name, subject);
    }
    return subject;
  }

  #ofProcess(thread: Thread): Thread {
    const { process } = thread;
    if (process.pid < 0) return thread;
    let subject = this.#byProcess.get(process);
    if (subject === undefined) {
      subject = new Thread(process.pid, process, thread.comm);
      this.#byProcess.set(process, subject);
    }
    const main = thread.tid === process.pid ? thread : this.#host.threads.get(process.pid);
    if (main !== undefined && main.process === process && main.comm !== '') {
      subject.comm = main.comm;
    }
    return subject;
  }
}

function namespaceName(what: string, id: string | undefined): string {
  return id === undefined ? `(${what} unknown)` : `${what} ${id}`;
}
