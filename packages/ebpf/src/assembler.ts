/**
 * An assembler for eBPF. Registers are `r0` … `r10`; the second operand of an instruction is a register or a number of 32 bits with
 * sign. Calls use up `r1` to `r5`: reading one after a call is an error here, with the place, not only in the verifier.
 */
import { SondeError } from '@sonde/base';

export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'r6' | 'r7' | 'r8' | 'r9' | 'r10';
export type Operand = Register | number;
export type Size = 'u8' | 'u16' | 'u32' | 'u64';
export type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<=' | 's>' | 's>=' | 's<' | 's<=' | '&';

const operations = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  shiftLeft: 0x60,
  shiftRight: 0x70,
  mod: 0x90,
  xor: 0xa0,
  move: 0xb0,
  shiftRightSigned: 0xc0,
} as const;
export type Operation = keyof typeof operations;

const comparisons: Readonly<Record<Comparison, number>> = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '&': 0x40,
  '!=': 0x50,
  's>': 0x60,
  's>=': 0x70,
  '<': 0xa0,
  '<=': 0xb0,
  's<': 0xc0,
  's<=': 0xd0,
};

/** In the operation of an atomic instruction: it gives what was there. */
const atomicFetch = 0x01;
const sizes: Readonly<Record<Size, number>> = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 };

/** Functions of the kernel that programs may call (enum bpf_func_id). */
export const helperIds = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  ktime_get_ns: 5,
  get_smp_processor_id: 8,
  get_current_pid_tgid: 14,
  get_current_comm: 16,
  get_stackid: 27,
  get_current_task: 35,
  get_stack: 67,
  get_current_cgroup_id: 80,
  probe_read_user: 112,
  probe_read_kernel: 113,
  probe_read_user_str: 114,
  probe_read_kernel_str: 115,
  jiffies64: 118,
  ringbuf_output: 130,
  ringbuf_reserve: 131,
  ringbuf_submit: 132,
  ringbuf_discard: 133,
  ringbuf_query: 134,
  get_task_stack: 141,
  task_storage_get: 156,
  task_storage_delete: 157,
  get_current_task_btf: 158,
} as const;
export type Helper = keyof typeof helperIds;

const classes = { load: 0, loadFrom: 1, storeNumber: 2, store: 3, jump: 5, jump32: 6, alu64: 7 };
const modeMemory = 0x60;
const modeAtomic = 0xc0;
const sourceRegister = 0x08;
const pseudoMapFd = 1;
const pseudoMapValue = 2;

interface Instruction {
  readonly opcode: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number | string;
  readonly immediate: number;
}

const callClobbers: readonly number[] = [1, 2, 3, 4, 5];

export class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();
  /** Registers that a call has used up since the last label. */
  readonly #dead = new Set<number>();
  readonly #rare: (() => void)[] = [];
  #fresh = 0;

  get length(): number {
    return this.#instructions.length;
  }

  /** The place that jumps name. */
  label(name: string): this {
    if (this.#labels.has(name)) throw this.#error(`the label ${name} is there twice`);
    this.#labels.set(name, this.length);
    this.#dead.clear();
    return this;
  }

  /** A name for a label that no other has. */
  freshLabel(hint = 'l'): string {
    return `${hint}.${this.#fresh++}`;
  }

  /** Instructions that are seldom run: they are written by `writeRare`, out of the way of the others. */
  rare(write: () => void): this {
    this.#rare.push(write);
    return this;
  }

  /** Writes what was put off, behind the exit. Each part must jump back, or exit. */
  writeRare(): this {
    for (let write = this.#rare.shift(); write !== undefined; write = this.#rare.shift()) write();
    return this;
  }

  /** `to = to OPERATION operand`, 64 bits. */
  alu(operation: Operation, to: Register, operand: Operand): this {
    if (operation !== 'move') this.#use(to);
    const opcode = classes.alu64 | operations[operation];
    this.#emitOperand(opcode, to, operand, 0);
    this.#dead.delete(numberOf(to));
    return this;
  }

  move(to: Register, operand: Operand): this {
    return this.alu('move', to, operand);
  }

  add(to: Register, operand: Operand): this {
    return operand === 0 ? this : this.alu('add', to, operand);
  }

  and(to: Register, operand: Operand): this {
    return this.alu('and', to, operand);
  }

  shiftLeft(to: Register, operand: Operand): this {
    return this.alu('shiftLeft', to, operand);
  }

  shiftRight(to: Register, operand: Operand): this {
    return this.alu('shiftRight', to, operand);
  }

  /** Any constant of 64 bits. */
  moveConstant(to: Register, value: number | bigint): this {
    const bits = BigInt.asUintN(64, BigInt(value));
    const signed = BigInt.asIntN(64, bits);
    if (signed >= -(2n ** 31n) && signed < 2n ** 31n) return this.move(to, Number(signed));
    return this.#wide(to, 0, Number(bits & 0xffffffffn) | 0, Number(bits >> 32n) | 0);
  }

  moveMap(to: Register, map: { readonly fd: number }): this {
    return this.#wide(to, pseudoMapFd, map.fd, 0);
  }

  /** The address of a byte in the only value of an array map: no look-up at run time. */
  moveMapValue(to: Register, map: { readonly fd: number }, offsetBytes = 0): this {
    return this.#wide(to, pseudoMapValue, map.fd, offsetBytes);
  }

  /** `to = *(from + offset)`, without sign. */
  load(to: Register, from: Register, offsetBytes: number, size: Size): this {
    this.#use(from);
    const opcode = classes.loadFrom | modeMemory | sizes[size];
    this.#emit(opcode, numberOf(to), numberOf(from), offsetBytes, 0);
    this.#dead.delete(numberOf(to));
    return this;
  }

  /** `*(to + offset) = value` */
  store(to: Register, offsetBytes: number, value: Operand, size: Size): this {
    this.#use(to);
    if (typeof value === 'number') {
      this.#checkImmediate(value);
      const opcode = classes.storeNumber | modeMemory | sizes[size];
      return this.#emit(opcode, numberOf(to), 0, offsetBytes, value);
    }
    this.#use(value);
    const opcode = classes.store | modeMemory | sizes[size];
    return this.#emit(opcode, numberOf(to), numberOf(value), offsetBytes, 0);
  }

  /** `*(to + offset) += value`, at once for all CPUs. */
  atomicAdd(to: Register, offsetBytes: number, value: Register): this {
    return this.#atomic(to, offsetBytes, value, 0);
  }

  /** `r0 = *(to + offset)`, which becomes `value` if it was what `r0` holds: at once for all CPUs, in order. Linux 5.12 and later. */
  compareExchange(to: Register, offsetBytes: number, value: Register): this {
    return this.#atomic(to, offsetBytes, value, atomicFetch | 0xf0);
  }

  /** `*(to + offset)` and `value` change places: at once for all CPUs, in order. Linux 5.12 and later. */
  exchange(to: Register, offsetBytes: number, value: Register): this {
    return this.#atomic(to, offsetBytes, value, atomicFetch | 0xe0);
  }

  #atomic(to: Register, offsetBytes: number, value: Register, operation: number): this {
    this.#use(to).#use(value);
    const opcode = classes.store | modeAtomic | sizes.u64;
    return this.#emit(opcode, numberOf(to), numberOf(value), offsetBytes, operation);
  }

  /** Without sign, but for the comparisons with `s`. */
  jumpIf(register: Register, comparison: Comparison, operand: Operand, label: string): this {
    this.#use(register);
    return this.#emitOperand(classes.jump | comparisons[comparison], register, operand, label);
  }

  jump(label: string): this {
    return this.#emit(classes.jump, 0, 0, label, 0);
  }

  /** Arguments in `r1` … `r5`, result in `r0`. */
  call(helper: Helper): this {
    this.#emit(classes.jump | 0x80, 0, 0, 0, helperIds[helper]);
    for (const register of callClobbers) this.#dead.add(register);
    return this;
  }

  exit(): this {
    return this.#emit(classes.jump | 0x90, 0, 0, 0, 0);
  }

  /** @throws SondeError `bad-program` for a jump to nowhere */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.length * 8);
    const view = new DataView(bytes.buffer);
    for (const [index, instruction] of this.#instructions.entries()) {
      const at = index * 8;
      view.setUint8(at, instruction.opcode);
      view.setUint8(at + 1, instruction.destination | (instruction.source << 4));
      view.setInt16(at + 2, this.#resolve(instruction.offset, index), true);
      view.setInt32(at + 4, instruction.immediate, true);
    }
    return bytes;
  }

  #resolve(offset: number | string, index: number): number {
    if (typeof offset === 'number') return offset;
    const target = this.#labels.get(offset);
    if (target === undefined) throw this.#error(`there is no label ${offset}`);
    return target - index - 1;
  }

  #wide(to: Register, source: number, low: number, high: number): this {
    this.#emit(classes.load | sizes.u64, numberOf(to), source, 0, low);
    this.#dead.delete(numberOf(to));
    return this.#emit(0, 0, 0, 0, high);
  }

  #emitOperand(
    opcode: number,
    register: Register,
    operand: Operand,
    offset: number | string,
  ): this {
    if (typeof operand === 'number') {
      this.#checkImmediate(operand);
      return this.#emit(opcode, numberOf(register), 0, offset, operand);
    }
    this.#use(operand);
    return this.#emit(opcode | sourceRegister, numberOf(register), numberOf(operand), offset, 0);
  }

  #emit(
    opcode: number,
    destination: number,
    source: number,
    offset: number | string,
    immediate: number,
  ): this {
    if (typeof offset === 'number' && (offset < -32768 || offset > 32767)) {
      throw this.#error(`the offset ${offset} has more than 16 bits`);
    }
    this.#instructions.push({ opcode, destination, source, offset, immediate });
    return this;
  }

  #checkImmediate(value: number): void {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return;
    throw this.#error(`${value} is no number of 32 bits with sign; use moveConstant`);
  }

  #use(register: Register): this {
    if (!this.#dead.has(numberOf(register))) return this;
    throw this.#error(`${register} is read, but a call has used it up`);
  }

  #error(message: string): SondeError {
    return new SondeError('bad-program', `Instruction ${this.length}: ${message}.`);
  }
}

const numberOf = (register: Register): number => Number(register.slice(1));
