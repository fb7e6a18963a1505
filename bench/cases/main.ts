/**
 * Consumers as people write them, over `openTrace`: `node cases.mjs CASE TRACE`. Each touches what it asked for and prints a checksum, so
 * that no value can be left out.
 */
import { type FieldRecord, type OpenedTraces, openTrace } from '@sonde/components';
import type { FieldDemand } from '@sonde/ctf';
import type {
  EventRecordClass,
  FieldClass,
  Scope,
  StructureFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';

type Touch = (record: FieldRecord) => void;

let sum = 0;
let events = 0;

/** A small number from any value: 64-bit addresses would drown the rest of the sum. */
function weight(value: unknown): number {
  if (typeof value === 'number') return value % 65_521;
  if (typeof value === 'string') return value.length;
  return value === undefined ? 0 : 1;
}

const cases: { readonly [name: string]: (traces: OpenedTraces) => void } = {
  'sched-switch': (traces) => {
    const fields = ['prev_tid', 'next_tid', 'prev_state'];
    traces.subscribe({ event: 'sched_switch', fields }, (record) => {
      events++;
      sum += (record['prev_tid'] as number) + (record['next_tid'] as number);
      sum += record['prev_state'] as number;
    });
  },
  'three-fields': (traces) => {
    for (const eventRecordClass of classesOf(traces)) {
      const payload = membersOf(eventRecordClass, 'event-record-payload').filter(isScalar);
      const thread = membersOf(eventRecordClass, 'event-record-common-context')
        .filter(({ name }) => name === 'tid' || name === 'vtid')
        .slice(0, 1);
      subscribe(traces, eventRecordClass, [
        ...demandsOf('event-record-payload', payload.slice(0, 2)),
        ...demandsOf('event-record-common-context', thread),
      ]);
    }
  },
  'all-fields': (traces) => {
    const scopes: Scope[] = [
      'event-record-common-context',
      'event-record-specific-context',
      'event-record-payload',
    ];
    for (const eventRecordClass of classesOf(traces)) {
      const demands = scopes.flatMap((scope) =>
        demandsOf(scope, membersOf(eventRecordClass, scope)),
      );
      subscribe(traces, eventRecordClass, demands);
    }
  },
};

function subscribe(
  traces: OpenedTraces,
  { name = '' }: EventRecordClass,
  fields: readonly FieldDemand[],
): void {
  const touch = consumerOf(fields.length);
  traces.subscribe({ event: name, fields }, touch);
}

/** Reads every slot by its name, as a consumer written for that event would. */
function consumerOf(slots: number): Touch {
  const terms = Array.from({ length: slots }, (_, i) => `weight(record.f${i})`);
  const add = (value: number) => {
    events++;
    sum += value;
  };
  const body = `return (record) => add(${['0', ...terms].join('+')});`;
  return new Function('weight', 'add', body)(weight, add) as Touch;
}

function classesOf({ traces }: OpenedTraces): EventRecordClass[] {
  return traces.flatMap(({ traceClass }) =>
    [...traceClass.dataStreamClasses.values()].flatMap((c) => [...c.eventRecordClasses.values()]),
  );
}

function membersOf(eventRecordClass: EventRecordClass, scope: Scope): readonly StructureMember[] {
  const root: StructureFieldClass | undefined = scopeFieldClass(eventRecordClass, scope);
  return root?.members ?? [];
}

function demandsOf(scope: Scope, members: readonly StructureMember[]): FieldDemand[] {
  return members.map(({ name }) => ({ scope, path: [name] }));
}

function isScalar({ fieldClass }: StructureMember): boolean {
  const compound: FieldClass['type'][] = [
    'structure',
    'static-length-array',
    'dynamic-length-array',
    'variant',
    'optional',
  ];
  return !compound.includes(fieldClass.type);
}

const [name = '', path = ''] = process.argv.slice(2);
const start = cases[name];
if (start === undefined) throw new Error(`Cases: ${Object.keys(cases).join(', ')}`);
const traces = openTrace(path);
start(traces);
await traces.run();
traces.close();
console.log(`${events} events, checksum ${sum}`);
