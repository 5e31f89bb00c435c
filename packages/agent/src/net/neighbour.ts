/** Neighbours. Every function throws `SystemError` when the kernel says no, `AddressError` for a bad text. */
import { unlessCode } from "../sys/unless-code.ts";
import {
  decodeNeighbour,
  encodeAllNeighbours,
  encodeNeighbour,
  encodeNeighbourRef,
  encodeProxy,
  type Neighbour,
  NeighbourMessage,
  type NeighbourSpec,
  type ProxySpec,
} from "./neighbour-message.ts";
import { Flag } from "./netlink/message.ts";
import type { Rtnetlink } from "./netlink/socket.ts";

/** Sets a permanent neighbour, whatever was known of the address on this link. */
export function ensureNeighbour(net: Rtnetlink, spec: NeighbourSpec): void {
  const what = `set neighbour ${spec.address} on link ${spec.link}`;
  net.request(what, NeighbourMessage.new, Flag.create | Flag.replace, encodeNeighbour(spec));
}

/** Says whether it was there. */
export function ensureNoNeighbour(net: Rtnetlink, ref: ProxySpec): boolean {
  const what = `delete neighbour ${ref.address} from link ${ref.link}`;
  const remove = (): true => (net.request(what, NeighbourMessage.delete, 0, encodeNeighbourRef(ref)), true);
  return unlessCode("ENOENT", remove) ?? false;
}

/** Answers for the address on this link (IPv6: with the sysctl `proxy_ndp`). */
export function ensureProxy(net: Rtnetlink, spec: ProxySpec): void {
  const what = `answer for ${spec.address} on link ${spec.link}`;
  net.request(what, NeighbourMessage.new, Flag.create | Flag.replace, encodeProxy(spec));
}

export function listNeighbours(net: Rtnetlink): Neighbour[] {
  return rows(net, false);
}

export function listProxies(net: Rtnetlink): Neighbour[] {
  return rows(net, true);
}

function rows(net: Rtnetlink, proxies: boolean): Neighbour[] {
  const bodies = net.dump("list neighbours", NeighbourMessage.get, encodeAllNeighbours(proxies));
  return bodies.map(decodeNeighbour).filter((row) => row !== undefined);
}
