/** The addresses of a node's pod CIDR that pods may have. */
import ipaddr from "ipaddr.js";

export type Family = 4 | 6;

/** A pod CIDR, or the folder where given addresses are kept, cannot be used. */
export class IpamError extends Error {
  override readonly name = "IpamError";
}

/** `first` to `last`, both included; addresses are numbers in the order of their bytes. */
export interface AddressRange {
  /** `10.11.1.0/24` */
  readonly cidr: string;
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Reserved are the network's own address, the first after it (the node's, as a gateway), and with IPv4 the broadcast
 * address. Throws `IpamError` for a text that is no CIDR or has no address left.
 */
export function addressRange(cidr: string): AddressRange {
  const slash = cidr.lastIndexOf("/");
  const family = familyOf(cidr.slice(0, slash));
  const length = cidr.slice(slash + 1);
  const bits = family === 4 ? 32 : 128;
  if (slash < 0 || family === undefined || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) {
    throw new IpamError(`pod CIDR "${cidr}" is no CIDR; write one like 10.11.1.0/24 or fd10:1:1::/64`);
  }
  const size = 1n << BigInt(bits - Number(length));
  const network = addressNumber(cidr.slice(0, slash), family);
  if (network % size !== 0n) {
    const right = `${addressText(network - (network % size), family)}/${length}`;
    throw new IpamError(`pod CIDR ${cidr} has bits behind its length; write ${right}`);
  }
  const [first, last] = [network + 2n, network + size - (family === 4 ? 2n : 1n)];
  if (first > last) {
    const enough = family === 4 ? "/30" : "/126";
    throw new IpamError(`pod CIDR ${cidr} has no address for pods beside the reserved ones; give ${enough} or more`);
  }
  return { cidr: `${addressText(network, family)}/${length}`, family, first, last };
}

/** The family of an address in its full form (no zone, no short forms of IPv4, no IPv4 in IPv6); else nothing. */
export function familyOf(address: string): Family | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return 4;
  const isIpv6 = ipaddr.IPv6.isValid(address) && !address.includes("%");
  return isIpv6 && !ipaddr.IPv6.parse(address).isIPv4MappedAddress() ? 6 : undefined;
}

/** `address` is one of `family`. */
export function addressNumber(address: string, family: Family): bigint {
  const bytes = (family === 4 ? ipaddr.IPv4.parse(address) : ipaddr.IPv6.parse(address)).toByteArray();
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The canonical text: RFC 5952 for IPv6. */
export function addressText(number: bigint, family: Family): string {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, i, last = family === 4 ? 3 : 15) =>
    Number((number >> BigInt(8 * (last - i))) & 0xffn),
  );
  return family === 4 ? new ipaddr.IPv4(bytes).toString() : new ipaddr.IPv6(bytes).toRFC5952String();
}

/**
 * The address after `previous` that is not taken, in a circle: an address that was given back rests until all others
 * had their turn. Nothing when all are taken.
 */
export function nextAddress(
  { first, last }: AddressRange,
  previous: bigint | undefined,
  isTaken: (number: bigint) => boolean,
): bigint | undefined {
  const inside = previous !== undefined && previous >= first && previous < last;
  const start = inside ? previous + 1n : first;
  for (let number = start; number <= last; number++) if (!isTaken(number)) return number;
  for (let number = first; number < start; number++) if (!isTaken(number)) return number;
  return undefined;
}
