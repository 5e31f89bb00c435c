import ipaddr from "ipaddr.js";

/** A CIDR. */
export interface Range {
  readonly text: string;
  holds(address: string): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Undefined where the text is no CIDR. */
export function parseRange(text: string): Range | undefined {
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [base, bits] = ipaddr.parseCIDR(text);
  return {
    text,
    holds: (address) => {
      const parsed: Address = ipaddr.parse(address);
      return parsed.kind() === base.kind() && parsed.match(base, bits);
    },
  };
}

/** Whether two CIDRs have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [[first, firstBits], [second, secondBits]] = [ipaddr.parseCIDR(a), ipaddr.parseCIDR(b)];
  if (first.kind() !== second.kind()) return false;
  const bits = Math.min(firstBits, secondBits);
  return first.match(second, bits);
}
