/** Messages about neighbours (`struct ndmsg`, `NDA_…`). */
import { AF_INET, AF_INET6, formatIp, formatMac, parseIp, parseMac } from "./ip.ts";
import { attribute, concat, LITTLE_ENDIAN, readAttributes, viewOf } from "./netlink/attribute.ts";
import { splitBody } from "./netlink/message.ts";

/** `RTM_…NEIGH` */
export const NeighbourMessage = { new: 28, delete: 29, get: 30 } as const;

const FIXED = 12;
const NDA = { address: 1, mac: 2 } as const;
const NUD_PERMANENT = 0x80;
const NTF_PROXY = 0x08;

export interface NeighbourSpec {
  /** Index of the link. */
  readonly link: number;
  readonly address: string;
  readonly mac: string;
}

/** An address for which this node answers on a link, though it is another's. */
export interface ProxySpec {
  readonly link: number;
  readonly address: string;
}

export interface Neighbour {
  readonly link: number;
  readonly address: string;
  /** Absent while it is not known. */
  readonly mac?: string;
  /** Set by hand: the kernel neither asks for it nor forgets it. */
  readonly permanent: boolean;
}

function fixed(family: number, link: number, state: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  const view = viewOf(bytes);
  bytes[0] = family;
  view.setInt32(4, link, LITTLE_ENDIAN);
  view.setUint16(8, state, LITTLE_ENDIAN);
  bytes[10] = flags;
  return bytes;
}

/** A permanent neighbour. Throws `AddressError`. */
export function encodeNeighbour({ link, address, mac }: NeighbourSpec): Uint8Array {
  const { family, bytes } = parseIp(address);
  return concat([
    fixed(family, link, NUD_PERMANENT, 0),
    attribute(NDA.address, bytes),
    attribute(NDA.mac, parseMac(mac)),
  ]);
}

/** Throws `AddressError`. */
export function encodeNeighbourRef({ link, address }: ProxySpec): Uint8Array {
  const { family, bytes } = parseIp(address);
  return concat([fixed(family, link, 0, 0), attribute(NDA.address, bytes)]);
}

/** Throws `AddressError`. */
export function encodeProxy({ link, address }: ProxySpec): Uint8Array {
  const { family, bytes } = parseIp(address);
  return concat([fixed(family, link, 0, NTF_PROXY), attribute(NDA.address, bytes)]);
}

export function encodeAllNeighbours(proxies: boolean): Uint8Array {
  return fixed(0, 0, 0, proxies ? NTF_PROXY : 0);
}

/** Throws `NetlinkFormatError`. `undefined` for a family that is not IP. */
export function decodeNeighbour(body: Uint8Array): Neighbour | undefined {
  const { head, rest } = splitBody(body, FIXED);
  const family = head.getUint8(0);
  const attributes = readAttributes(rest);
  const address = attributes.get(NDA.address);
  if ((family !== AF_INET && family !== AF_INET6) || address === undefined) return undefined;
  const mac = attributes.get(NDA.mac);
  return {
    link: head.getInt32(4, LITTLE_ENDIAN),
    address: formatIp(address),
    ...(mac !== undefined && { mac: formatMac(mac) }),
    permanent: (head.getUint16(8, LITTLE_ENDIAN) & NUD_PERMANENT) !== 0,
  };
}
