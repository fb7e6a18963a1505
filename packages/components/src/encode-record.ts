import { BitWriter, encodeValue } from '@sonde/ctf';
import type { EncodedRecord, EventMessage, PlainValue } from '@sonde/graph';
import type { StructureFieldClass } from '@sonde/trace-model';

/** Zero bytes that decoders may look at behind the content. */
const paddingBytes = 16;

/**
 * Encodes an event as the bytes its field classes describe: for `sourceFromMessages`, so that a plugin may yield plain objects. Integers
 * of the packet context that a message does not mention (sizes, counters) are 0.
 * @throws UsageError `bad-field-value`, `wrong-length`, `no-variant-option` naming the field
 */
export function encodeRecord(message: EventMessage): EncodedRecord {
  const { eventRecordClass } = message;
  const { packetContext, eventRecordCommonContext } = eventRecordClass.dataStreamClass;
  const out = new BitWriter();
  const keys: (number | bigint)[] = [];
  const write = (fieldClass: StructureFieldClass | undefined, value: PlainValue): void => {
    if (fieldClass !== undefined) encodeValue(out, fieldClass, value, keys);
  };
  write(packetContext, packetContext && withZeros(packetContext, message.packetContext));
  const bodyOffsetBits = out.offsetBits;
  write(eventRecordCommonContext, message.commonContext);
  write(eventRecordClass.specificContext, message.specificContext);
  write(eventRecordClass.payload, message.payload);
  const bytes = new Uint8Array(out.bytes.length + paddingBytes);
  bytes.set(out.bytes);
  return { bytes, packetContextOffsetBits: 0, bodyOffsetBits, contentEndBits: out.offsetBits };
}

function withZeros(packetContext: StructureFieldClass, value: PlainValue): PlainValue {
  const members: { [member: string]: PlainValue } = { ...(value as object) };
  for (const { name, fieldClass } of packetContext.members) {
    if (fieldClass.type.endsWith('-integer') && members[name] === undefined) members[name] = 0;
  }
  return members;
}
