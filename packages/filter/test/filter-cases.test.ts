import { compileFilter, parseFilter } from '@sonde/filter';
import { describe, expect, test } from 'vitest';
import { classNamed, evaluate, sample, stream } from './records.ts';

/** Expression → does the sample record pass? */
const cases: Readonly<Record<string, readonly (readonly [text: string, passes: boolean])[]>> = {
  'payload fields': [
    ['prev_tid == -5', true],
    ['prev_tid == 5', false],
    ['prev_tid < 0 && prev_tid > -6', true],
    ['-5 == prev_tid', true],
    ['0 > prev_tid', true],
    ['prev_tid != -5', false],
    ['ratio == 2.5', true],
    ['ratio * 2 == 5', true],
    ['ok', true],
    ['ok == 1', true],
    ['!ok', false],
    ['msg.kind == 9', true],
    ['msg.data[1].x[2] == 6', true],
    ['$payload.prev_tid == -5', true],
    ['$payload["odd name"] == 11', true],
    ['msg["kind"] == 9', true],
    ['seq[1] == 20', true],
    ['flags', true],
    ['prev_tid', true],
  ],
  contexts: [
    ['$ctx.procname == "node"', true],
    ['$ctx.vtid == 42', true],
    ['$ctx.ip == 0xffffffff81000000', true],
    ['$ctx.cpu_id == 2', true],
    ['$ctx.perf:cpu:cycles > 0', true],
    ['$app.server:user == "j*"', true],
    ['$app.server:nobody == "j*"', false],
    ['$packet.packet_seq_num == 7', true],
    ['$packet_header.magic == 0xc1fc1fc1', true],
    ['$header.timestamp == 123456789012345678', true],
    ['$header.timestamp == 123456789012345679', false],
  ],
  'event, stream, trace': [
    ['$event.name == "sched_switch"', true],
    ['$event.name == "sched_*"', true],
    ['$event.name != "sched_*"', false],
    ['$event.id == 0', true],
    ['$stream.id == 3', true],
    ['$stream.name == "channel0_*"', true],
    ['$stream.class_id == 0 && $stream.class_name == "channel0"', true],
    ['$trace.name == "host/*"', true],
    ['$env.hostname == "host" && $env.tracer_major >= 2', true],
    ['$env.nothing == 1', false],
  ],
  strings: [
    ['prev_comm == "swapper/0"', true],
    ['prev_comm == "swapper"', false],
    ['prev_comm == "swapper/*"', true],
    ['prev_comm == "*app*"', true],
    ['prev_comm != "*app*"', false],
    ['"swapper/*" == prev_comm', true],
    ['prev_comm == next_comm', false],
    ['prev_comm != next_comm', true],
    ['next_comm == "a\\*b\\\\c"', true],
    ['next_comm == "a\\*c*"', false],
    ['prev_comm == "\\x73wapper\\0570"', true],
    ['prev_comm == ""', false],
  ],
  enumerations: [
    ['state == 4', true],
    ['state == "ODD"', true],
    ['state == "O*"', true],
    ['state != "ODD"', false],
    ['state == "RUNNING"', false],
    ['state != "RUNNING"', true],
    ['state == "NO_SUCH_LABEL"', false],
    ['state > 3', true],
  ],
  'exact 64-bit integers': [
    ['big == 18446744073709551615', true],
    ['big == 18446744073709551614', false],
    ['big > 18446744073709551614', true],
    ['big > 100', true],
    ['big == -1', true],
    ['big - 1 == 18446744073709551614', true],
    ['signed == -9223372036854775808', true],
    ['signed < -9223372036854775807', true],
    ['signed == 0x8000000000000000', true],
    ['big == $ctx.perf:cpu:cycles', true],
    ['9007199254740993 == 9007199254740992', false],
    ['9007199254740992 + 1 == 9007199254740993', true],
    ['94906267 * 94906267 == 9007199515875289', true],
    ['big < 1.5', false],
  ],
  'literals and operators': [
    ['010 == 8 && 0x1F == 31 && 0b101 == 5', true],
    ["'a' == 97 && '\\n' == 10 && '\\'' == 39", true],
    ['1.5e3 == 1500 && .5 == 0.5 && 1. == 1', true],
    ['10UL == 10 && 10ull == 10 && 1l == 1', true],
    ['7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1', true],
    ['7.0 / 2 == 3.5', true],
    ['1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 10 - 4 - 3 == 3', true],
    ['~0 == -1 && ~5 == -6', true],
    ['-(3) == -3 && +3 == 3 && - -3 == 3', true],
    ['1 << 4 == 16 && 256 >> 4 == 16', true],
    ['1 << 63 == 0x8000000000000000', true],
    ['-1 >> 63 == 1', true],
    ['0xf0 | 0x0f ^ 0xff & 0x3c == 0xf3', true],
    ['flags & 0x80000000 == 0x80000000', true],
    ['2 & 2 == 2', true],
    ['flags & 6 == 6 && flags >> 31 <= 1', true],
    ['big & 0xff == 0xff', true],
    ['prev_tid & 0xff == 251', true],
    ['!0 && !!5 && !(1 > 2)', true],
    ['(1 == 1) + 1 == 2', true],
    ['1 < 2 < 3', true],
    ['0 || 0.0 || prev_tid - prev_tid', false],
    ['1 || 0 && 0', true],
  ],
  'what is not there does not pass': [
    ['nothing == 1', false],
    ['nothing != 1', false],
    ['!(nothing == 1)', false],
    ['!nothing', false],
    ['nothing', false],
    ['nothing == 1 || prev_tid == -5', true],
    ['nothing == 1 && prev_tid == -5', false],
    ['!(nothing == 1 && prev_tid == 5)', true],
    ['$ctx.nothing == 1', false],
    ['msg.data[1].x[3] == 0', false],
    ['msg.data[2].x[0] != 77', false],
    ['seq[2] == 0', false],
    ['!(seq[2] == 0)', false],
    ['maybe.y == 1', false],
    ['!(maybe.y == 1)', false],
    ['1 / 0 == 1 || 1 % 0 == 0', false],
    ['1 / (prev_tid + 5) != 3', false],
    ['1 << 64 == 0 || 1 << -1 == 0 || 1 >> prev_tid == 0', false],
    ['toString == "x" || msg.constructor == 1', false],
  ],
  'variants are looked at in each record': [
    ['choice == "picked"', true],
    ['choice == "p*"', true],
    ['choice == 5', false],
    ['choice != 5', false],
    ['choice < 5', false],
  ],
};

describe.each(Object.entries(cases))('%s', (_group, table) => {
  test.each(table)('%s: %s', (text, passes) => {
    expect(evaluate(text)).toBe(passes);
  });
});

test.each([
  [`${Array(1000).fill('1').join('+')} == 1000`, true],
  [Array(500).fill('prev_tid == 7').join(' || '), false],
  [`${Array(500).fill('prev_tid == 7').join(' || ')} || ok`, true],
  [`${Array(900).fill('prev_tid').join('*')} < 0`, false],
])('long filters are evaluated, too (%#)', (text, passes) => {
  expect(evaluate(text)).toBe(passes);
});

describe('records of one class', () => {
  test('a variant with the other option, an optional that is there', () => {
    const payload = { ...(sample['event-record-payload'] as object), choice: 7, maybe: { y: 3 } };
    const fields = { ...sample, 'event-record-payload': payload };
    expect(evaluate('choice == 7 && choice < 8 && maybe.y == 3', fields)).toBe(true);
    expect(evaluate('choice == "7"', fields)).toBe(false);
  });

  const compiled = (text: string, event: string) =>
    compileFilter(parseFilter(text), { eventRecordClass: classNamed(event), stream });

  test.each([
    ['$event.name == "sched_*" && prev_tid == 1', 'irq', 'never'],
    ['$event.name == "sched_*" && irq == 1', 'sched_switch', 'never'],
    ['irq == 1', 'empty', 'never'],
    ['!(irq == 1)', 'empty', 'never'],
    ['irq == 1 || $event.name == "empty"', 'empty', 'always'],
    ['$stream.id == 3', 'empty', 'always'],
    ['irq == 1 || 1', 'irq', 'always'],
    ['irq >= 0', 'irq', 'depends'],
  ])('%s for %s: %s', (text, event, outcome) => {
    const filter = compiled(text, event);
    expect(filter.outcome).toBe(outcome);
    if (outcome !== 'depends') expect(filter.demands).toEqual([]);
  });

  test('demands: each field once; wide fields exact only where it matters', () => {
    const filter = compiled(
      'prev_tid > 1 && prev_tid < 5 && big > 7 && $ctx.vtid == 1',
      'sched_switch',
    );
    expect(filter.demands).toEqual([
      { scope: 'event-record-payload', path: ['prev_tid'], wide: 'number', as: 'f0' },
      { scope: 'event-record-payload', path: ['big'], wide: 'number', as: 'f1' },
      { scope: 'event-record-common-context', path: ['vtid'], wide: 'number', as: 'f2' },
    ]);
    expect(compiled('big > 9007199254740993', 'sched_switch').demands[0]!.wide).toBe('bigint');
    expect(compiled('big == -1', 'sched_switch').demands[0]!.wide).toBe('bigint');
    expect(compiled('signed == -1', 'sched_switch').demands[0]!.wide).toBe('number');
    expect(compiled('msg.data[1].x[2] == 6', 'sched_switch').demands[0]!.path).toEqual([
      'msg',
      'data',
    ]);
  });

  test('a variant option is a member of its own', () => {
    const filter = compiled('choice.number == 5 || choice.text == "x"', 'sched_switch');
    expect(filter.demands.map(({ path }) => path)).toEqual([
      ['choice', 'number'],
      ['choice', 'text'],
    ]);
    expect(filter.test({ f0: 5, f1: undefined })).toBe(true);
    expect(filter.test({ f0: undefined, f1: 'x' })).toBe(true);
    expect(filter.test({ f0: undefined, f1: 'y' })).toBe(false);
    expect(compiled('choice.other == 5', 'sched_switch').test({ f0: 5 })).toBe(false);
  });

  test('a type that is wrong in this class counts as missing and is told', () => {
    const filter = compiled('prev_tid < 5 || irq == 1', 'irq');
    expect(filter.mismatches.map((m) => m.message)).toEqual([
      "a string can't be used as a number; strings can only be compared with == and !=",
    ]);
    expect(filter.test({ f0: 1, f1: 1 })).toBe(true);
    expect(filter.test({ f0: 0, f1: 0 })).toBe(false);
  });

  test('without a stream its properties are missing', () => {
    const filter = compileFilter(parseFilter('$stream.id == 3 || $trace.name == "*"'), {
      eventRecordClass: classNamed('irq'),
    });
    expect(filter.outcome).toBe('never');
  });

  test('log levels are numbers and names', () => {
    const target = { eventRecordClass: { ...classNamed('irq'), logLevel: 'warning' as const } };
    const outcome = (text: string) => compileFilter(parseFilter(text), target).outcome;
    expect(outcome('$event.loglevel == 4')).toBe('always');
    expect(outcome('$event.loglevel <= 4 && $event.loglevel == "TRACE_WARNING"')).toBe('always');
    expect(outcome('$event.loglevel == "WARNING" && $event.loglevel == "warning"')).toBe('always');
    expect(outcome('$event.loglevel == "INFO"')).toBe('never');
  });
});
