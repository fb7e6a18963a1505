import { formatError, SondeError } from '@sonde/base';
import { Graph } from '@sonde/graph';
import { type CommandIo, withArchiveNames } from './command-io.ts';
import type { ComponentPlan } from './component-options.ts';
import { exitStatus } from './exit-status.ts';
import { FdOutput } from './fd-output.ts';

export interface GraphPlan {
  readonly components: readonly ComponentPlan[];
  /** `UP[.PORT]:DOWN[.PORT]` */
  readonly connections: readonly string[];
  readonly continueOnError: boolean;
  /** The user did not name the components: errors don't either. */
  readonly namesAreOurs?: boolean;
  /** Undefined: standard output. */
  readonly outputPath?: string | undefined;
}

/**
 * Builds and runs a graph. Warnings go to standard error, each on a line of its own.
 * @returns the exit status: 1 when a stream was damaged and the others were read all the same.
 */
export async function runGraph(io: CommandIo, plan: GraphPlan): Promise<number> {
  let status: number = exitStatus.done;
  const file = plan.outputPath === undefined ? undefined : FdOutput.create(plan.outputPath);
  const graph = new Graph({
    warn: (message) => io.stderr.writeText(`WARNING: ${withArchiveNames(message, io)}\n`),
    output: file ?? io.stdout,
    signal: io.signal,
    continueOnError: plan.continueOnError,
    onFault: (error) => {
      status = exitStatus.failed;
      io.stderr.writeText(`sonde: ${withArchiveNames(formatError(error), io)}\n`);
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
