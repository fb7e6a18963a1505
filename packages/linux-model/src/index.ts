export { Cpu } from './cpu.ts';
export { classesOf, hasEvent } from './dialect.ts';
export type { Disk } from './disks.ts';
export type { FileType, OpenFile } from './files.ts';
export { Host } from './host.ts';
export { LinuxModel } from './model.ts';
export { plainEventName } from './rule.ts';
export type * from './segments.ts';
export { Process, Thread, ThreadTable } from './threads.ts';
