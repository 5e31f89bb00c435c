/** Messages about links (`struct ifinfomsg`, `IFLA_…`). */
import { formatMac, parseMac } from "./ip.ts";
import {
  attribute,
  concat,
  LITTLE_ENDIAN,
  nested,
  readAttributes,
  readText,
  readU32,
  text,
  u32,
  viewOf,
} from "./netlink/attribute.ts";
import { splitBody } from "./netlink/message.ts";

/** `RTM_…LINK` */
export const LinkMessage = { new: 16, delete: 17, get: 18, set: 19 } as const;

const FIXED = 16;
const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  info: 18,
  alias: 20,
  group: 27,
  namespaceFd: 28,
  linkNamespaceId: 37,
} as const;
const INFO = { kind: 1, data: 2 } as const;
const VETH_PEER = 1;
const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x1_0000;

/** A link by its index, or by its name. */
export type LinkRef = number | string;

/** What can be said of a link when it is made. */
export interface LinkSpec {
  /** 1 to 15 bytes; no `/`, no `:`, no white space. */
  readonly name: string;
  readonly mtu?: number;
  /** `02:00:0a:0b:01:07` */
  readonly mac?: string;
  /** Descriptor of the network namespace in which it appears; that of the socket when not given. */
  readonly namespace?: number;
}

/** What can be changed in a link. */
export interface LinkChange {
  readonly up?: boolean;
  readonly name?: string;
  readonly mtu?: number;
  readonly mac?: string;
  /** Moves it into the namespace of this descriptor; it loses its addresses and routes. */
  readonly namespace?: number;
  /** At most 255 bytes. */
  readonly alias?: string;
  /** A number that links can have in common; 0 in the beginning. See `deleteLinkGroup`. */
  readonly group?: number;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge`, `tun`; "" for links without one, as `lo`. */
  readonly kind: string;
  readonly mtu: number;
  /** "" for links without one. */
  readonly mac: string;
  /** Set up by its owner. */
  readonly up: boolean;
  /** Up, and the other end too. */
  readonly carrier: boolean;
  /** Index of the other end, or of the link below; in another namespace if `peerNamespaceId` is there. */
  readonly peer?: number;
  readonly peerNamespaceId?: number;
  readonly master?: number;
  readonly alias?: string;
}

/** A name that cannot be one of a link. */
export class LinkNameError extends Error {
  override readonly name = "LinkNameError";
}

/** Throws `LinkNameError` (`dev_valid_name` in the kernel). */
export function checkLinkName(name: string): string {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes < 1 || bytes > 15 || name === "." || name === ".." || /[/:\s\0]/.test(name)) {
    throw new LinkNameError(`"${name}" cannot name a link; use 1 to 15 bytes without "/", ":" and white space`);
  }
  return name;
}

function fixed(index = 0, flags = 0, change = 0): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  const view = viewOf(bytes);
  view.setInt32(4, index, LITTLE_ENDIAN);
  view.setUint32(8, flags, LITTLE_ENDIAN);
  view.setUint32(12, change, LITTLE_ENDIAN);
  return bytes;
}

/** Body that names one link. Throws `LinkNameError`. */
export function encodeLinkRef(ref: LinkRef): Uint8Array {
  return typeof ref === "number" ? fixed(ref) : concat([fixed(), text(IFLA.name, checkLinkName(ref))]);
}

/** Body that names all links of a group. */
export function encodeLinkGroup(group: number): Uint8Array {
  return concat([fixed(), u32(IFLA.group, group)]);
}

export function encodeAllLinks(): Uint8Array {
  return fixed();
}

function encodeSpec({ name, mtu, mac, namespace }: LinkSpec): Uint8Array[] {
  return [
    text(IFLA.name, checkLinkName(name)),
    ...(mtu === undefined ? [] : [u32(IFLA.mtu, mtu)]),
    ...(mac === undefined ? [] : [attribute(IFLA.address, parseMac(mac))]),
    ...(namespace === undefined ? [] : [u32(IFLA.namespaceFd, namespace)]),
  ];
}

/** Body that makes a pair in one step, each end directly in its namespace. */
export function encodeVeth(link: LinkSpec, peer: LinkSpec): Uint8Array {
  const peerLink = concat([fixed(), ...encodeSpec(peer)]);
  return concat([
    fixed(),
    ...encodeSpec(link),
    nested(IFLA.info, text(INFO.kind, "veth"), nested(INFO.data, attribute(VETH_PEER, peerLink))),
  ]);
}

export function encodeLinkChange(index: number, change: LinkChange): Uint8Array {
  const { up, name, mtu, mac, namespace, alias, group } = change;
  return concat([
    up === undefined ? fixed(index) : fixed(index, up ? IFF_UP : 0, IFF_UP),
    ...(name === undefined ? [] : [text(IFLA.name, checkLinkName(name))]),
    ...(mtu === undefined ? [] : [u32(IFLA.mtu, mtu)]),
    ...(mac === undefined ? [] : [attribute(IFLA.address, parseMac(mac))]),
    ...(namespace === undefined ? [] : [u32(IFLA.namespaceFd, namespace)]),
    ...(alias === undefined ? [] : [attribute(IFLA.alias, new TextEncoder().encode(alias))]),
    ...(group === undefined ? [] : [u32(IFLA.group, group)]),
  ]);
}

/** Throws `NetlinkFormatError`. */
export function decodeLink(body: Uint8Array): Link {
  const { head, rest } = splitBody(body, FIXED);
  const attributes = readAttributes(rest);
  const flags = head.getUint32(8, LITTLE_ENDIAN);
  const info = attributes.get(IFLA.info);
  const peer = readU32(attributes, IFLA.link);
  const peerNamespaceId = readU32(attributes, IFLA.linkNamespaceId);
  const master = readU32(attributes, IFLA.master);
  const alias = readText(attributes, IFLA.alias);
  return {
    index: head.getInt32(4, LITTLE_ENDIAN),
    name: readText(attributes, IFLA.name) ?? "",
    kind: info === undefined ? "" : (readText(readAttributes(info), INFO.kind) ?? ""),
    mtu: readU32(attributes, IFLA.mtu) ?? 0,
    mac: formatMac(attributes.get(IFLA.address) ?? new Uint8Array()),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    ...(peer !== undefined && { peer }),
    ...(peerNamespaceId !== undefined && { peerNamespaceId }),
    ...(master !== undefined && { master }),
    ...(alias !== undefined && { alias }),
  };
}
