import ipaddr from "ipaddr.js";

/** Which addresses may be used as endpoints. */
export interface AddressRules {
  /** Endpoints on the loopback are refused unless a demo or a test asks for them. */
  readonly allowLoopback: boolean;
}

const NEVER = new Set(["unspecified", "broadcast", "multicast", "linkLocal"]);

/**
 * Checks the address of an endpoint or a Service and gives it in its canonical form, or says in a clause what is wrong with it. Some
 * addresses are refused because they would let an object reach what belongs to the machine that dials them.
 */
export function readAddress(
  text: string,
  family: "IPv4" | "IPv6",
  rules: AddressRules,
): { readonly address: string } | { readonly wrong: string } {
  const isOne =
    family === "IPv4" ? ipaddr.IPv4.isValidFourPartDecimal(text) : ipaddr.IPv6.isValid(text) && !text.includes("%");
  if (!isOne) return { wrong: `is no ${family} address` };
  const address = ipaddr.parse(text);
  const mapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  const range = mapped.range();
  if (range === "loopback" && !rules.allowLoopback) {
    return { wrong: "is a loopback address, which is refused" };
  }
  if (NEVER.has(range)) return { wrong: `is a ${range} address, which is refused` };
  return { address: address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString() };
}
