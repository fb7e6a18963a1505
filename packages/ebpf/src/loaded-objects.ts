/** Programs and maps of this machine, by whomever: for finding out what was left behind, and for comparing what programs cost. */
import { BpfAttributes, command } from './bpf-command.ts';
import { closeDescriptor, type Native, type NativeMemory, SystemCallError } from './native.ts';
import { infoBytes, type ProgramStatistics, statisticsOf } from './programs.ts';

export interface LoadedObject {
  readonly id: number;
  /** At most 15 characters. */
  readonly name: string;
}

export interface LoadedProgram extends LoadedObject, ProgramStatistics {}

interface Kind {
  readonly nextId: number;
  readonly byId: number;
  /** Of `struct bpf_prog_info` or `bpf_map_info`, as far as we read. */
  readonly infoBytes: number;
  /** Of the name (bytes). */
  readonly nameAt: number;
}

const nameBytes = 16;
const programs: Kind = {
  nextId: command.programNextId,
  byId: command.programById,
  infoBytes,
  nameAt: 64,
};
const maps: Kind = { nextId: command.mapNextId, byId: command.mapById, infoBytes: 40, nameAt: 24 };

export function loadedPrograms(native: Native): LoadedProgram[] {
  return loaded(native, programs, (object, info) => ({ ...object, ...statisticsOf(info) }));
}

export function loadedMaps(native: Native): LoadedObject[] {
  return loaded(native, maps, (object) => object);
}

function loaded<T>(
  native: Native,
  kind: Kind,
  toResult: (object: LoadedObject, info: NativeMemory) => T,
): T[] {
  const found: T[] = [];
  using info = native.allocate(kind.infoBytes);
  using attributes = new BpfAttributes(native);
  for (let id = 0; ; id = attributes.memory.view.getUint32(4, true)) {
    if (
      !succeeds(() => attributes.clear().u32(0, id).call(kind.nextId, 12, 'go through objects'))
    ) {
      return found;
    }
    const name = lookAt(native, kind, attributes.memory.view.getUint32(4, true), info);
    if (name !== undefined) {
      found.push(toResult({ id: attributes.memory.view.getUint32(4, true), name }, info));
    }
  }
}

/** Fills `info`. Undefined: it is gone meanwhile. */
function lookAt(native: Native, kind: Kind, id: number, info: NativeMemory): string | undefined {
  using attributes = new BpfAttributes(native);
  let fd = -1;
  if (!succeeds(() => (fd = attributes.u32(0, id).call(kind.byId, 12, 'open an object')))) {
    return undefined;
  }
  try {
    // What is there asks for more: lists of maps, of code.
    info.bytes.fill(0);
    attributes.clear().u32(0, fd).u32(4, kind.infoBytes).u64(8, info.address);
    attributes.call(command.objectInfo, 16, 'look at an object');
    const name = info.bytes.slice(kind.nameAt, kind.nameAt + nameBytes);
    return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
  } finally {
    closeDescriptor(fd);
  }
}

/** False: there is no such object (any more). */
function succeeds(call: () => number): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof SystemCallError && error.errnoName === 'ENOENT') return false;
    throw error;
  }
}
