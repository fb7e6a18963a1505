import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseTsdl } from '@sonde/ctf';
import { KernelTraceLayout, lttngNameOf, readTraceDat } from '@sonde/ftrace';
import type { EventRecordClass, FieldClass, TraceClass } from '@sonde/trace-model';
import { describe, expect, test } from 'vitest';
import { kernelTiny, repository, runSonde } from './built-command.ts';

/** Declarations of LTTng 2.13 on Linux 6.1, of some thousand events, and ours on Linux 6.18. */
const lttng = eventsOf(parseTsdl(runSonde(['read', '-o', 'ctf-metadata', kernelTiny]).stdout));
const version6 = new Uint8Array(
  gunzipSync(readFileSync(join(repository, 'fixtures/ftrace/v6.dat.gz'))),
);
const { formats } = readTraceDat(
  {
    name: 'v6.dat',
    lengthBytes: version6.length,
    read: (offset, length) => version6.slice(offset, offset + length),
  },
  () => new Uint8Array(0),
);
const own = eventsOf(
  new KernelTraceLayout(formats, {
    clock: { name: 'mono', unixOffsetNs: 0n },
    uuid: new Uint8Array(16),
  }).traceClass,
);

function eventsOf({ dataStreamClasses }: TraceClass): Map<string, EventRecordClass> {
  const events = [...dataStreamClasses.values()].flatMap((s) => [...s.eventRecordClasses.values()]);
  return new Map(events.map((event) => [event.name ?? '', event]));
}

/** What readers see of a field's class. */
function shape(fieldClass: FieldClass): string {
  switch (fieldClass.type) {
    case 'fixed-length-unsigned-integer':
    case 'fixed-length-signed-integer': {
      const { lengthBits, preferredDisplayBase: base, byteOrder, mappings } = fieldClass;
      const sign = fieldClass.type.includes('unsigned') ? 'u' : 's';
      return `${sign}${lengthBits} base ${base} ${byteOrder}${mappings ? ' enumeration' : ''}`;
    }
    case 'static-length-string':
      return `text of ${fieldClass.lengthBytes}`;
    case 'static-length-array':
      return `${shape(fieldClass.elementFieldClass)} × ${fieldClass.length}`;
    case 'dynamic-length-array':
      return `sequence of ${shape(fieldClass.elementFieldClass)}`;
    default:
      return fieldClass.type;
  }
}

const fieldsOf = (event: EventRecordClass) =>
  (event.payload?.members ?? []).map(({ name, fieldClass }) => ({
    name,
    shape: shape(fieldClass),
  }));

const names = [
  ...new Set([...formats].map(({ system, name }) => lttngNameOf(system, name))),
].filter((name) => lttng.has(name));

/** Fields of other shapes, and why. */
const differing: Readonly<Record<string, string>> = {
  'skb_kfree.protocol': 'in the byte order of the network there; ftrace has turned it',
  'skb_kfree.reason': 'an enumeration of that kernel there',
  'syscall_entry_epoll_ctl.op_enum': 'an enumeration there',
};

/** Fields that ftrace does not have, by event. Of system calls: contents, and arguments that come out. */
const missing: Readonly<Record<string, readonly string[]>> = {
  kmem_mm_page_alloc: ['page'],
  kmem_mm_page_alloc_extfrag: ['page'],
  kmem_mm_page_alloc_zone_locked: ['page'],
  kmem_mm_page_free: ['page'],
  kmem_mm_page_free_batched: ['page'],
  net_dev_queue: ['network_header_type', 'network_header'],
  net_if_receive_skb: ['network_header_type', 'network_header'],
  net_if_rx: ['network_header_type', 'network_header'],
  sched_stat_runtime: ['vruntime'],
  writeback_wbc_writepage: ['for_reclaim'],
  writeback_balance_dirty_pages: ['bdi_setpoint', 'bdi_dirty'],
};

test('most events of an LTTng trace are there', () => {
  expect(names.filter((name) => !name.startsWith('syscall_')).length).toBeGreaterThan(95);
  expect(names.filter((name) => name.startsWith('syscall_')).length).toBeGreaterThan(560);
});

describe('events', () => {
  for (const name of names.filter((candidate) => !candidate.startsWith('syscall_'))) {
    test(name, () => {
      const theirs = fieldsOf(lttng.get(name)!);
      const ours = fieldsOf(own.get(name)!);
      const common = theirs.filter((field) => ours.some((other) => other.name === field.name));
      const known = ours.filter((field) => theirs.some((other) => other.name === field.name));
      const isSame = (field: { name: string }) => differing[`${name}.${field.name}`] === undefined;
      expect(known.filter(isSame)).toEqual(common.filter(isSame));
      const absent = theirs.filter((field) => !common.includes(field)).map((field) => field.name);
      expect(absent).toEqual(missing[name] ?? []);
    });
  }
});

test('system calls: same names, lengths and signs, in the same order', () => {
  for (const name of names.filter((candidate) => candidate.startsWith('syscall_'))) {
    const isSame = (field: { name: string }) => differing[`${name}.${field.name}`] === undefined;
    const theirs = fieldsOf(lttng.get(name)!).filter(isSame);
    const ours = fieldsOf(own.get(name)!).filter(isSame);
    const common = theirs.filter((field) => ours.some((other) => other.name === field.name));
    const known = ours.filter((field) => theirs.some((other) => other.name === field.name));
    if (name.startsWith('syscall_exit_')) expect(known).toEqual([theirs[0]]);
    expect([name, known.toSorted(byName)]).toEqual([name, common.toSorted(byName)]);
    const added = ours.filter(
      (field) => !known.includes(field) && !field.name.endsWith('_address'),
    );
    expect([name, added]).toEqual([name, []]);
  }
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
