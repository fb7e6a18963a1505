import { readFileSync } from 'node:fs';
import { SondeError } from '@sonde/base';
import { Assembler } from './assembler.ts';
import { Btf } from './btf.ts';
import { BpfMap } from './maps.ts';
import { Native, SystemCallError } from './native.ts';
import { BpfProgram } from './programs.ts';

/** What this process may do with eBPF. */
export interface BpfCapability {
  readonly usable: boolean;
  /** One sentence: what works, or what does not. */
  readonly reason: string;
  /** What to do about it; empty when it works. */
  readonly remedy: string;
  /** The kernel tells its types: programs see typed arguments. */
  readonly hasTypes: boolean;
}

/** Tries it out: loads a program and a map, and lets them go. Changes nothing. */
export async function probeBpf(): Promise<BpfCapability> {
  try {
    const native = await Native.open();
    const hasTypes = kernelHasTypes();
    new BpfMap(native, mapOptions).close();
    const code = new Assembler().move('r0', 0).exit();
    new BpfProgram(native, { type: 'raw-tracepoint', name: 'sonde_probe', code }).close();
    const reason = hasTypes
      ? 'eBPF programs can be loaded, and the kernel tells its types (BTF).'
      : 'eBPF programs can be loaded; the kernel does not tell its types (BTF).';
    const remedy = hasTypes ? '' : 'Use a kernel with CONFIG_DEBUG_INFO_BTF for the fast programs.';
    return { usable: true, reason, remedy, hasTypes };
  } catch (error) {
    return { usable: false, hasTypes: kernelHasTypes(), ...explain(error) };
  }
}

const mapOptions = {
  type: 'array',
  name: 'sonde_probe',
  keyBytes: 4,
  valueBytes: 8,
  maxEntries: 1,
} as const;

/** Whether programs may exchange words in memory (Linux 5.12). */
export function hasExchange(native: Native): boolean {
  const code = new Assembler().move('r0', 0).store('r10', -8, 0, 'u64').move('r1', 0);
  code.compareExchange('r10', -8, 'r1').exchange('r10', -8, 'r1').move('r0', 0).exit();
  try {
    new BpfProgram(native, { type: 'raw-tracepoint', name: 'sonde_exchange', code }).close();
    return true;
  } catch {
    return false;
  }
}

function kernelHasTypes(): boolean {
  try {
    return Btf.ofKernel().typeCount > 1;
  } catch {
    return false;
  }
}

/**
 * Why eBPF can't be used, in words for people.
 * @throws what is no such reason
 */
export function explainBpfFailure(error: unknown): SondeError {
  const { reason, remedy } = explain(error);
  return new SondeError('no-bpf', `${reason} ${remedy}`.trim(), {}, { cause: error });
}

function explain(error: unknown): { readonly reason: string; readonly remedy: string } {
  if (error instanceof SystemCallError) return explainErrno(error);
  if (!(error instanceof SondeError)) throw error;
  const [reason, ...remedies] = error.message.split(/(?<=\.) /);
  return { reason: reason!, remedy: remedies.join(' ') };
}

function explainErrno(error: SystemCallError): { reason: string; remedy: string } {
  if (error.errnoName === 'ENOSYS') {
    return {
      reason: 'This kernel has no eBPF (CONFIG_BPF_SYSCALL is off).',
      remedy: 'Use a kernel that has it.',
    };
  }
  if (error.errnoName !== 'EPERM') return { reason: error.message, remedy: '' };
  const lockdown = lockdownMode();
  if (lockdown === 'confidentiality') {
    return {
      reason: 'The kernel is locked down (confidentiality): it allows no eBPF for tracing.',
      remedy: 'Boot without lockdown=confidentiality.',
    };
  }
  if (process.geteuid?.() !== 0) {
    return {
      reason: 'Loading eBPF programs needs root, or the capabilities CAP_BPF and CAP_PERFMON.',
      remedy: 'Run it with sudo.',
    };
  }
  return {
    reason: 'The kernel refuses eBPF programs, though this is root: a container without CAP_BPF?',
    remedy: 'Give the container the capabilities CAP_BPF and CAP_PERFMON, or run on the host.',
  };
}

/** The mode in brackets: `none [integrity] confidentiality`. */
function lockdownMode(): string | undefined {
  try {
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
