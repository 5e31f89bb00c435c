/** Links: made, found, changed, deleted. Every function throws `SystemError` when the kernel says no. */
import { constants } from "node:os";
import { SystemError } from "../sys/system-error.ts";
import { unlessCode } from "../sys/unless-code.ts";
import {
  decodeLink,
  encodeAllLinks,
  encodeLinkChange,
  encodeLinkGroup,
  encodeLinkRef,
  encodeVeth,
  type Link,
  type LinkChange,
  LinkMessage,
  type LinkRef,
  type LinkSpec,
} from "./link-message.ts";
import { Flag } from "./netlink/message.ts";
import type { Rtnetlink } from "./netlink/socket.ts";

/** Makes a pair; `EEXIST` when one of the names is taken. Both ends are down. */
export function createVeth(net: Rtnetlink, link: LinkSpec, peer: LinkSpec): void {
  const what = `create veth ${link.name} with peer ${peer.name}`;
  net.request(what, LinkMessage.new, Flag.create | Flag.exclusive, encodeVeth(link, peer));
}

export function listLinks(net: Rtnetlink): Link[] {
  return net.dump("list links", LinkMessage.get, encodeAllLinks()).map(decodeLink);
}

/** `ENODEV` when it does not exist. */
export function getLink(net: Rtnetlink, ref: LinkRef): Link {
  const [row] = net.request(`find link ${ref}`, LinkMessage.get, 0, encodeLinkRef(ref));
  if (row === undefined) throw new SystemError(`find link ${ref}`, constants.errno.ENODEV);
  return decodeLink(row);
}

export function findLink(net: Rtnetlink, ref: LinkRef): Link | undefined {
  return unlessCode("ENODEV", () => getLink(net, ref));
}

export function linkIndex(net: Rtnetlink, ref: LinkRef): number {
  return typeof ref === "number" ? ref : getLink(net, ref).index;
}

export function changeLink(net: Rtnetlink, ref: LinkRef, change: LinkChange): void {
  const what = `change link ${ref} (${Object.keys(change).join(", ")})`;
  net.request(what, LinkMessage.set, 0, encodeLinkChange(linkIndex(net, ref), change));
}

export function setLinkUp(net: Rtnetlink, ref: LinkRef): void {
  changeLink(net, ref, { up: true });
}

/** A veth takes its peer with it. `ENODEV` when it does not exist. */
export function deleteLink(net: Rtnetlink, ref: LinkRef): void {
  net.request(`delete link ${ref}`, LinkMessage.delete, 0, encodeLinkRef(ref));
}

/**
 * Deletes all links of a group. The kernel waits once for its readers, which takes it about 20 ms for one link as for a
 * hundred. `ENODEV` when there is none, `EPERM` for group 0.
 */
export function deleteLinkGroup(net: Rtnetlink, group: number): void {
  net.request(`delete links of group ${group}`, LinkMessage.delete, 0, encodeLinkGroup(group));
}

/** Says whether it was there. */
export function ensureNoLink(net: Rtnetlink, ref: LinkRef): boolean {
  return unlessCode("ENODEV", () => (deleteLink(net, ref), true)) ?? false;
}
