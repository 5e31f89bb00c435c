/** Messages about addresses of links (`struct ifaddrmsg`, `IFA_…`). */
import { AF_INET6, formatPrefix, parsePrefix } from "./ip.ts";
import {
  attribute,
  concat,
  LITTLE_ENDIAN,
  NetlinkFormatError,
  readAttributes,
  readU32,
  u32,
  viewOf,
} from "./netlink/attribute.ts";
import { splitBody } from "./netlink/message.ts";
import { nameOfScope, type Scope, scopeNumber } from "./scope.ts";

/** `RTM_…ADDR` */
export const AddressMessage = { new: 20, delete: 21, get: 22 } as const;

const FIXED = 8;
const IFA = { address: 1, local: 2, flags: 8 } as const;
const IFA_F_NODAD = 0x02;
const IFA_F_DADFAILED = 0x08;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_NOPREFIXROUTE = 0x200;

export interface AddressSpec {
  /** `10.11.1.7/32`, `fd10:1:1::7/128` */
  readonly address: string;
  /** `global` when not given. */
  readonly scope?: Scope;
  /** No route to the prefix is made beside the address. */
  readonly noPrefixRoute?: boolean;
}

export interface Address {
  /** Index of the link. */
  readonly link: number;
  readonly address: string;
  readonly scope: Scope | number;
  /** IPv6: not usable yet, because the kernel looks for a duplicate. */
  readonly tentative: boolean;
  /** IPv6: never usable, because there is a duplicate. */
  readonly duplicate: boolean;
}

function fixed(family: number, length: number, scope: number, link: number): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  bytes[0] = family;
  bytes[1] = length;
  bytes[3] = scope;
  viewOf(bytes).setUint32(4, link, LITTLE_ENDIAN);
  return bytes;
}

/** IPv6 addresses are usable at once: addresses that Carrick gives have one owner. Throws `AddressError`. */
export function encodeAddress(
  link: number,
  { address, scope = "global", noPrefixRoute = false }: AddressSpec,
): Uint8Array {
  const { family, bytes, length } = parsePrefix(address);
  const flags = (family === AF_INET6 ? IFA_F_NODAD : 0) | (noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
  return concat([
    fixed(family, length, scopeNumber(scope), link),
    attribute(IFA.local, bytes),
    attribute(IFA.address, bytes),
    u32(IFA.flags, flags),
  ]);
}

/** `link` 0: of all links. */
export function encodeAddressesOf(link: number): Uint8Array {
  return fixed(0, 0, 0, link);
}

/** Throws `NetlinkFormatError`. */
export function decodeAddress(body: Uint8Array): Address {
  const { head, rest } = splitBody(body, FIXED);
  const attributes = readAttributes(rest);
  // With a point-to-point peer IFA_ADDRESS is the peer's; IFA_LOCAL is ours, and absent for plain IPv6.
  const own = attributes.get(IFA.local) ?? attributes.get(IFA.address);
  if (own === undefined) throw new NetlinkFormatError("an address row has no address");
  const flags = readU32(attributes, IFA.flags) ?? head.getUint8(2);
  return {
    link: head.getUint32(4, LITTLE_ENDIAN),
    address: formatPrefix(own, head.getUint8(1)),
    scope: nameOfScope(head.getUint8(3)),
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    duplicate: (flags & IFA_F_DADFAILED) !== 0,
  };
}
