/**
 * Socket addresses that system calls take or give. LTTng has those of `connect` and `accept`, under these names; the others are alike.
 * `accept` has no `upeer_addrlen` at its exit here. Of several messages in one call, it is the first one's.
 */
import type { EventFormat } from '../format/event-format.ts';
import type { OutputField } from '../layout/record-plan.ts';
import { argumentIndexOf } from './resolve-plan.ts';

interface AddressRule {
  readonly isEntry: boolean;
  /** Among the call's arguments; the next one is the length, at exits a pointer to it. */
  readonly argumentIndex: number;
  /** The argument points to a `struct msghdr`, or to an array of them, which has both. */
  readonly isMessage?: boolean;
  /** Whose port it is: that of this machine, or that which is asked for. */
  readonly portName: 'sport' | 'dport';
}

const rules: Readonly<Record<string, AddressRule>> = {
  connect: { isEntry: true, argumentIndex: 1, portName: 'dport' },
  bind: { isEntry: true, argumentIndex: 1, portName: 'sport' },
  sendto: { isEntry: true, argumentIndex: 4, portName: 'dport' },
  accept: { isEntry: false, argumentIndex: 1, portName: 'sport' },
  accept4: { isEntry: false, argumentIndex: 1, portName: 'sport' },
  getsockname: { isEntry: false, argumentIndex: 1, portName: 'sport' },
  getpeername: { isEntry: false, argumentIndex: 1, portName: 'dport' },
  recvfrom: { isEntry: false, argumentIndex: 4, portName: 'sport' },
  sendmsg: { isEntry: true, argumentIndex: 1, isMessage: true, portName: 'dport' },
  sendmmsg: { isEntry: true, argumentIndex: 1, isMessage: true, portName: 'dport' },
  recvmsg: { isEntry: false, argumentIndex: 1, isMessage: true, portName: 'sport' },
  recvmmsg: { isEntry: false, argumentIndex: 1, isMessage: true, portName: 'sport' },
};

/** Undefined: the event has no socket address. */
export function socketAddressField(
  call: string,
  isEntry: boolean,
  format: EventFormat,
): (OutputField & { kind: 'user-address' }) | undefined {
  const rule = Object.hasOwn(rules, call) ? rules[call] : undefined;
  if (rule === undefined || rule.isEntry !== isEntry) return undefined;
  const { argumentIndex, isMessage = false, portName } = rule;
  const pointer = isEntry
    ? format.fields.find((field) => argumentIndexOf(field) === argumentIndex)
    : undefined;
  return {
    kind: 'user-address',
    name: 'family',
    portName,
    argumentIndex,
    isMessage,
    pointerOffsetBytes: pointer?.offsetBytes,
  };
}
