import { MetadataError } from '@sonde/base';
import { parseEventFormat, parsePageFormat } from '@sonde/ftrace';
import { expect, test } from 'vitest';

const common = `format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;
`;

/** A `format` file with one field. */
function formatOf(field: string): string {
  return `name: e\nID: 7\n${common}\n\tfield:${field}\n\nprint fmt: "x"\n`;
}

test.each([
  ['int a;	offset:8;	size:4;	signed:1;', 'int', 'scalar', 4, false, false],
  [
    'const char * filename;	offset:8;	size:8;	signed:0;',
    'const char *',
    'scalar',
    8,
    true,
    false,
  ],
  ['const void* p;	offset:8;	size:8;	signed:0;', 'const void*', 'scalar', 8, true, false],
  ['char comm[16];	offset:8;	size:16;	signed:0;', 'char', 'static', 1, false, true],
  ['u8 gid[16];	offset:8;	size:16;	signed:0;', 'u8', 'static', 1, false, false],
  [
    'unsigned long args[6];	offset:8;	size:48;	signed:0;',
    'unsigned long',
    'static',
    8,
    false,
    false,
  ],
  ['char buf[];	offset:8;	size:0;	signed:0;', 'char', 'rest', 1, false, true],
  ['unsigned long f[];	offset:8;	size:0;	signed:0;', 'unsigned long', 'rest', 8, false, false],
  ['__data_loc char[] name;	offset:8;	size:4;	signed:0;', 'char', 'data-loc', 1, false, true],
  ['__rel_loc char[] name;	offset:8;	size:4;	signed:0;', 'char', 'rel-loc', 1, false, true],
  ['__data_loc u64[] v;	offset:8;	size:4;	signed:0;', 'u64', 'data-loc', 8, false, false],
  [
    'struct in6_addr a;	offset:8;	size:16;	signed:0;',
    'struct in6_addr',
    'scalar',
    16,
    false,
    false,
  ],
] as const)('%s', (text, type, arrayKind, elementBytes, isPointer, isText) => {
  const { fields, commonFields, id, name, system } = parseEventFormat('s', formatOf(text));
  expect({ id, name, system }).toEqual({ id: 7, name: 'e', system: 's' });
  expect(commonFields.map((field) => field.name)).toEqual([
    'common_type',
    'common_flags',
    'common_preempt_count',
    'common_pid',
  ]);
  expect(fields).toMatchObject([
    { type, arrayKind, elementBytes, isPointer, isText, offsetBytes: 8 },
  ]);
});

test.each([
  ['', 'There is no name'],
  ['name: e\n', 'has no ID'],
  ['name: e\nID: 70000\n', 'has no ID'],
  [formatOf('int a;	offset:8;'), 'no offset and size'],
  [formatOf('[3];	offset:8;	size:4;	signed:1;'), 'names no type and field'],
  [formatOf('__data_loc char[] a;	offset:8;	size:2;	signed:1;'), 'not 4'],
])('refuses %j', (text, message) => {
  expect(() => parseEventFormat('s', text)).toThrow(MetadataError);
  expect(() => parseEventFormat('s', text)).toThrow(message);
});

const page64 = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;
const header = `# compressed entry header
	type_len    :    5 bits
	time_delta  :   27 bits
	array       :   32 bits

	padding     : type == 29
	time_extend : type == 30
	time_stamp : type == 31
	data max type_len  == 28
`;

test('header_page of 64-bit and 32-bit kernels', () => {
  expect(parsePageFormat(page64, header, 'little-endian')).toEqual({
    byteOrder: 'little-endian',
    longBytes: 8,
    commitOffsetBytes: 8,
    dataOffsetBytes: 16,
  });
  const page32 = page64
    .replace('commit;	offset:8;	size:8', 'commit;	offset:8;	size:4')
    .replace('offset:16;	size:4080', 'offset:12;	size:4084');
  expect(parsePageFormat(page32, undefined, 'big-endian')).toEqual({
    byteOrder: 'big-endian',
    longBytes: 4,
    commitOffsetBytes: 8,
    dataOffsetBytes: 12,
  });
});

test.each([
  ['', header],
  [page64.replace('size:8;', 'size:4;'), header],
  [page64.replace('offset:16', 'offset:9'), header],
  [page64, header.replace('27 bits', '26 bits')],
  [page64, header.replace('== 29', '== 28')],
])('refuses another page layout', (page, event) => {
  expect(() => parsePageFormat(page, event, 'little-endian')).toThrow(MetadataError);
});
