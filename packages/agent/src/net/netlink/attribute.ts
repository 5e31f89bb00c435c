/** Attributes of netlink messages (`struct nlattr`): encoding, and reading that trusts no length. */

const HEADER = 4;
/** NLA_TYPE_MASK: the two upper bits say "nested" and "network byte order". */
const TYPE_MASK = 0x3fff;
const NESTED = 0x8000;
const MAX_LENGTH = 0xffff;

/** Netlink speaks the byte order of the machine. */
export const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes from the kernel that are no netlink message: the text says where, and what they claim. */
export class NetlinkFormatError extends Error {
  override readonly name = "NetlinkFormatError";
}

/** Every message and every attribute begins at a multiple of four. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One attribute, padded. Throws `RangeError` when the value does not fit into its 16-bit length. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const length = HEADER + value.length;
  if (length > MAX_LENGTH) throw new RangeError(`attribute ${type}: ${value.length} bytes are more than it can carry`);
  const bytes = new Uint8Array(aligned(length));
  const view = viewOf(bytes);
  view.setUint16(0, length, LITTLE_ENDIAN);
  view.setUint16(2, type, LITTLE_ENDIAN);
  bytes.set(value, HEADER);
  return bytes;
}

export function u8(type: number, value: number): Uint8Array {
  return attribute(type, Uint8Array.of(value));
}

export function u32(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, LITTLE_ENDIAN);
  return attribute(type, bytes);
}

/** A string with its NUL. Throws `RangeError` when it has one inside: the kernel would see another string. */
export function text(type: number, value: string): Uint8Array {
  if (value.includes("\0")) throw new RangeError(`attribute ${type}: "${value}" has a NUL inside`);
  return attribute(type, new TextEncoder().encode(`${value}\0`));
}

export function nested(type: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NESTED, concat(attributes));
}

export type Attributes = ReadonlyMap<number, Uint8Array>;

/**
 * Reads a sequence of attributes; the values are views into `bytes`. Of a type that comes twice the last counts, as in
 * the kernel. Throws `NetlinkFormatError` when a length is shorter than a header or longer than what is left.
 */
export function readAttributes(bytes: Uint8Array): Attributes {
  const found = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at;
    if (left < HEADER) throw new NetlinkFormatError(`attribute at byte ${at}: only ${left} bytes are left for it`);
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < HEADER || length > left) {
      throw new NetlinkFormatError(`attribute at byte ${at}: says ${length} bytes, ${left} are left`);
    }
    const type = view.getUint16(at + 2, LITTLE_ENDIAN) & TYPE_MASK;
    found.set(type, bytes.subarray(at + HEADER, at + length));
    at += aligned(length);
  }
  return found;
}

/** The attribute as an unsigned 32-bit number, `undefined` when it is not there. Throws `NetlinkFormatError`. */
export function readU32(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  if (value.length !== 4) throw new NetlinkFormatError(`attribute ${type}: ${value.length} bytes are no 32-bit number`);
  return viewOf(value).getUint32(0, LITTLE_ENDIAN);
}

export function readU8(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  if (value.length !== 1) throw new NetlinkFormatError(`attribute ${type}: ${value.length} bytes are no 8-bit number`);
  return value[0];
}

/** The attribute as a string up to its NUL, `undefined` when it is not there. */
export function readText(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}
