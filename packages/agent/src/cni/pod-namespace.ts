/** The network namespace of a pod, which the runtime has made. */
import { type Namespace, NamespaceError, openNamespace } from "../net/index.ts";
import { CniCode, CniError } from "./cni-error.ts";
import type { Node } from "./node.ts";

/** Opened once: whatever the path leads to later, everything happens in this one. Throws `CniError`. */
export function openPodNamespace({ namespace }: Node, netns: string): Namespace {
  let pod: Namespace;
  try {
    pod = openNamespace(netns);
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    throw new CniError(CniCode.invalidEnvironment, `CNI_NETNS: ${error.message}`, { cause: error });
  }
  if (pod.identity !== namespace.identity) return pod;
  pod.close();
  throw new CniError(
    CniCode.invalidEnvironment,
    `CNI_NETNS is ${netns}, which is the node's own: a pod on the node's network needs no interface`,
  );
}
