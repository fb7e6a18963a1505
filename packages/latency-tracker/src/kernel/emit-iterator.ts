/**
 * The program that looks at every task: whose operation has been pending for too long? Only programs see what is kept in tasks, so it
 * takes one to find timeouts. It runs when this process asks for it.
 */
import { Assembler, type Btf, type Register } from '@sonde/ebpf';
import type { Point } from '../declaration.ts';
import { ExpressionWriter } from './emit-expression.ts';
import { emitRecord } from './emit-record.ts';
import type { EventAccess } from './event-access.ts';
import { type CounterName, frame, pending, type SettingName, stateFlags } from './layout.ts';
import type { PlannedPoint } from './plan-types.ts';
import type { ProgramContext } from './program-parts.ts';
import { emitCounters } from './shared-values.ts';

const point: Point = {
  event: 'iter:task',
  key: [{ type: 'field', path: ['task', 'pid'] }],
  when: [],
  time: undefined,
  outId: 0,
  isFirst: false,
  info: new Map(),
  labels: new Map(),
};

/** In `struct bpf_iter__task`, behind a pointer to what is common to iterators. */
const taskOffset = 8;

export function writeIterator(context: ProgramContext, btf: Btf): Assembler {
  const { plan, ring, trackerIndex } = context;
  const { place } = context.maps;
  const { memory } = place;
  const code = new Assembler();
  const count = (name: CounterName): void => {
    const offset = place.counterAt(name);
    code.load('r1', 'r9', offset, 'u64').add('r1', 1).store('r9', offset, 'r1', 'u64');
  };
  const loadSetting = (to: Register, name: SettingName): void => {
    code.moveMapValue(to, memory.settings, place.settingAt(name)).load(to, to, 0, 'u64');
  };
  // The task is put where the context of an event would have it: then records are made as for events.
  code.load('r7', 'r1', taskOffset, 'u64').jumpIf('r7', '==', 0, 'out');
  code.store('r10', frame.operands, 'r7', 'u64').move('r6', 'r10').add('r6', frame.operands);
  code.moveMap('r1', memory.tasks!).move('r2', 'r7').move('r3', 0).move('r4', 0);
  code.call('task_storage_get').jumpIf('r0', '==', 0, 'out').move('r7', 'r0');
  code.add('r7', place.pendingAt);
  code.load('r8', 'r7', pending.beginNs, 'u64').jumpIf('r8', '==', 0, 'out');
  loadSetting('r1', 'onSinceNs');
  code.jumpIf('r8', '<', 'r1', 'out');
  emitCounters(code, memory, 'out');
  code.call('ktime_get_ns').move('r1', 'r0').alu('sub', 'r1', 'r8');
  code.move('r8', 'r0').jumpIf('r1', 's<', 0, 'out').store('r10', frame.delayNs, 'r1', 'u64');
  loadSetting('r2', 'gcNs');
  code.jumpIf('r1', '<=', 'r2', 'young').store('r7', pending.beginNs, 0, 'u64');
  count('collected');
  code.jump('out').label('young');
  code.load('r1', 'r10', frame.delayNs, 'u64');
  loadSetting('r2', 'timeoutNs');
  code.jumpIf('r1', '<=', 'r2', 'out').load('r1', 'r7', pending.state, 'u64');
  code.jumpIf('r1', '&', stateFlags.isTimedOut, 'out').alu('or', 'r1', stateFlags.isTimedOut);
  code.store('r7', pending.state, 'r1', 'u64');
  count('timeouts');
  const planned = plannedTask(btf);
  const expressions = new ExpressionWriter(code, planned.access, point.event);
  emitRecord(code, plan, expressions, {
    kind: 'timeout',
    trackerIndex,
    ring,
    place,
    planned,
    stackOf: 'pending',
    lostLabel: 'lost',
  });
  code.jump('out').label('lost');
  count('ringLost');
  return code.label('out').move('r0', 0).exit();
}

function plannedTask(btf: Btf): PlannedPoint {
  const pidOffset = btf.offsetBytes('task_struct', 'pid');
  const access: EventAccess = {
    target: { id: point.event, programType: 'iterator', name: 'task', btfId: 0, eventId: 0 },
    guard: undefined,
    field: () => ({ kind: 'number', steps: [0, pidOffset], lengthBytes: 4, isSigned: true }),
    systemCall: undefined,
    commOffset: btf.offsetBytes('task_struct', 'comm'),
  };
  return { role: 'peek', index: 0, point, access, process: undefined, task: [0], slots: [] };
}
