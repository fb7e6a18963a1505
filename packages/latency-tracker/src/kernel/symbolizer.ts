/** From addresses in stacks to names. */
import { readKernelSymbols, type SymbolTable, UserSymbols } from '@sonde/ebpf';
import type { Alert, StackFrame } from '../declaration.ts';

/** Frames of the programs themselves, at the top of what they take. */
const ownFrame =
  /^(bpf_|__bpf_|__traceiter_|__probestub_|get_perf_|perf_|stack_trace_|trace_call_bpf)/;
const maxOwnFrames = 10;

/** Names for addresses, read when the first is asked for. */
export class Symbolizer {
  #kernel: SymbolTable | undefined;
  #hasKernel = false;
  readonly #user = new UserSymbols();

  /** Else at the first stack. */
  readKernel(): void {
    if (this.#hasKernel) return;
    this.#hasKernel = true;
    this.#kernel = readKernelSymbols();
  }

  /** An alert with names for the addresses of its stacks. Those of processes are found while they are there. */
  named(alert: Alert): Alert {
    const { kernelStack, userStack, wakerStack, tid } = alert;
    return {
      ...alert,
      kernelStack: kernelStack && this.#kernelFrames(kernelStack),
      userStack: tid === undefined ? userStack : userStack && this.#userFrames(tid, userStack),
      ...(wakerStack && { wakerStack: this.#kernelFrames(wakerStack) }),
    };
  }

  #kernelFrames(stack: readonly StackFrame[]): StackFrame[] {
    this.readKernel();
    const frames = stack.map(({ address }) => frameOf(address, this.#kernel?.find(address)));
    let own = 0;
    for (let i = 0; i < Math.min(frames.length, maxOwnFrames); i++) {
      if (ownFrame.test(frames[i]!.symbol ?? '')) own = i + 1;
    }
    return frames.slice(own);
  }

  #userFrames(tid: number, stack: readonly StackFrame[]): StackFrame[] {
    return stack.map(({ address }) => frameOf(address, this.#user.find(tid, address)));
  }

  /** To be called now and then: processes map other files. */
  refresh(): void {
    this.#user.forgetProcesses();
  }
}

const frameOf = (address: bigint, symbol: string | undefined): StackFrame =>
  symbol === undefined ? { address } : { address, symbol };
