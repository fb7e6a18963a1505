/**
 * Consumers as people write them, over `openTrace` (`subscribe` for one event, a `Downstream` for all): `node run-bundle.cjs
 * cases.cjs CASE TRACE`. Each touches what it asked for and prints a checksum, so that no value can be left out.
 */
import { type FieldRecord, type OpenedTraces, openTrace, runIterator } from '@sonde/components';
import { allFieldsOf, compileConsumer, type FieldDemand } from '@sonde/ctf';
import type {
  Downstream,
  EventHandler,
  EventRecordClass,
  FieldClass,
  Scope,
  StructureFieldClass,
  StructureMember,
} from '@sonde/trace-model';
import { scopeFieldClass } from '@sonde/trace-model';

type Touch = (record: FieldRecord) => void;

/** Events and the sum of their fields: as doubles in place, which a variable would hold in a new object after each change. */
const totals = new Float64Array(2);

const cases: { readonly [name: string]: (traces: OpenedTraces) => Promise<void> } = {
  'sched-switch': (traces) => {
    const fields = ['prev_tid', 'next_tid', 'prev_state'];
    traces.subscribe({ event: 'sched_switch', fields }, (record) => {
      const threads = (record['prev_tid'] as number) + (record['next_tid'] as number);
      add(threads + (record['prev_state'] as number));
    });
    return traces.run();
  },
  'three-fields': (traces) => {
    demandOfEach = (eventRecordClass) => {
      const payload = membersOf(eventRecordClass, 'event-record-payload').filter(isScalar);
      const thread = membersOf(eventRecordClass, 'event-record-common-context')
        .filter(({ name }) => name === 'tid' || name === 'vtid')
        .slice(0, 1);
      return [
        ...demandsOf('event-record-payload', payload.slice(0, 2)),
        ...demandsOf('event-record-common-context', thread),
      ];
    };
    return runIterator(traces.iterate(everyEvent));
  },
  'all-fields': (traces) => {
    demandOfEach = allFieldsOf;
    return runIterator(traces.iterate(everyEvent));
  },
};

let demandOfEach: (eventRecordClass: EventRecordClass) => readonly FieldDemand[] = () => [];

/** By class: its streams share them. */
const handlers = new Map<EventRecordClass, EventHandler>();

/** A consumer of all events, which chooses the fields when it meets the first event of a class. */
const everyEvent: Downstream = {
  eventHandler({ eventRecordClass }) {
    let handler = handlers.get(eventRecordClass);
    if (handler === undefined) {
      const demands = demandOfEach(eventRecordClass);
      handler = compileConsumer(eventRecordClass, demands, consumerOf(eventRecordClass, demands));
      handlers.set(eventRecordClass, handler);
    }
    return handler;
  },
  streamBeginning() {},
  streamEnd() {},
  packetBeginning() {},
  packetEnd() {},
  discardedEvents() {},
  discardedPackets() {},
  inactivity() {},
};

/**
 * Reads every slot by its name, as a consumer written for that event would: a small number from each, since 64-bit addresses would
 * drown the rest of the sum.
 */
function consumerOf(eventRecordClass: EventRecordClass, demands: readonly FieldDemand[]): Touch {
  const terms = demands.map(({ scope, path }, i) => {
    const members = membersOf(eventRecordClass, scope ?? 'event-record-payload');
    const type = members.find((member) => member.name === path[0])?.fieldClass.type ?? '';
    if (/integer|number/.test(type)) return `(record.f${i}&0xffff)`;
    return type.includes('string') ? `record.f${i}.length` : `(record.f${i}===undefined?0:1)`;
  });
  const body = `return (record) => add(${['0', ...terms].join('+')});`;
  const known = consumers.get(body) ?? (new Function('add', body)(add) as Touch);
  consumers.set(body, known);
  return known;
}

/** By text. */
const consumers = new Map<string, Touch>();

function add(value: number): void {
  totals[0]! += 1;
  totals[1]! += value;
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

/** Called by the runner of the bundle. */
export async function main(): Promise<void> {
  const [name = '', path = ''] = process.argv.slice(2);
  const start = cases[name];
  if (start === undefined) throw new Error(`Cases: ${Object.keys(cases).join(', ')}`);
  const traces = openTrace(path);
  await start(traces);
  traces.close();
  console.log(`${totals[0]} events, checksum ${totals[1]}`);
}
