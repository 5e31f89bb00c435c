/** Messages about routes (`struct rtmsg`, `RTA_…`). */
import {
  AF_INET,
  AF_INET6,
  AddressError,
  anyAddress,
  type Family,
  formatIp,
  formatPrefix,
  parseIp,
  parsePrefix,
} from "./ip.ts";
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

/** `RTM_…ROUTE` */
export const RouteMessage = { new: 24, delete: 25, get: 26 } as const;

const FIXED = 12;
const RTA = {
  destination: 1,
  outLink: 4,
  gateway: 5,
  priority: 6,
  source: 7,
  multipath: 9,
  table: 15,
  via: 18,
} as const;
const RTNH_F_ONLINK = 4;

/** `RTN_…` */
const TYPES = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
export type RouteType = keyof typeof TYPES;
const TYPE_NAMES: ReadonlyMap<number, RouteType> = new Map(
  Object.entries(TYPES).map(([name, number]) => [number, name as RouteType]),
);

/** `RT_TABLE_…` */
export const Table = { default: 253, main: 254, local: 255 } as const;

/** `RTPROT_…`: who set a route. The agent's own number lets it take back its routes and no others. */
export const Protocol = { kernel: 2, boot: 3, static: 4, carrick: 177 } as const;

export interface RouteSpec {
  /** `10.11.2.0/24`; `0.0.0.0/0` and `::/0` for the default. */
  readonly destination: string;
  /** `unicast` when not given. */
  readonly type?: RouteType;
  readonly via?: string;
  /** Index of the link. */
  readonly link?: number;
  /** The gateway is on this link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** `link` for a unicast route without a gateway, else `global`. */
  readonly scope?: Scope;
  /** Source address that this node uses with it. */
  readonly source?: string;
  /** `main` when not given. */
  readonly table?: number;
  /** Metric; lower wins. IPv4: 0, IPv6: 1024 when not given, as the kernel does. */
  readonly priority?: number;
  /** `Protocol.static` when not given. */
  readonly protocol?: number;
}

export interface Route {
  readonly family: Family;
  readonly destination: string;
  readonly type: RouteType | number;
  readonly via?: string;
  readonly link?: number;
  readonly onlink: boolean;
  readonly scope: Scope | number;
  readonly source?: string;
  readonly table: number;
  readonly priority: number;
  readonly protocol: number;
  /** It has several next hops, which are not read: `via` and `link` are absent. */
  readonly multipath: boolean;
}

/** Throws `AddressError`, also when addresses of two families meet or the destination has bits behind its length. */
export function encodeRoute(spec: RouteSpec): Uint8Array {
  const { type = "unicast", via, protocol = Protocol.static } = spec;
  const { family } = parsePrefix(spec.destination);
  const direct = type === "unicast" && via === undefined && family === AF_INET;
  return encode(spec, TYPES[type], scopeNumber(spec.scope ?? (direct ? "link" : "global")), protocol);
}

/** Body that names a route to delete: what `spec` leaves out matches anything. Throws `AddressError`. */
export function encodeRouteRef(spec: RouteSpec): Uint8Array {
  const { type, scope = "nowhere", protocol = 0 } = spec;
  return encode(spec, type === undefined ? 0 : TYPES[type], scopeNumber(scope), protocol);
}

function encode(spec: RouteSpec, type: number, scope: number, protocol: number): Uint8Array {
  const { destination, via, link, onlink = false, source, table = Table.main, priority } = spec;
  const to = parsePrefix(destination);
  checkHostBits(destination, to.bytes, to.length);
  const bytes = new Uint8Array(FIXED);
  bytes[0] = to.family;
  bytes[1] = to.length;
  bytes[4] = table < 256 ? table : 0;
  bytes[5] = protocol;
  bytes[6] = scope;
  bytes[7] = type;
  viewOf(bytes).setUint32(8, onlink ? RTNH_F_ONLINK : 0, LITTLE_ENDIAN);
  const ofFamily = (text: string): Uint8Array => {
    const ip = parseIp(text);
    if (ip.family !== to.family) throw new AddressError(`route to ${destination}: ${text} is of the other family`);
    return ip.bytes;
  };
  return concat([
    bytes,
    ...(to.length === 0 ? [] : [attribute(RTA.destination, to.bytes)]),
    ...(via === undefined ? [] : [attribute(RTA.gateway, ofFamily(via))]),
    ...(link === undefined ? [] : [u32(RTA.outLink, link)]),
    ...(source === undefined ? [] : [attribute(RTA.source, ofFamily(source))]),
    ...(priority === undefined ? [] : [u32(RTA.priority, priority)]),
    u32(RTA.table, table),
  ]);
}

function checkHostBits(text: string, bytes: Uint8Array, length: number): void {
  const stray = bytes.some((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, length - at * 8)))) !== 0);
  if (stray) throw new AddressError(`"${text}" has bits behind its length; a route's destination is a network`);
}

/** Of one family and table; the kernel filters. 0: all. */
export function encodeRoutesOf(family: number, table: number): Uint8Array {
  const bytes = new Uint8Array(FIXED);
  bytes[0] = family;
  return concat([bytes, ...(table === 0 ? [] : [u32(RTA.table, table)])]);
}

/** Throws `NetlinkFormatError`. `undefined` for a family that is not IP, or for an entry of a cache of routes. */
export function decodeRoute(body: Uint8Array): Route | undefined {
  const { head, rest } = splitBody(body, FIXED);
  const family = head.getUint8(0);
  const flags = head.getUint32(8, LITTLE_ENDIAN);
  const RTM_F_CLONED = 0x200;
  if ((family !== AF_INET && family !== AF_INET6) || (flags & RTM_F_CLONED) !== 0) return undefined;
  const attributes = readAttributes(rest);
  const gateway = attributes.get(RTA.gateway) ?? otherFamily(attributes.get(RTA.via));
  const source = attributes.get(RTA.source);
  const link = readU32(attributes, RTA.outLink);
  return {
    family,
    destination: formatPrefix(attributes.get(RTA.destination) ?? anyAddress(family), head.getUint8(1)),
    type: TYPE_NAMES.get(head.getUint8(7)) ?? head.getUint8(7),
    ...(gateway !== undefined && { via: formatIp(gateway) }),
    ...(link !== undefined && { link }),
    onlink: (flags & RTNH_F_ONLINK) !== 0,
    scope: nameOfScope(head.getUint8(6)),
    ...(source !== undefined && { source: formatIp(source) }),
    table: readU32(attributes, RTA.table) ?? head.getUint8(4),
    priority: readU32(attributes, RTA.priority) ?? 0,
    protocol: head.getUint8(5),
    multipath: attributes.has(RTA.multipath),
  };
}

/** `struct rtvia`: the family in 16 bits, then the address. */
function otherFamily(via: Uint8Array | undefined): Uint8Array | undefined {
  if (via === undefined) return undefined;
  if (via.length < 2) throw new NetlinkFormatError(`a gateway of ${via.length} bytes has no family`);
  return via.subarray(2);
}
