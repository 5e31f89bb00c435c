/** What a pod's interface consists of on both sides, planned before anything is made. Pure. */
import { createHash } from "node:crypto";
import { type Attachment, attachmentKey, type AttachmentKey, type Owner } from "../ipam/index.ts";
import type { PodAttachment } from "./pod-network.ts";

/** One family of the pod. */
export interface PodAddress {
  readonly family: 4 | 6;
  /** `10.11.1.2` */
  readonly address: string;
  /** `10.11.1.2/32`: the pod has no neighbours, everything goes through the node. */
  readonly prefix: string;
  /** The same for all pods, and of no node: a permanent neighbour, so nobody is asked who has it. */
  readonly gateway: string;
  readonly defaultRoute: string;
}

export interface PodLinks {
  /** The node's side. */
  readonly host: { readonly name: string; readonly mac: string; readonly alias: string };
  readonly pod: { readonly name: string; readonly mac: string };
  readonly mtu: number;
  readonly addresses: readonly PodAddress[];
}

const GATEWAYS = { 4: "169.254.1.1", 6: "fe80::1" } as const;
const MAX_ALIAS = 255;

export function planLinks({ owner, addresses }: Pick<Attachment, "owner" | "addresses">, mtu: number): PodLinks {
  const key = attachmentKey(owner);
  return {
    host: { name: hostLinkName(key), mac: macOf(`${key}/host`), alias: aliasOf(owner) },
    pod: { name: owner.ifname, mac: macOf(`${key}/pod`) },
    mtu,
    addresses: addresses.map((address): PodAddress => {
      const family = address.includes(":") ? 6 : 4;
      const [prefix, defaultRoute] = family === 4 ? [`${address}/32`, "0.0.0.0/0"] : [`${address}/128`, "::/0"];
      return { family, address, prefix, gateway: GATEWAYS[family], defaultRoute };
    }),
  };
}

/** 15 bytes, from a hash: container ids may begin alike. */
/** What was given to a pod, with the links that follow from it. */
export function podAttachment(attachment: Attachment): PodAttachment {
  const key = attachmentKey(attachment.owner);
  return { ...attachment, hostLink: hostLinkName(key), podMac: macOf(`${key}/pod`) };
}

export function hostLinkName(key: AttachmentKey): string {
  return `cr${digest(key).toString("hex").slice(0, 13)}`;
}

/**
 * Unicast, locally administered. Given when the link is made: a name that the kernel chose may be changed by udev a
 * moment later, and the neighbours of the other side would be wrong.
 */
function macOf(text: string): string {
  const bytes = digest(text).subarray(0, 6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** What `ip link` shows of it. */
function aliasOf({ containerId, ifname, pod }: Owner): string {
  const whose = pod === undefined ? containerId : `${pod.namespace}/${pod.name}`;
  return `carrick ${whose} ${ifname}`.slice(0, MAX_ALIAS);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
