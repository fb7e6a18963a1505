import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type EventField, type EventFormat, lttngNameOf, mappedEvents } from '@sonde/ftrace';
import { describe, expect, test } from 'vitest';
import { version6Recording } from './recordings.ts';
import { SubBufferBuilder } from './sub-buffer-builder.ts';
import { converter, type DecodedEvent } from './support.ts';

const { formats } = version6Recording();

test('the tables are those of packages/ftrace/data', () => {
  const tool = join(import.meta.dirname, '../../../tools/ftrace-tables.mjs');
  execFileSync('node', [tool, '--check']);
});

/** A payload that differs in every field: numbers with high bits set, texts, arrays. */
function payloadOf(format: EventFormat): Uint8Array {
  const fixed = Math.max(8, ...format.fields.map((f) => f.offsetBytes + f.lengthBytes));
  const bytes = new Uint8Array(Math.ceil(fixed / 4) * 4 + format.fields.length * 24);
  const view = new DataView(bytes.buffer);
  let end = Math.ceil(fixed / 8) * 8;
  for (let i = 8; i < fixed; i++) bytes[i] = (i * 37 + 129) & 0xff;
  const textAt = (at: number, text: string, room: number): void => {
    bytes.fill(0, at, at + room);
    bytes.set(new TextEncoder().encode(text.slice(0, Math.max(room - 1, 0))), at);
  };
  for (const [i, field] of format.fields.entries()) {
    const { offsetBytes, lengthBytes, isText, arrayKind, name, elementBytes } = field;
    if (arrayKind === 'data-loc' || arrayKind === 'rel-loc') {
      const length = isText ? 10 : elementBytes * 2;
      const from = arrayKind === 'rel-loc' ? offsetBytes + 4 : 0;
      view.setUint32(offsetBytes, (length << 16) | (end - from), true);
      if (isText) textAt(end, name === 'rwbs' ? 'WS' : `text ${i}`, length);
      else for (let k = 0; k < length; k++) bytes[end + k] = 200 - k - i;
      end += Math.ceil(length / 8) * 8;
    } else if (isText && arrayKind === 'static') {
      textAt(offsetBytes, name === 'rwbs' ? 'FWFSM' : `t${i} ${name}`, lengthBytes);
    }
  }
  view.setUint16(0, format.id, true);
  view.setInt32(4, 4711, true);
  return bytes.slice(0, Math.ceil(end / 4) * 4);
}

/** The plain meaning of a field in the payload, read without any of the converter's code. */
function fieldValueOf(field: EventField, payload: Uint8Array): bigint | string | bigint[] {
  const view = new DataView(payload.buffer, payload.byteOffset);
  const number = (at: number, length: number): bigint => {
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(at + i));
    return field.isSigned && !field.isPointer ? BigInt.asIntN(length * 8, value) : value;
  };
  const { arrayKind, offsetBytes, lengthBytes, isText } = field;
  if (arrayKind === 'scalar' && lengthBytes <= 8) return number(offsetBytes, lengthBytes);
  let [at, length] = [offsetBytes, lengthBytes];
  if (arrayKind === 'rest') length = payload.length - at;
  if (arrayKind.endsWith('loc')) {
    const word = view.getUint32(offsetBytes, true);
    at = (word & 0xffff) + (arrayKind === 'rel-loc' ? offsetBytes + 4 : 0);
    length = word >>> 16;
  }
  const bytes = payload.subarray(at, at + length);
  if (isText) return new TextDecoder().decode(bytes).split('\0')[0]!;
  const elementBytes = [1, 2, 4, 8].includes(field.elementBytes) ? field.elementBytes : 1;
  const count = Math.floor(length / elementBytes);
  return Array.from({ length: count }, (_, i) => number(at + i * elementBytes, elementBytes));
}

/** As the reader gives it: numbers where they are exact. */
function asRead(value: bigint | string | bigint[]): unknown {
  if (typeof value === 'string') return value;
  if (typeof value !== 'bigint') return value.map(asRead);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function convert(format: EventFormat, payload: Uint8Array): DecodedEvent {
  const { cpu, decode } = converter([format]);
  cpu.push(new SubBufferBuilder(0n).record(1, payload, true).end());
  return decode().events[0]!;
}

/** LTTng's mask for the letters, from blktrace's own words. */
const rwbs: Readonly<Record<string, number>> = { FWFSM: 1024 | 1 | 512 | 32 | 64, WS: 1 | 32 };

const rules = mappedEvents();

/** Fields that Linux 6.18 does not have any more. */
const absent = new Set(['writeback_wbc_writepage.for_reclaim']);

/** Those of the kernel that the fixture is from. Other kernels have the rest. */
const present = rules.filter(({ system, sourceName }) => formats.byName(system, sourceName));

test('every event of LTTng that Linux 6.18 has is mapped, and those of other kernels that have other names there', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  expect(new Set(rules.map(({ system, sourceName }) => `${system}/${sourceName}`)).size).toBe(
    rules.length,
  );
  // 268 from the headers of lttng-modules, 32 more from the metadata of its traces.
  expect(present).toHaveLength(300);
});

describe.each(present)('$name', (rule) => {
  const format = formats.byName(rule.system, rule.sourceName)!;

  test('values', () => {
    expect(lttngNameOf(rule.system, rule.sourceName)).toBe(rule.name);
    const payload = payloadOf(format);
    const event = convert(format, payload);
    expect(event.name).toBe(rule.name);
    const expected = new Map<string, unknown>();
    const used = new Set<string>();
    for (const field of rule.fields) {
      const source = format.fields.find(({ name }) => field.sources.includes(name));
      if (source !== undefined) used.add(source.name);
      const raw = source === undefined ? undefined : fieldValueOf(source, payload);
      switch (field.conversion) {
        case undefined: {
          if (source === undefined && absent.has(`${rule.name}.${field.name}`)) break;
          expect(raw, `${field.name} has a source`).toBeDefined();
          if (typeof raw !== 'bigint' || field.type.kind !== 'integer') {
            expected.set(field.name, asRead(raw!));
            break;
          }
          const { lengthBits, isSigned } = field.type.shape;
          const value = raw + BigInt(field.addend);
          const wrapped = isSigned
            ? BigInt.asIntN(lengthBits, value)
            : BigInt.asUintN(lengthBits, value);
          expected.set(field.name, asRead(wrapped));
          break;
        }
        case 'commonPid':
          expected.set(field.name, 4711);
          break;
        case 'rwbs':
          expected.set(field.name, rwbs[raw as string]);
          break;
        default: // of forks: process-table.test.ts
      }
    }
    for (const field of format.fields) {
      if (used.has(field.name) || expected.has(field.name)) continue;
      expected.set(field.name, asRead(fieldValueOf(field, payload)));
    }
    for (const [name, value] of expected)
      expect([name, event.payload[name]]).toEqual([name, value]);
    const names = Object.keys(event.payload).filter((name) => !/^_.*_length$/.test(name));
    const own = rule.fields
      .map(({ name }) => name)
      .filter((name) => !absent.has(`${rule.name}.${name}`));
    expect(names.slice(0, own.length)).toEqual(own);
  });
});

test('events that LTTng does not have pass as they are, with all fields', () => {
  const mapped = new Set(rules.map(({ system, sourceName }) => `${system}/${sourceName}`));
  const others = [...formats].filter(
    ({ system, name }) =>
      !mapped.has(`${system}/${name}`) && system !== 'syscalls' && system !== 'ftrace',
  );
  expect(others.length).toBeGreaterThan(1000);
  for (const format of others) {
    const payload = payloadOf(format);
    const event = convert(format, payload);
    expect(event.name).toBe(format.name);
    for (const field of format.fields) {
      const value = event.payload[field.name];
      expect([format.name, field.name, value]).toEqual([
        format.name,
        field.name,
        asRead(fieldValueOf(field, payload)),
      ]);
    }
  }
});

describe('system calls', () => {
  const entries = [...formats].filter(
    ({ name, system }) => system === 'syscalls' && name.startsWith('sys_enter_'),
  );

  test('entries: arguments in the lengths of their types, no output arguments', () => {
    for (const format of entries) {
      const payload = payloadOf(format);
      const event = convert(format, payload);
      expect(event.name).toBe(format.name.replace('sys_enter_', 'syscall_entry_'));
      for (const [name, value] of Object.entries(event.payload)) {
        const source = format.fields.find((field) => field.name === name.replace(/_address$/, ''));
        if (source === undefined || value === '') continue;
        const raw = fieldValueOf(source, payload) as bigint;
        const isNarrow = [16, 32].some((bits) =>
          [BigInt.asUintN(bits, raw), BigInt.asIntN(bits, raw)].some((v) => asRead(v) === value),
        );
        expect([
          event.name,
          name,
          isNarrow ||
            value === asRead(BigInt.asUintN(64, raw)) ||
            value === asRead(BigInt.asIntN(64, raw)),
        ]).toEqual([event.name, name, true]);
      }
    }
  });

  test.each([
    ['read', { fd: 0x81fffe0n, count: 9n }, { fd: 0x81fffe0, count: 9 }],
    [
      'write',
      { fd: 1n, buf: 0x7fff_0000_0000n, count: 5n },
      { fd: 1, buf: 0x7fff_0000_0000, count: 5 },
    ],
    [
      'openat',
      { dfd: 0xffff_ff9cn, filename: 0x1234n, flags: 0x80000n, mode: 0x1b6n },
      { dfd: -100, filename: '', flags: 0x80000, mode: 0x1b6, filename_address: 0x1234 },
    ],
    [
      'mmap',
      { addr: 0n, len: 4096n, prot: 3n, flags: 0x22n, fd: 0xffff_ffffn, off: 0n },
      { addr: 0, len: 4096, prot: 3, flags: 0x22, fd: -1, offset: 0 },
    ],
    [
      'clone',
      { clone_flags: 0x11n, newsp: 1n, parent_tidptr: 2n, child_tidptr: 3n, tls: 4n },
      { flags: 0x11, newsp: 1, parent_tid: 2, child_tid: 3 },
    ],
    [
      'futex',
      { uaddr: 1n, op: 0x80n, val: 2n, utime: 3n, uaddr2: 4n, val3: 5n },
      { uaddr: 1, op: 128, val: 2, utime: 3, uaddr2: 4, val3: 5 },
    ],
    [
      'futex_wait',
      { uaddr: 1n, val: 2n, mask: 3n, flags: 4n, timeout: 5n, clockid: 0xffff_ffffn },
      { uaddr: 1, val: 2, mask: 3, flags: 4, timeout: 5, clockid: -1 },
    ],
  ])('entry of %s', (call, given, expected) => {
    const format = formats.byName('syscalls', `sys_enter_${call}`)!;
    const payload = new Uint8Array(16 + format.fields.length * 8);
    const view = new DataView(payload.buffer);
    view.setUint16(0, format.id, true);
    for (const { name, offsetBytes, lengthBytes } of format.fields) {
      const value = (given as Record<string, bigint>)[name] ?? 0n;
      if (lengthBytes === 8) view.setBigUint64(offsetBytes, value, true);
    }
    expect(convert(format, payload).payload).toEqual(expected);
  });

  test.each([
    ['read', -11n, { ret: -11 }],
    ['mmap', 0x7fff_1234_5678n, { ret: 0x7fff_1234_5678 }],
  ])('exit of %s', (call, ret, expected) => {
    const format = formats.byName('syscalls', `sys_exit_${call}`)!;
    const payload = new Uint8Array(24);
    const view = new DataView(payload.buffer);
    view.setUint16(0, format.id, true);
    view.setBigInt64(16, ret, true);
    expect(convert(format, payload)).toMatchObject({
      name: `syscall_exit_${call}`,
      payload: expected,
    });
  });

  test('texts that somebody reads', () => {
    const format = formats.byName('syscalls', 'sys_enter_openat')!;
    const asked: string[] = [];
    const { cpu, decode } = converter(
      [format],
      { hasUserStrings: true },
      {
        userStrings: {
          textOf: ({ tid }, event, argument) => {
            asked.push(`${tid} ${event} ${argument}`);
            return asked.length > 1 ? undefined : new TextEncoder().encode('/etc/fstab');
          },
          addressOf: () => undefined,
        },
      },
    );
    const payload = payloadOf(format);
    cpu.push(new SubBufferBuilder(0n).record(1, payload, true).record(1, payload, true).end());
    const { events } = decode();
    expect(events.map(({ payload: { filename } }) => filename)).toEqual(['/etc/fstab', '']);
    expect(events[0]!.payload).not.toHaveProperty('filename_address');
    expect(asked).toEqual(Array(2).fill('4711 syscall_entry_openat filename'));
  });
});

describe('socket addresses', () => {
  const none = { family: 0, dport: 0, v4addr: [], v6addr: [], sun_path: '' };
  const path = (text: string) => [1, 0, ...new TextEncoder().encode(text)];
  const v6 = Array.from({ length: 16 }, (_, i) => i);

  test.each<[string, readonly number[] | undefined, object]>([
    ['not known', undefined, none],
    ['one byte', [2], none],
    ['of another family', [16, 0, 1, 2, 3, 4, 5, 6], { ...none, family: 16 }],
    [
      'IPv4',
      [2, 0, 0x1f, 0x90, 127, 0, 0, 1],
      { ...none, family: 2, dport: 8080, v4addr: [127, 0, 0, 1] },
    ],
    ['IPv4, cut', [2, 0, 0x1f, 0x90, 127, 0, 0], { ...none, family: 2, dport: 8080 }],
    [
      'IPv6',
      [10, 0, 0, 80, 9, 9, 9, 9, ...v6],
      {
        ...none,
        family: 10,
        dport: 80,
        v6addr: v6.filter((i) => i % 2 === 0).map((i) => i * 257 + 1),
      },
    ],
    ['a path', path('/run/socket\0rubbish'), { ...none, family: 1, sun_path: '/run/socket' }],
    ['a name without a file', path('\0bus\0one'), { ...none, family: 1, sun_path: '@bus@one' }],
    ['a socket without a name', path(''), { ...none, family: 1 }],
    ['as long as can be', path('x'.repeat(126)), { ...none, family: 1, sun_path: 'x'.repeat(126) }],
  ])('%s', (_title, bytes, expected) => {
    const format = formats.byName('syscalls', 'sys_enter_connect')!;
    const address = bytes && Uint8Array.from(bytes);
    const userStrings = { textOf: () => undefined, addressOf: () => address };
    const { cpu, decode } = converter([format], { hasUserStrings: true }, { userStrings });
    cpu.push(new SubBufferBuilder(0n).record(1, payloadOf(format), true).end());
    expect(decode().events[0]!.payload).toMatchObject(expected);
  });

  test('where the call was given none, nobody is asked', () => {
    const format = formats.byName('syscalls', 'sys_enter_connect')!;
    const asked: string[] = [];
    const addressOf = (_: unknown, event: string) => {
      asked.push(event);
      return undefined;
    };
    const options = { userStrings: { textOf: () => undefined, addressOf } };
    const { cpu, decode } = converter([format], { hasUserStrings: true }, options);
    const payload = payloadOf(format);
    new DataView(payload.buffer, payload.byteOffset).setBigUint64(24, 0n, true);
    cpu.push(
      new SubBufferBuilder(0n).record(1, payload, true).record(1, payloadOf(format), true).end(),
    );
    expect(decode().events).toHaveLength(2);
    expect(asked).toEqual(['syscall_entry_connect']);
  });

  test('without anybody who reads them there are no such fields', () => {
    const format = formats.byName('syscalls', 'sys_enter_connect')!;
    const { cpu, decode } = converter([format]);
    cpu.push(new SubBufferBuilder(0n).record(1, payloadOf(format), true).end());
    expect(Object.keys(decode().events[0]!.payload)).toEqual(['fd', 'uservaddr', 'addrlen']);
  });
});

test('events of equal names in two systems', () => {
  const [first] = [...formats];
  const { layout } = converter([
    { ...first!, id: 1, system: 'a', name: 'same' },
    { ...first!, id: 2, system: 'b', name: 'same' },
  ]);
  expect(layout.events.map(({ plan }) => plan.name)).toEqual(['same', 'b_same']);
});
