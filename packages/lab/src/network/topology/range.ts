/** Arithmetic on ranges of addresses. */
import { formatIp, parseIp, parsePrefix } from "@carrick/agent/net";

export interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly length: number;
}

/** Bits behind the length are dropped. Throws `AddressError`. */
export function parseRange(text: string): Range {
  const { bytes, length } = parsePrefix(text);
  const bits = bytes.length === 4 ? 32 : 128;
  const size = BigInt(bits - length);
  return { bits, first: (toNumber(bytes) >> size) << size, length };
}

export function overlap(a: Range, b: Range): boolean {
  if (a.bits !== b.bits) return false;
  const size = BigInt(a.bits - Math.min(a.length, b.length));
  return a.first >> size === b.first >> size;
}

/** How many addresses it has. */
export function sizeOf({ bits, length }: Range): bigint {
  return 1n << BigInt(bits - length);
}

/** The address at `offset`. Throws `RangeError` when it is outside. */
export function addressAt(text: string, offset: number): string {
  const range = parseRange(text);
  if (BigInt(offset) >= sizeOf(range)) throw new RangeError(`${text} has no address ${offset}`);
  return format(range.first + BigInt(offset), range.bits);
}

/** The `index`-th range of `length` bits inside; `10.11.0.0/16`, 24, 2 is `10.11.2.0/24`. Throws `RangeError`. */
export function subrange(text: string, length: number, index: number): string {
  const range = parseRange(text);
  if (length < range.length || length > range.bits || BigInt(index) >> BigInt(length - range.length) > 0n) {
    throw new RangeError(`${text} has no range ${index} of length ${length}`);
  }
  return `${format(range.first + (BigInt(index) << BigInt(range.bits - length)), range.bits)}/${length}`;
}

/** `addressAt` with the length of the range: `172.30.1.11/24`. */
export function withLength(text: string, address: string): string {
  return `${address}/${parseRange(text).length}`;
}

/**
 * IPv6 addresses of the lab show the decimal digits of their IPv4 twins: node 172.30.1.11 is fd30::1:11. `0x11` for 11.
 */
export function digits(decimal: number): number {
  return Number.parseInt(String(decimal), 16);
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function format(value: bigint, bits: number): string {
  const bytes = Uint8Array.from({ length: bits / 8 }, (_, at) =>
    Number((value >> BigInt(bits - 8 * (at + 1))) & 0xffn),
  );
  return formatIp(bytes);
}

export function isIpv6(text: string): boolean {
  return parseIp(text.split("/")[0]!).bytes.length === 16;
}
