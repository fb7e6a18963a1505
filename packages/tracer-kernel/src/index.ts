export { type AvailableEvent, EventCatalogue, type EventRequest } from './event-catalogue.ts';
export { defaultBufferBytes, type InstanceOptions } from './instance.ts';
export { type Removed, recorderInstances, removeOrphans } from './ownership.ts';
export { defaultPreset, type PresetName, presetNames } from './presets.ts';
export type { ProcessFilter } from './process-filter.ts';
export { type CtfVersion, compactTime } from './recording-plan.ts';
export { KernelSession, type SessionCounts, type SessionOptions } from './session.ts';
export { lockdownMode, openTracefs, TracefsFolder, tracefsPath } from './tracefs.ts';
export { parseProbe, type UprobeRequest } from './uprobes.ts';
