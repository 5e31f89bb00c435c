/** Who holds an address: what a file of the store says. */
import { z } from "zod";

const text = (most: number) => z.string().min(1).max(most);

const owner = z.object({
  /** The name of the CNI network. */
  network: text(255),
  containerId: text(255),
  /** The interface's name in the pod. */
  ifname: text(15),
  /** The path of the pod's network namespace. */
  netns: text(4096),
  /** Absent when the runtime is not Kubernetes'. */
  pod: z.object({ namespace: text(63), name: text(253), uid: text(128).optional() }).optional(),
});

const lease = z.object({ owner, answered: z.boolean() });

export type Owner = z.infer<typeof owner>;
export type Pod = NonNullable<Owner["pod"]>;

export interface Lease {
  readonly owner: Owner;
  /** The runtime has been told that the interface is there. */
  readonly answered: boolean;
}

/** Of what makes an attachment one: container and interface (CNI specification 1.1.0, section 3). */
export type AttachmentKey = `${string}/${string}`;

/** Neither part can hold a slash. */
export function attachmentKey({ containerId, ifname }: Pick<Owner, "containerId" | "ifname">): AttachmentKey {
  return `${containerId}/${ifname}`;
}

export function encodeLease(value: Lease): string {
  return `${JSON.stringify(value)}\n`;
}

/** Nothing when the text is not one that `encodeLease` made. */
export function decodeLease(content: string): Lease | undefined {
  try {
    return lease.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}
