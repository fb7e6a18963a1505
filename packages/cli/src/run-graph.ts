import { formatError, SondeError } from '@sonde/base';
import { Graph } from '@sonde/graph';
import { type CommandIo, withArchiveNames } from './command-io.ts';
import type { ComponentPlan } from './component-options.ts';
import { exitStatus } from './exit-status.ts';
import { FdOutput } from './fd-output.ts';
import { Progress } from './progress.ts';

export interface GraphPlan {
  readonly components: readonly ComponentPlan[];
  /** `UP[.PORT]:DOWN[.PORT]` */
  readonly connections: readonly string[];
  readonly continueOnError: boolean;
  /** The user did not name the components: errors don't either. */
  readonly namesAreOurs?: boolean;
  /** Undefined: standard output. */
  readonly outputPath?: string | undefined;
  /** Says how far the work is. */
  readonly describeProgress?: () => string;
}

/**
 * Builds and runs a graph. Warnings go to standard error, each on a line of its own.
 * @returns the exit status: 1 when a stream was damaged and the others were read all the same.
 */
export async function runGraph(io: CommandIo, plan: GraphPlan): Promise<number> {
  let status: number = exitStatus.done;
  const file = plan.outputPath === undefined ? undefined : FdOutput.create(plan.outputPath);
  using progress = new Progress(io, file === undefined, plan.describeProgress ?? (() => 'running'));
  const say = (text: string) => {
    progress.hide();
    io.stderr.writeText(`${withArchiveNames(text, io)}\n`);
  };
  const graph = new Graph({
    warn: (message) => say(`WARNING: ${message}`),
    output: file ?? io.stdout,
    signal: io.signal,
    continueOnError: plan.continueOnError,
    onFault: (error) => {
      status = exitStatus.failed;
      say(`sonde: ${formatError(error)}`);
    },
  });
  try {
    for (const { name, componentClass, parameters } of plan.components) {
      await graph.add(name, componentClass, parameters);
    }
    for (const rule of plan.connections) graph.connect(rule);
    await graph.run();
    return status;
  } catch (error) {
    throw plan.namesAreOurs === true ? causeOf(error) : error;
  } finally {
    graph.close();
    file?.close();
  }
}

/** The error itself, without the component it happened in. */
function causeOf(error: unknown): unknown {
  const isWrapped = error instanceof SondeError && error.code === 'component-failed';
  return isWrapped && error.cause !== undefined ? error.cause : error;
}
