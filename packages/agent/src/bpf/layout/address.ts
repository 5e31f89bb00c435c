/** Addresses as they lie in the maps: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. */
import { isIPv4, isIPv6 } from "node:net";

const V4_MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** Throws `RangeError` on what is no address. */
export function addressBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  if (isIPv4(text)) {
    bytes.set(V4_MAPPED);
    bytes.set(text.split(".").map(Number), 12);
    return bytes;
  }
  if (!isIPv6(text) || text.includes("%")) throw new RangeError(`${text}: is no IP address without a zone`);
  const [head = "", tail] = text.split("::");
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  for (const [index, word] of all.entries()) bytes.set([word >> 8, word & 0xff], index * 2);
  return bytes;
}

/** Groups of 16 bits; the last 32 may be written as IPv4 (RFC 4291, section 2.2). */
function words(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (!part.includes(".")) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

export function isMappedIPv4(bytes: Uint8Array): boolean {
  return V4_MAPPED.every((byte, index) => bytes[index] === byte);
}

/** For messages: IPv4 with dots, IPv6 without shortening zeros beyond leading ones of a group. */
export function addressText(bytes: Uint8Array): string {
  if (isMappedIPv4(bytes)) return bytes.subarray(12).join(".");
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(":");
}

/** `10.0.0.1:80`, `[fd00:0:…]:80`. */
export function endpointText(ip: Uint8Array, port: number): string {
  return isMappedIPv4(ip) ? `${addressText(ip)}:${port}` : `[${addressText(ip)}]:${port}`;
}
