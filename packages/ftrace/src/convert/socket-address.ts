/** A `struct sockaddr` as fields: family, port, the address of IPv4 or IPv6, the path of a Unix socket. */

/** Longest `struct sockaddr` (bytes): that of `struct sockaddr_storage`. */
export const maxSocketAddressBytes = 128;
/** Family, port, two lengths, 4 and 16 bytes of addresses, the path with its terminator. */
export const maxAddressFieldsBytes = 2 + 2 + 4 + 4 + 4 + 16 + maxSocketAddressBytes;

const families = { unix: 1, ipv4: 2, ipv6: 10 } as const;
const commercialAt = 0x40;

const nothing = new Uint8Array(0);
/** Of the fields when there is no address (bytes): family, port, two lengths, the path's terminator. */
const emptyFieldsBytes = 2 + 2 + 4 + 4 + 1;

/**
 * @param address - Undefined: not known; everything is 0 and empty then.
 * @returns the position after the fields
 */
export function writeSocketAddress(
  address: Uint8Array | undefined,
  to: DataView,
  position: number,
  littleEndian: boolean,
): number {
  if (address === undefined || address.length < 2) return writeNothing(to, position);
  const family = new DataView(address.buffer, address.byteOffset).getUint16(0, littleEndian);
  const hasPort = (family === families.ipv4 || family === families.ipv6) && address.length >= 4;
  to.setUint16(position, family, littleEndian);
  // Already in the order of the network, as the field is.
  to.setUint8(position + 2, hasPort ? address[2]! : 0);
  to.setUint8(position + 3, hasPort ? address[3]! : 0);
  const v4 = family === families.ipv4 && address.length >= 8 ? address.subarray(4, 8) : nothing;
  const v6 = family === families.ipv6 && address.length >= 24 ? address.subarray(8, 24) : nothing;
  let end = writeElements(v4, 1, to, position + 4, littleEndian);
  end = writeElements(v6, 2, to, end, littleEndian);
  return writePath(family === families.unix ? address.subarray(2) : nothing, to, end);
}

/** Of most calls that may have one. */
function writeNothing(to: DataView, position: number): number {
  for (let i = 0; i < emptyFieldsBytes; i++) to.setUint8(position + i, 0);
  return position + emptyFieldsBytes;
}

function writeElements(
  bytes: Uint8Array,
  elementBytes: number,
  to: DataView,
  position: number,
  littleEndian: boolean,
): number {
  to.setUint32(position, bytes.length / elementBytes, littleEndian);
  for (let i = 0; i < bytes.length; i++) to.setUint8(position + 4 + i, bytes[i]!);
  return position + 4 + bytes.length;
}

/** Names without a file begin with a zero, and may hold more of them: each is written `@`. */
function writePath(bytes: Uint8Array, to: DataView, position: number): number {
  const isAbstract = bytes[0] === 0 && bytes.length > 1;
  let end = position;
  for (const byte of bytes) {
    if (byte === 0 && !isAbstract) break;
    to.setUint8(end++, byte === 0 ? commercialAt : byte);
  }
  to.setUint8(end, 0);
  return end + 1;
}
