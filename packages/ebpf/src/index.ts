export {
  Assembler,
  type Comparison,
  type Helper,
  helperIds,
  type Operand,
  type Operation,
  type Register,
  type Size,
} from './assembler.ts';
export { Btf, type BtfArgument, type BtfMember, type BtfType } from './btf.ts';
export { anonymousNamespace, cxxNameOf } from './cxx-name.ts';
export { type ElfSymbols, readElfSymbols } from './elf-symbols.ts';
export { parseKallsyms, readKernelSymbols } from './kernel-symbols.ts';
export {
  type LoadedObject,
  type LoadedProgram,
  loadedMaps,
  loadedPrograms,
} from './loaded-objects.ts';
export { BpfMap, type MapOptions, type MapType, possibleCpus } from './maps.ts';
export { Native, NativeMemory, SystemCallError } from './native.ts';
export { type BpfCapability, explainBpfFailure, hasExchange, probeBpf } from './probe.ts';
export {
  type Attachment,
  attachIterator,
  attachRaw,
  attachTracepoint,
  BpfProgram,
  enableRunStatistics,
  type IteratorLink,
  type ProgramOptions,
  type ProgramStatistics,
  type ProgramType,
} from './programs.ts';
export { type RecordHandler, RingBuffer, ringAvailableData, ringNoWakeup } from './ring-buffer.ts';
export type { SymbolTable } from './symbol-table.ts';
export { type FormatField, parseFormat, readFormat, type TracepointFormat } from './tracefs.ts';
export { parseMaps, parsePerfMap, readableName, UserSymbols } from './user-symbols.ts';
