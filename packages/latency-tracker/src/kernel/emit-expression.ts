/** Expressions as instructions. The context is in `r6`; `r0` to `r5` are used up; results are in `r0`. */
import { UsageError } from '@sonde/base';
import type { Assembler, Comparison, Register, Size } from '@sonde/ebpf';
import type { BinaryOperator, Expression } from '../expression.ts';
import { describeRead, type EventAccess, kindOf, type Source } from './event-access.ts';
import { frame, maxOperands } from './layout.ts';

export const textBytes = 16;

const sizes: Readonly<Record<number, Size>> = { 1: 'u8', 2: 'u16', 4: 'u32', 8: 'u64' };

const comparisons: Partial<Record<BinaryOperator, Comparison>> = {
  '<': 's<',
  '<=': 's<=',
  '>': 's>',
  '>=': 's>=',
  '==': '==',
  '!=': '!=',
};
const opposites: Partial<Record<BinaryOperator, Comparison>> = {
  '<': 's>=',
  '<=': 's>',
  '>': 's<=',
  '>=': 's<',
  '==': '!=',
  '!=': '==',
};

/** Follows all steps but the last: `to` then is what the last offset counts from. */
export function emitSteps(code: Assembler, steps: readonly number[], to: Register): Register {
  let from: Register = 'r6';
  for (const offset of steps.slice(0, -1)) {
    code.load(to, from, offset, 'u64');
    from = to;
  }
  return from;
}

/** `to` = the pointer at the end of the steps. */
export function emitPointer(code: Assembler, steps: readonly number[], to: Register): void {
  code.load(to, emitSteps(code, steps, to), steps.at(-1)!, 'u64');
}

export class ExpressionWriter {
  readonly #code: Assembler;
  readonly #access: EventAccess;
  readonly #event: string;

  constructor(code: Assembler, access: EventAccess, event: string) {
    this.#code = code;
    this.#access = access;
    this.#event = event;
  }

  /** Goes on where the expression is not 0, else to `label`. */
  condition(expression: Expression, label: string): void {
    if (expression.type === 'binary') {
      const { operator, left, right } = expression;
      const opposite = opposites[operator];
      if (opposite !== undefined && isImmediate(right)) {
        this.#number(left, 0, sameInLowBits(operator, right.value));
        this.#code.jumpIf('r0', opposite, right.value, label);
        return;
      }
    }
    this.number(expression);
    this.#code.jumpIf('r0', '==', 0, label);
  }

  /** `r0` = the value, as a number of 64 bits with sign. */
  number(expression: Expression): void {
    this.#number(expression, 0, false);
  }

  #number(expression: Expression, depth: number, isLowBitsOnly: boolean): void {
    switch (expression.type) {
      case 'integer':
        this.#code.moveConstant('r0', expression.value);
        return;
      case 'field':
        this.#load(this.#access.field(expression.path), expression, isLowBitsOnly);
        return;
      case 'builtin':
        this.#builtin(expression);
        return;
      case 'starts-with':
        this.#startsWith(expression.operand, expression.prefix);
        return;
      case 'binary':
        this.#binary(expression, depth);
    }
  }

  #load(source: Source, expression: Expression, isLowBitsOnly: boolean): void {
    const size = sizes[source.lengthBytes];
    if (source.kind !== 'number' || size === undefined) {
      const what = describeRead(this.#event, expression);
      throw new UsageError('no-number', `${what} is a text where a number is needed.`);
    }
    const code = this.#code;
    const isProbed = source.isProbed || source.isUntyped;
    if (isProbed) this.#probe(source);
    const from = isProbed ? 'r10' : emitSteps(code, source.steps, 'r0');
    const offset = isProbed ? frame.text : source.steps.at(-1)!;
    code.load('r0', from, offset, size);
    if (!source.isSigned || source.lengthBytes === 8 || isLowBitsOnly) return;
    const unused = 64 - 8 * source.lengthBytes;
    code.shiftLeft('r0', unused).alu('shiftRightSigned', 'r0', unused);
  }

  /** Copies the number into the frame. */
  #probe(source: Source): void {
    const code = this.#code;
    code.move('r3', this.#base(source)).add('r3', source.steps.at(-1)!);
    code.move('r1', 'r10').add('r1', frame.text).move('r2', source.lengthBytes);
    code.call('probe_read_kernel');
  }

  /** What the last offset counts from: `r3`, or the context. */
  #base({ steps, isUntyped }: Source): Register {
    const code = this.#code;
    if (!isUntyped || steps.length < 2) return emitSteps(code, steps, 'r3');
    code.load('r3', 'r6', steps[0]!, 'u64');
    for (const offset of steps.slice(1, -1)) this.#follow(offset);
    return 'r3';
  }

  /** `r3` = the pointer at `r3 + offset`; 0 where there is none. */
  #follow(offset: number): void {
    const code = this.#code;
    code.add('r3', offset).move('r1', 'r10').add('r1', frame.text).move('r2', 8);
    code.call('probe_read_kernel').load('r3', 'r10', frame.text, 'u64');
  }

  #builtin(expression: Extract<Expression, { type: 'builtin' }>): void {
    const code = this.#code;
    switch (expression.name) {
      case 'tid':
        code.call('get_current_pid_tgid').shiftLeft('r0', 32).shiftRight('r0', 32);
        return;
      case 'tgid':
        code.call('get_current_pid_tgid').shiftRight('r0', 32);
        return;
      case 'cpu':
        code.call('get_smp_processor_id');
        return;
      case 'cgroup':
        code.call('get_current_cgroup_id');
        return;
      case 'comm':
        throw new UsageError('no-number', '$comm is a text where a number is needed.');
      case 'syscall': {
        const { systemCall } = this.#access;
        if (systemCall === undefined) {
          throw new UsageError('unknown-field', `${this.#event} is no event of a system call.`);
        }
        this.#load(systemCall, expression, false);
      }
    }
  }

  #binary(expression: Extract<Expression, { type: 'binary' }>, depth: number): void {
    const { operator, left, right } = expression;
    const code = this.#code;
    if (isImmediate(right)) {
      this.#number(left, depth, sameInLowBits(operator, right.value));
      this.#apply(operator, right.value);
      return;
    }
    if (depth >= maxOperands) {
      throw new UsageError('bad-expression', 'An expression is nested too deeply for the kernel.');
    }
    this.#number(left, depth, false);
    code.store('r10', frame.operands - 8 * depth, 'r0', 'u64');
    this.#number(right, depth + 1, false);
    code.move('r1', 'r0').load('r0', 'r10', frame.operands - 8 * depth, 'u64');
    this.#apply(operator, 'r1');
  }

  /** `r0 = r0 OPERATOR operand` */
  #apply(operator: BinaryOperator, operand: 'r1' | number): void {
    const code = this.#code;
    const comparison = comparisons[operator];
    if (comparison !== undefined) {
      const isTrue = code.freshLabel('true');
      // Registers hold 64 bits: the result goes over the operand.
      code.move('r2', 1).jumpIf('r0', comparison, operand, isTrue).move('r2', 0);
      code.label(isTrue).move('r0', 'r2');
      return;
    }
    const names = { '+': 'add', '-': 'sub', '&': 'and', '|': 'or' } as const;
    const shifts = { '<<': 'shiftLeft', '>>': 'shiftRight' } as const;
    if (operator === '<<' || operator === '>>') {
      const by = typeof operand === 'number' ? operand & 63 : operand;
      if (by === 'r1') code.and('r1', 63);
      code.alu(shifts[operator], 'r0', by);
      return;
    }
    code.alu(names[operator as keyof typeof names], 'r0', operand);
  }

  #startsWith(operand: Expression, prefix: string): void {
    const code = this.#code;
    this.text(operand, 'r10', frame.text);
    const bytes = Buffer.from(prefix);
    const end = code.freshLabel('prefix');
    code.move('r2', 0);
    for (let at = 0; at < bytes.length; at += 8) {
      const part = bytes.subarray(at, at + 8);
      const unused = 64 - 8 * part.length;
      const wanted = Buffer.alloc(8);
      part.copy(wanted);
      code.load('r0', 'r10', frame.text + at, 'u64');
      // Bytes behind the prefix do not matter.
      if (unused > 0) code.shiftLeft('r0', unused).shiftRight('r0', unused);
      code.moveConstant('r1', wanted.readBigUInt64LE()).jumpIf('r0', '!=', 'r1', end);
    }
    code.move('r2', 1).label(end).move('r0', 'r2');
  }

  /** Writes the first 16 bytes of a text to memory: `base` is `r7`, `r9` or `r10`. */
  text(expression: Expression, base: Register, offset: number): void {
    const code = this.#code;
    if (expression.type === 'builtin' && expression.name === 'comm') {
      this.#comm(base, offset);
      return;
    }
    if (expression.type !== 'field' || kindOf(this.#access, expression) !== 'text') {
      const what = describeRead(this.#event, expression);
      throw new UsageError('no-text', `${what} is a number where a text is needed.`);
    }
    const source = this.#access.field(expression.path);
    if (source.kind === 'array') {
      this.#copyArray(source, base, offset);
      return;
    }
    code.store(base, offset, 0, 'u64').store(base, offset + 8, 0, 'u64');
    const last = source.steps.at(-1)!;
    const from = this.#base(source);
    if (source.kind === 'pointer' && source.isUntyped && from === 'r3') this.#follow(last);
    else if (source.kind === 'pointer') code.load('r3', from, last, 'u64');
    else code.load('r3', from, last, 'u32').and('r3', 0xffff).add('r3', 'r6');
    code.move('r1', base).add('r1', offset).move('r2', textBytes).call('probe_read_kernel_str');
  }

  #comm(base: Register, offset: number): void {
    const code = this.#code;
    const { commOffset } = this.#access;
    if (commOffset === undefined) {
      code.move('r1', base).add('r1', offset).move('r2', textBytes).call('get_current_comm');
      return;
    }
    // Two loads cost less than the helper, which clears and copies byte by byte.
    code.call('get_current_task_btf').move('r1', 'r0');
    for (const at of [0, 8]) {
      code.load('r0', 'r1', commOffset + at, 'u64').store(base, offset + at, 'r0', 'u64');
    }
  }

  #copyArray(source: Source, base: Register, offset: number): void {
    const code = this.#code;
    const last = source.steps.at(-1)!;
    if (source.isUntyped) {
      code.store(base, offset, 0, 'u64').store(base, offset + 8, 0, 'u64');
      code.move('r3', this.#base(source)).add('r3', last).move('r1', base).add('r1', offset);
      const length = Math.min(source.lengthBytes, textBytes);
      code.move('r2', length).call('probe_read_kernel');
      return;
    }
    const from = emitSteps(code, source.steps, 'r1');
    // Records and structures align such arrays to 4 bytes at least, mostly to 8.
    const size = last % 8 === 0 ? 8 : 4;
    for (let at = 0; at < textBytes; at += size) {
      if (at + size > source.lengthBytes) code.store(base, offset + at, 0, sizes[size]!);
      else {
        code.load('r0', from, last + at, sizes[size]!);
        code.store(base, offset + at, 'r0', sizes[size]!);
      }
    }
  }

  /** Writes a number or a text as words. */
  words(expression: Expression, base: Register, offset: number): void {
    if (kindOf(this.#access, expression) === 'text') {
      this.text(expression, base, offset);
      return;
    }
    this.number(expression);
    this.#code.store(base, offset, 'r0', 'u64');
  }
}

function isImmediate(
  expression: Expression,
): expression is Extract<Expression, { type: 'integer' }> {
  return expression.type === 'integer' && expression.value < 2 ** 31;
}

/** Whether the sign of a shorter number can't change the result: comparing with, or masking by, a number that has none. */
function sameInLowBits(operator: BinaryOperator, value: number): boolean {
  return (operator === '==' || operator === '!=' || operator === '&') && value >= 0;
}
