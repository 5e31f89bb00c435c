/** What the rest of the agent does for a pod: programs on its link, its address told upwards. */
import type { Attachment } from "../ipam/index.ts";

export interface PodAttachment extends Attachment {
  /** The name of the node's side of the pod's link. */
  readonly hostLink: string;
  /** Of the pod's side. */
  readonly podMac: string;
}

export interface PodNetwork {
  /** Why no pod can be added now, in a sentence; nothing when one can. Told to a runtime that asks for STATUS. */
  unready(): string | undefined;
  /**
   * The links, addresses and routes are made; the runtime is told when this resolves. When it rejects, or `signal`
   * aborts (the runtime is gone, or too much time has passed), everything is taken back: it must reject soon after, and
   * not before its own work has stopped. After a restart it is not called for the pods that are there, which
   * `Ipam.attachments` lists.
   */
  podAdded(pod: PodAttachment, signal: AbortSignal): Promise<void>;
  /**
   * The link is gone; the addresses are given to others when this resolves. When it rejects they stay taken, and the
   * runtime tries again. Also called for a pod of which `podAdded` failed or was never called, and more than once.
   */
  podRemoved(pod: PodAttachment): Promise<void>;
}
