/** IP addresses and prefixes as the kernel takes them: bytes in network order. */
import ipaddr from "ipaddr.js";
import { NetlinkFormatError } from "./netlink/attribute.ts";

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
export type Family = typeof AF_INET | typeof AF_INET6;

export interface Ip {
  readonly family: Family;
  /** 4 or 16. */
  readonly bytes: Uint8Array;
}

export interface Prefix extends Ip {
  /** In bits. */
  readonly length: number;
}

/** A text is no address, no prefix or no hardware address. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

/** `10.11.1.7`, `fd10:1:1::7`; no zone, no short forms of IPv4. Throws `AddressError`. */
export function parseIp(text: string): Ip {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return { family: AF_INET, bytes: Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  if (ipaddr.IPv6.isValid(text) && !text.includes("%")) {
    return { family: AF_INET6, bytes: Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()) };
  }
  throw new AddressError(`"${text}" is no IP address; write one like 10.11.1.7 or fd10:1:1::7`);
}

/** `10.11.1.0/24`; without a length the one address. Bits behind the length are kept. Throws `AddressError`. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf("/");
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  const most = ip.bytes.length * 8;
  if (slash < 0) return { ...ip, length: most };
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > most) {
    throw new AddressError(`"${text}": /${length} is no prefix length; write 0 to ${most}`);
  }
  return { ...ip, length: Number(length) };
}

/** Canonical text (RFC 5952). Throws `NetlinkFormatError` when the bytes are neither 4 nor 16. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new NetlinkFormatError(`an address of ${bytes.length} bytes is neither IPv4 nor IPv6`);
  }
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

export function formatPrefix(bytes: Uint8Array, length: number): string {
  return `${formatIp(bytes)}/${length}`;
}

/** The address of all zeros: how the kernel leaves out a default destination. */
export function anyAddress(family: number): Uint8Array {
  return new Uint8Array(family === AF_INET6 ? 16 : 4);
}

/** `02:00:0a:0b:01:07`. Throws `AddressError`. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new AddressError(`"${text}" is no hardware address; write one like 02:00:0a:0b:01:07`);
  }
  return Uint8Array.from(text.split(":"), (part) => Number.parseInt(part, 16));
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
