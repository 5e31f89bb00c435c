import ipaddr from "ipaddr.js";

/** Which addresses may be used as endpoints. */
export interface AddressRules {
  /** Endpoints on the loopback are refused unless a demo or a test asks for them. */
  readonly allowLoopback: boolean;
}

const NEVER = new Set(["unspecified", "broadcast", "multicast", "linkLocal"]);

/**
 * Why an address cannot be an endpoint, or `undefined` if it can: it would let an object reach what belongs to the
 * machine that dials it.
 */
export function wrongAddress(text: string, family: "IPv4" | "IPv6", rules: AddressRules): string | undefined {
  if (
    !(family === "IPv4" ? ipaddr.IPv4.isValidFourPartDecimal(text) : ipaddr.IPv6.isValid(text) && !text.includes("%"))
  ) {
    return `is no ${family} address`;
  }
  const address = family === "IPv4" ? ipaddr.IPv4.parse(text) : ipaddr.IPv6.parse(text);
  const mapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  const range = mapped.range();
  if (range === "loopback" && !rules.allowLoopback) return "is a loopback address, which is refused as an endpoint";
  if (NEVER.has(range)) return `is a ${range} address, which is refused as an endpoint`;
  return undefined;
}
