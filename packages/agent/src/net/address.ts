/** Addresses of links. Every function throws `SystemError` when the kernel says no, `AddressError` for a bad text. */
import {
  type Address,
  AddressMessage,
  type AddressSpec,
  decodeAddress,
  encodeAddress,
  encodeAddressesOf,
} from "./address-message.ts";
import { unlessCode } from "../sys/unless-code.ts";
import { linkIndex } from "./link.ts";
import type { LinkRef } from "./link-message.ts";
import { Flag } from "./netlink/message.ts";
import type { Rtnetlink } from "./netlink/socket.ts";

/** `EEXIST` when the link has it. */
export function addAddress(net: Rtnetlink, link: LinkRef, spec: AddressSpec): void {
  const body = encodeAddress(linkIndex(net, link), spec);
  net.request(`add address ${spec.address} to link ${link}`, AddressMessage.new, Flag.create | Flag.exclusive, body);
}

/** Says whether it was added. */
export function ensureAddress(net: Rtnetlink, link: LinkRef, spec: AddressSpec): boolean {
  return unlessCode("EEXIST", () => (addAddress(net, link, spec), true)) ?? false;
}

/** `EADDRNOTAVAIL` when the link does not have it. */
export function deleteAddress(net: Rtnetlink, link: LinkRef, address: string): void {
  const body = encodeAddress(linkIndex(net, link), { address });
  net.request(`delete address ${address} from link ${link}`, AddressMessage.delete, 0, body);
}

/** Of one link, or of all. */
export function listAddresses(net: Rtnetlink, link?: LinkRef): Address[] {
  const index = link === undefined ? 0 : linkIndex(net, link);
  return net.dump("list addresses", AddressMessage.get, encodeAddressesOf(index)).map(decodeAddress);
}
