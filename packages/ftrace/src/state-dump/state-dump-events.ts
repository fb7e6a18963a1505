/** LTTng's state dump: what was there before the events began. Fields as lttng-modules 2.13 has them. */

import type { OutputField, RecordPlan } from '../layout/record-plan.ts';
import type { FieldType } from '../mapping/event-rule.ts';
import { parseFieldRule } from '../mapping/event-rule.ts';

/** `pid` of file descriptors is not LTTng 2.13's: up to 2.11 it stood for the table, and the LTTng analyses still ask for it. */
const lines = [
  'lttng_statedump_start',
  'lttng_statedump_end',
  'lttng_statedump_process_state tid:s32 pid:s32 ppid:s32 name:text16 type:s32 mode:s32 submode:s32 status:s32 cpu:u32 file_table_address:x64',
  'lttng_statedump_process_pid_ns tid:s32 vtid:s32 vpid:s32 vppid:s32 ns_level:s32 ns_inum:u32',
  'lttng_statedump_process_user_ns tid:s32 vuid:s32 vgid:s32 ns_level:s32 ns_inum:u32',
  'lttng_statedump_process_cgroup_ns tid:s32 ns_inum:u32',
  'lttng_statedump_process_ipc_ns tid:s32 ns_inum:u32',
  'lttng_statedump_process_mnt_ns tid:s32 ns_inum:u32',
  'lttng_statedump_process_net_ns tid:s32 ns_inum:u32',
  'lttng_statedump_process_uts_ns tid:s32 ns_inum:u32',
  'lttng_statedump_process_time_ns tid:s32 ns_inum:u32',
  'lttng_statedump_file_descriptor file_table_address:x64 fd:s32 flags:o32 fmode:x32 filename:str pid:s32',
  'lttng_statedump_network_interface name:str address_ipv4:x32',
  'lttng_statedump_block_device dev:u32 diskname:str',
  'lttng_statedump_interrupt irq:u32 name:str action:str tid:s32',
  'lttng_statedump_cpu_topology architecture:str cpu_id:u16 vendor:str family:u8 model:u8 model_name:str physical_id:u16 core_id:u16 cores:u16',
] as const;

type Line = (typeof lines)[number];
export type StateDumpEventName = Line extends infer L
  ? L extends `${infer Name} ${string}`
    ? Name
    : L
  : never;

export interface StateDumpField {
  readonly name: string;
  readonly type: FieldType;
}

/** The fields of each event, by its ID in the state dump's stream. */
export const stateDumpFields: readonly (readonly StateDumpField[])[] = lines.map((line) =>
  line.split(' ').slice(1).map(parseFieldRule),
);

export const stateDumpIds: ReadonlyMap<string, number> = new Map(
  lines.map((line, id) => [line.split(' ')[0]!, id]),
);

/** For the metadata: nothing of a state dump comes from ring-buffer records. */
export const stateDumpPlans: readonly RecordPlan[] = lines.map((line, id) => ({
  name: line.split(' ')[0]!,
  fields: stateDumpFields[id]!.map(outputField),
  minimumBytes: 0,
}));

function outputField({ name, type }: StateDumpField): OutputField {
  const nowhere = { kind: 'static', offsetBytes: 0, lengthBytes: 0 } as const;
  switch (type.kind) {
    case 'integer':
      return { kind: 'computed', name, shape: type.shape, compute: () => 0 };
    case 'text':
      return { kind: 'text', name, lengthBytes: type.lengthBytes, source: nowhere };
    default:
      return { kind: 'string', name, source: nowhere };
  }
}
